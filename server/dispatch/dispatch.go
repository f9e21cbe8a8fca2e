// Package dispatch sends what a store's queue holds. Messages to a few people are
// sent as they are accepted, ahead of every broadcast; for the rest one goroutine
// reads audiences, claims batches and further attempts, and feeds a lane for each
// push service. Outcomes are written in the background, shortly after they are
// known.
package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

const (
	// claimedRetries is how many further attempts are claimed at once.
	claimedRetries = 256
	// claimedSmall is how many small batches are claimed at once, and mostSmall from
	// how many under way to one push service no more are claimed.
	claimedSmall = 16
	mostSmall    = 64
	// shortestSleep is the wait where something is due that this node cannot
	// have: another one is about to take it.
	shortestSleep = 5 * time.Millisecond
	// longestSleep bounds the wait for the next due time, so that a clock that
	// was set is noticed.
	longestSleep = 30 * time.Second
	// pauseAfterError is the wait after the store has failed.
	pauseAfterError = time.Second
	// logEvery is how often a refusal is logged at most.
	logEvery = 10 * time.Second
	// shutdownGrace is how long requests under way may take when the
	// dispatcher is told to end.
	shutdownGrace = 10 * time.Second
)

// A Sender sends messages; *[webpush.Client] is one.
type Sender interface {
	Send(context.Context, webpush.Message) webpush.Result
	SendBatch(ctx context.Context, messages []webpush.Message, done func(i int, r webpush.Result))
	SendAhead(ctx context.Context, messages []webpush.Message, done func(i int, r webpush.Result))
}

// A KeySource finds sites and their VAPID keys.
type KeySource interface {
	VAPIDKeys(ctx context.Context, site push.SiteID) ([]push.VAPIDKey, error)
	ListSites(ctx context.Context) ([]push.Site, error)
}

// A Dispatcher sends what the queue holds while [Dispatcher.Run] runs.
type Dispatcher struct {
	queue    push.Queue
	keys     keyRing
	sender   Sender
	log      *slog.Logger
	observer Observer
	now      func() time.Time
	wake     chan struct{}
	handed   chan job
	lanes    map[string]*lane // by push service
	halts    *halts
	pulse    pulse
	recorder *recorder
	// cancelled are the messages of which nothing more is sent.
	cancelled *cancelled
	// claiming is held while work is claimed, or given up.
	claiming sync.Mutex
	// refused and away keep what fails as a whole from filling the log.
	refused, away rate.Sometimes
	ended         chan struct{}
	// lanesAtWork are the goroutines that send, underWay the requests in bulk that
	// have no outcome.
	lanesAtWork, underWay sync.WaitGroup
}

// New returns a dispatcher that sends with the keys of source.
func New(queue push.Queue, source KeySource, sender Sender, log *slog.Logger) *Dispatcher {
	d := &Dispatcher{
		queue:    queue,
		keys:     keyRing{source: source},
		sender:   sender,
		log:      log,
		now:      time.Now,
		observer: nobody{},
		wake:     make(chan struct{}, 1),
		handed:   make(chan job),
		lanes:    make(map[string]*lane),
		halts:    newHalts(),
		pulse:    pulse{first: make(chan struct{})},
		refused:  rate.Sometimes{First: 1, Interval: logEvery},
		away:     rate.Sometimes{First: 1, Interval: logEvery},
		ended:    make(chan struct{}),

		cancelled: newCancelled(),
	}
	d.recorder = newRecorder(queue, log, d.Wake)
	return d
}

// Wake says that the queue may have new work.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Hand gives the fast lane batches that the queue has leased to this node already.
// It returns at once. What is not sent before the end is claimed again when the
// leases have ended.
func (d *Dispatcher) Hand(batches []push.Batch) {
	epoch := d.pulse.now()
	for _, batch := range batches {
		go func() {
			select {
			case d.handed <- job{batch: &batch, deliveries: batch.Deliveries, epoch: epoch}:
			case <-d.ended:
			}
		}()
	}
}

// Run sends until ctx is done. It returns when the requests under way have
// ended, their outcomes are written and the leases handed back.
func (d *Dispatcher) Run(ctx context.Context) {
	defer close(d.ended)
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(shutdownGrace, func() {
			cancel()
			d.recorder.hurry()
		})
	})
	beating, stopBeating := context.WithCancel(context.WithoutCancel(ctx))
	var recording, heart sync.WaitGroup
	recording.Go(d.recorder.run)
	heart.Go(func() { d.beat(beating) })
	heart.Go(func() { d.sweep(ctx) })

	select {
	case <-d.pulse.first:
		d.lanesAtWork.Go(func() { d.takeHanded(ctx, sending) })
		d.claim(ctx, sending)
	case <-ctx.Done():
	}
	d.lanesAtWork.Wait()
	d.underWay.Wait()
	d.recorder.close()
	recording.Wait()
	stopBeating()
	heart.Wait()
	if err := d.queue.Forfeit(context.WithoutCancel(ctx)); err != nil {
		d.log.Error("what was leased cannot be handed back; it is claimed again later", "error", err)
	}
}

// takeHanded sends what is handed over until ctx is done.
func (d *Dispatcher) takeHanded(ctx, sending context.Context) {
	for {
		select {
		case j := <-d.handed:
			d.lanesAtWork.Go(func() { d.sendAhead(sending, j) })
		case <-ctx.Done():
			return
		}
	}
}

// claim feeds the lanes until ctx is done.
func (d *Dispatcher) claim(ctx, sending context.Context) {
	for ctx.Err() == nil {
		idle, err := d.claimOnce(ctx, sending)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.away.Do(func() { d.log.Error("the queue cannot be read; trying again", "error", err) })
			d.sleep(ctx, pauseAfterError)
		case idle:
			d.sleepUntilDue(ctx)
		}
	}
}

// closed returns for what nothing is claimed now: push services whose lane is full or
// that are halted for a site, and for small batches, which overtake the lane, those
// that have many of them already; and after which time that may change by itself.
func (d *Dispatcher) closed() (lanes, toSmall []push.Lane, wait time.Duration) {
	lanes, wait = d.halts.waiting(d.now())
	toSmall = slices.Clone(lanes)
	for service, l := range d.lanes {
		if l.isFull() {
			lanes = append(lanes, push.Lane{Service: service})
		}
		if l.small.Load() >= mostSmall {
			toSmall = append(toSmall, push.Lane{Service: service})
		}
	}
	return lanes, toSmall, wait
}

func (d *Dispatcher) claimOnce(ctx, sending context.Context) (idle bool, err error) {
	d.claiming.Lock()
	defer d.claiming.Unlock()
	epoch := d.pulse.now()
	// An audience that cannot be read holds up no batch.
	nothingToRead, readErr := d.queue.Expand(ctx)
	small, err := d.claimSmall(ctx, sending, epoch)
	if err != nil {
		return false, err
	}
	closed, _, _ := d.closed()
	retries, err := d.queue.ClaimRetries(ctx, claimedRetries, closed)
	if err != nil {
		return false, err
	}
	byService := make(map[string][]push.Delivery)
	for _, delivery := range retries {
		byService[delivery.Service] = append(byService[delivery.Service], delivery)
	}
	for service, deliveries := range byService {
		d.feed(ctx, sending, service, job{deliveries: deliveries, epoch: epoch})
	}
	closed, _, _ = d.closed()
	batches, err := d.queue.ClaimBatches(ctx, 1, closed)
	if err != nil {
		return false, err
	}
	for _, batch := range batches {
		d.feed(ctx, sending, batch.Service, job{batch: &batch, deliveries: batch.Deliveries, epoch: epoch})
	}
	if small || len(retries) > 0 || len(batches) > 0 {
		if readErr != nil {
			d.away.Do(func() { d.log.Error("an audience cannot be read; trying again", "error", readErr) })
		}
		return false, nil
	}
	return nothingToRead, readErr
}

// claimSmall sends what is due of messages to a few people, however full the lanes
// are.
func (d *Dispatcher) claimSmall(ctx, sending context.Context, epoch int) (some bool, err error) {
	_, closed, _ := d.closed()
	batches, err := d.queue.ClaimSmall(ctx, claimedSmall, closed)
	for _, batch := range batches {
		l := d.lane(ctx, sending, batch.Service)
		l.small.Add(1)
		d.lanesAtWork.Go(func() {
			d.sendAhead(sending, job{batch: &batch, deliveries: batch.Deliveries, epoch: epoch})
			l.small.Add(-1)
			d.Wake()
		})
	}
	return len(batches) > 0, err
}

// feed gives a lane a job. A lane that was not full when the job was claimed has
// room for it.
func (d *Dispatcher) feed(ctx, sending context.Context, service string, j job) {
	select {
	case d.lane(ctx, sending, service).jobs <- j:
	case <-ctx.Done():
	}
}

func (d *Dispatcher) sleepUntilDue(ctx context.Context) {
	closed, toSmall, pause := d.closed()
	at, ok, err := d.queue.NextDue(ctx, closed, toSmall)
	if err != nil {
		pause = pauseAfterError
	} else if ok {
		pause = min(max(at.Sub(d.now()), shortestSleep), pause)
	}
	d.sleep(ctx, pause)
}

// sleep is also ended by Wake.
func (d *Dispatcher) sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.wake:
	case <-timer.C:
	}
}

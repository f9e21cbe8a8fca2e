// Package dispatch sends what a store's queue holds. A fast lane takes messages
// to a few people, so that they never wait behind a broadcast; a feeder reads
// audiences, claims batches and further attempts, and feeds the bulk lane.
// Outcomes are written in the background, shortly after they are known.
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
	// fastInFlight is how many requests the fast lane has under way at once.
	fastInFlight = 32
	// bulkWorkers hand batches to the sender, which bounds what is under way to
	// each push service: a batch of one that is slow holds up one of them.
	bulkWorkers = 4
	// claimedRetries is how many further attempts are claimed at once.
	claimedRetries = 256
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
}

// A KeySource finds a site's VAPID keys.
type KeySource interface {
	VAPIDKeys(ctx context.Context, site push.SiteID) ([]push.VAPIDKey, error)
}

// A Dispatcher sends what the queue holds while [Dispatcher.Run] runs.
type Dispatcher struct {
	queue    push.Queue
	keys     keyRing
	sender   Sender
	log      *slog.Logger
	now      func() time.Time
	wake     chan struct{}
	fast     chan push.Delivery
	bulk     chan []push.Delivery
	recorder *recorder
	// refused keeps a broadcast that fails as a whole from filling the log.
	refused rate.Sometimes
	ended   chan struct{}
}

// New returns a dispatcher that sends with the keys of source.
func New(queue push.Queue, source KeySource, sender Sender, log *slog.Logger) *Dispatcher {
	d := &Dispatcher{
		queue:  queue,
		keys:   keyRing{source: source},
		sender: sender,
		log:    log,
		now:    time.Now,
		wake:   make(chan struct{}, 1),
		fast:   make(chan push.Delivery),
		bulk:   make(chan []push.Delivery),
		ended:  make(chan struct{}),
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

// Hand gives the fast lane batches that the queue has leased to this process
// already. It returns at once. What is not sent before the end is claimed again
// when the queue is recovered.
func (d *Dispatcher) Hand(batches []push.Batch) {
	for _, batch := range batches {
		go func() {
			for _, delivery := range batch.Deliveries {
				if !feed(d.ended, d.fast, delivery) {
					return
				}
			}
		}()
	}
}

// feed hands work to a lane; false when end came first.
func feed[Work any](end <-chan struct{}, lane chan<- Work, work Work) bool {
	select {
	case lane <- work:
		return true
	case <-end:
		return false
	}
}

// Run sends until ctx is done. It returns when the requests under way have
// ended and their outcomes are written. The queue must have been recovered
// before anything was leased.
func (d *Dispatcher) Run(ctx context.Context) {
	defer close(d.ended)
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(shutdownGrace, cancel) })

	var recording, lanes, underWay sync.WaitGroup
	recording.Go(d.recorder.run)
	for range bulkWorkers {
		lanes.Go(func() {
			work(ctx, d.bulk, func(deliveries []push.Delivery) { d.sendBulk(ctx, sending, deliveries, &underWay) })
		})
	}
	for range fastInFlight {
		lanes.Go(func() {
			work(ctx, d.fast, func(delivery push.Delivery) { d.recorder.add(d.attempt(sending, delivery)) })
		})
	}
	d.claim(ctx)
	lanes.Wait()
	underWay.Wait()
	d.recorder.close()
	recording.Wait()
}

// work does what comes down a lane until ctx is done.
func work[Work any](ctx context.Context, lane <-chan Work, do func(Work)) {
	for {
		select {
		case work := <-lane:
			do(work)
		case <-ctx.Done():
			return
		}
	}
}

// sendBulk sends deliveries until ctx is done; those that are left are claimed
// again when the queue is recovered. Requests live as long as sending.
func (d *Dispatcher) sendBulk(ctx, sending context.Context, deliveries []push.Delivery, underWay *sync.WaitGroup) {
	for part := range slices.Chunk(deliveries, webpush.MaxBatch) {
		if d.recorder.wait(ctx) != nil {
			return
		}
		d.attemptBatch(sending, part, underWay)
	}
}

// claim feeds the bulk lane until ctx is done.
func (d *Dispatcher) claim(ctx context.Context) {
	for ctx.Err() == nil {
		idle, err := d.claimOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.log.Error("the queue cannot be read; trying again", "error", err)
			d.sleep(ctx, pauseAfterError)
		case idle:
			d.sleepUntilDue(ctx)
		}
	}
}

func (d *Dispatcher) claimOnce(ctx context.Context) (idle bool, err error) {
	expanded, err := d.queue.Expand(ctx)
	if err != nil {
		return false, err
	}
	retries, err := d.queue.ClaimRetries(ctx, claimedRetries)
	if err != nil {
		return false, err
	}
	if len(retries) > 0 {
		feed(ctx.Done(), d.bulk, retries)
	}
	batches, err := d.queue.ClaimBatches(ctx, 1)
	if err != nil {
		return false, err
	}
	for _, batch := range batches {
		feed(ctx.Done(), d.bulk, batch.Deliveries)
	}
	return expanded && len(retries) == 0 && len(batches) == 0, nil
}

func (d *Dispatcher) sleepUntilDue(ctx context.Context) {
	pause := longestSleep
	at, ok, err := d.queue.NextDue(ctx)
	if err != nil {
		pause = pauseAfterError
	} else if ok {
		pause = min(max(at.Sub(d.now()), 0), longestSleep)
	}
	d.sleep(ctx, pause)
}

func (d *Dispatcher) sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.wake:
	case <-timer.C:
	}
}

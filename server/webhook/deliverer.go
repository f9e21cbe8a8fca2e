// Package webhook tells the back ends of sites what has happened, as Standard Webhooks
// has it (https://www.standardwebhooks.com): signed, and again until the receiver takes
// it. Stores write the events; see [push.Webhooks].
package webhook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushkit/pushkit/server/push"
)

const (
	// mostUnderWay is how many events of one webhook a node has under way at most.
	mostUnderWay = 32
	// pollEvery is how often it is asked what there is to tell: another node, or this
	// one, may have written something.
	pollEvery = time.Second
	// pauseAfterError is the wait after the store has failed.
	pauseAfterError = time.Second
	// recordedAtOnce is how many results are written together at most.
	recordedAtOnce = 256
	// shutdownGrace is how long requests under way may take when the deliverer is told
	// to end, lastAttempts how often a write is tried then.
	shutdownGrace = 10 * time.Second
	lastAttempts  = 3
	// logEvery is how often a store that is away is logged at most.
	logEvery = 10 * time.Second
)

// An Observer is told of attempts.
type Observer interface {
	// WebhookAttempted says what came of an attempt to tell of an event of a type.
	WebhookAttempted(kind string, delivered bool)
}

// A Deliverer sends what the queue holds while [Deliverer.Run] runs.
type Deliverer struct {
	queue    push.WebhookQueue
	sender   *Sender
	log      *slog.Logger
	observer Observer
	now      func() time.Time
	wake     chan struct{}
	results  chan result
	away     rate.Sometimes
	attempts sync.WaitGroup

	mu sync.Mutex
	// underWay counts the events of each webhook that are claimed and not recorded.
	underWay map[push.ID]int
}

// A result is what became of an attempt for a webhook.
type result struct {
	webhook *push.Webhook
	push.WebhookResult
}

// New returns a deliverer; observer may be nil.
func New(queue push.WebhookQueue, sender *Sender, log *slog.Logger, observer Observer) *Deliverer {
	return &Deliverer{
		queue: queue, sender: sender, log: log, observer: observer, now: time.Now,
		wake: make(chan struct{}, 1), results: make(chan result, recordedAtOnce),
		away: rate.Sometimes{First: 1, Interval: logEvery}, underWay: make(map[push.ID]int),
	}
}

// Wake says that there may be something to tell.
func (d *Deliverer) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done. It returns when the requests under way have ended, and
// what became of them is written.
func (d *Deliverer) Run(ctx context.Context) {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(shutdownGrace, cancel) })
	var recording sync.WaitGroup
	recording.Go(func() { d.record(ctx) })
	for ctx.Err() == nil {
		wait, err := d.claim(ctx, sending)
		if err != nil && ctx.Err() == nil {
			d.away.Do(func() { d.log.Error("webhooks' events cannot be read; trying again", "error", err) })
			wait = pauseAfterError
		}
		d.sleep(ctx, wait)
	}
	d.attempts.Wait()
	close(d.results)
	recording.Wait()
	d.sender.Close()
}

// sleep is also ended by Wake.
func (d *Deliverer) sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.wake:
	case <-timer.C:
	}
}

// claim begins to send what is due, of each webhook as much as it has room for, and
// says when there may be more.
func (d *Deliverer) claim(ctx, sending context.Context) (wait time.Duration, err error) {
	next, err := d.queue.NextWebhooks(ctx)
	if err != nil {
		return 0, err
	}
	wait = pollEvery
	for _, n := range next {
		if until := n.At.Sub(d.now()); until > 0 {
			wait = min(wait, until)
			continue
		}
		room := d.room(n)
		if room <= 0 {
			continue // one that ends wakes this
		}
		w, events, err := d.queue.ClaimWebhookEvents(ctx, n.ID, room)
		if err != nil {
			return 0, err
		}
		d.count(n.ID, len(events))
		for _, e := range events {
			d.attempts.Go(func() { d.results <- result{&w, d.sender.Send(sending, &w, e)} })
		}
	}
	return wait, nil
}

// room is how many events of a webhook may be claimed: of one that fails, one at a time.
func (d *Deliverer) room(n push.NextWebhook) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n.Failing {
		return 1 - d.underWay[n.ID]
	}
	return mostUnderWay - d.underWay[n.ID]
}

func (d *Deliverer) count(webhook push.ID, more int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.underWay[webhook] += more; d.underWay[webhook] == 0 {
		delete(d.underWay, webhook)
	}
}

// record writes what became of attempts, those that have come meanwhile together, until
// there are no more.
func (d *Deliverer) record(ctx context.Context) {
	for first := range d.results {
		order := []*push.Webhook{first.webhook}
		byID := map[push.ID][]push.WebhookResult{first.webhook.ID: {first.WebhookResult}}
	collecting:
		for range recordedAtOnce - 1 {
			select {
			case r, ok := <-d.results:
				if !ok {
					break collecting
				}
				if len(byID[r.webhook.ID]) == 0 {
					order = append(order, r.webhook)
				}
				byID[r.webhook.ID] = append(byID[r.webhook.ID], r.WebhookResult)
			default:
				break collecting
			}
		}
		for _, w := range order {
			d.write(ctx, w, byID[w.ID])
			d.count(w.ID, -len(byID[w.ID]))
		}
		d.Wake()
	}
}

// write tries until it succeeds: what was not written would be sent again. At the end a
// store that stays away is given up, and these events are told once more.
func (d *Deliverer) write(ctx context.Context, w *push.Webhook, results []push.WebhookResult) {
	for last := 0; ; {
		disabled, err := d.queue.RecordWebhookEvents(context.WithoutCancel(ctx), w.ID, results)
		if err == nil {
			d.tell(w, results, disabled)
			return
		}
		d.away.Do(func() { d.log.Error("what webhooks were told cannot be written; trying again", "error", err) })
		if ctx.Err() != nil {
			if last++; last >= lastAttempts {
				return
			}
		}
		time.Sleep(pauseAfterError)
	}
}

// tell tells the observer and, where a webhook is disabled, the log.
func (d *Deliverer) tell(w *push.Webhook, results []push.WebhookResult, disabled bool) {
	for _, r := range results {
		if d.observer != nil {
			d.observer.WebhookAttempted(r.Type.String(), r.IsDelivered())
		}
	}
	if disabled {
		last := results[len(results)-1]
		d.log.Error("a webhook is disabled: it answers 410, or has failed for 3 days; pushkit webhooks enable has it called again", "webhook", w.ID, "status", last.Status, "reason", last.Reason)
	}
}

package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

const (
	// recordEvery is how long outcomes are collected before they are written:
	// a crash repeats what it would have written.
	recordEvery = 50 * time.Millisecond
	// recordAtMost is how many outcomes are written at once.
	recordAtMost = 1000
	// recordBacklog is with how many unwritten outcomes nothing more is sent in
	// bulk.
	recordBacklog = 2 * recordAtMost
)

// A recorder collects outcomes and writes them together. Whoever has an outcome
// does not wait for the disk; whoever is about to send more in bulk does, where
// the disk falls behind.
type recorder struct {
	queue   push.Queue
	log     *slog.Logger
	results chan push.DeliveryResult
	// wrote holds a token after a write, for one that waits.
	wrote chan struct{}
	// wake is called when deliveries that are to be tried again were written.
	wake func()
}

func newRecorder(queue push.Queue, log *slog.Logger, wake func()) *recorder {
	return &recorder{
		queue: queue, log: log, wake: wake,
		results: make(chan push.DeliveryResult, 2*recordBacklog), wrote: make(chan struct{}, 1),
	}
}

func (r *recorder) add(result push.DeliveryResult) { r.results <- result }

// wait returns when fewer than recordBacklog outcomes wait for the disk.
func (r *recorder) wait(ctx context.Context) error {
	for len(r.results) >= recordBacklog {
		select {
		case <-r.wrote:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// Another one may wait beside.
	r.hasWritten()
	return ctx.Err()
}

func (r *recorder) hasWritten() {
	select {
	case r.wrote <- struct{}{}:
	default:
	}
}

// close says that nothing more is added; run returns when all is written.
func (r *recorder) close() { close(r.results) }

func (r *recorder) run() {
	for {
		first, ok := <-r.results
		if !ok {
			return
		}
		r.write(r.collect(first))
		r.hasWritten()
	}
}

func (r *recorder) collect(first push.DeliveryResult) []push.DeliveryResult {
	results := []push.DeliveryResult{first}
	timer := time.NewTimer(recordEvery)
	defer timer.Stop()
	for len(results) < recordAtMost {
		select {
		case result, ok := <-r.results:
			if !ok {
				return results
			}
			results = append(results, result)
		case <-timer.C:
			return results
		}
	}
	return results
}

// write tries until it succeeds: outcomes that were not written would be sent
// again. A store that stays away is given up after a while, and the next start
// repeats these deliveries.
func (r *recorder) write(results []push.DeliveryResult) {
	for attempt := range 30 {
		err := r.queue.Record(context.Background(), results)
		if err == nil {
			if slices.ContainsFunc(results, func(r push.DeliveryResult) bool { return r.Outcome == push.DeliveryPending }) {
				r.wake()
			}
			return
		}
		r.log.Error("outcomes cannot be written; trying again", "deliveries", len(results), "attempt", attempt+1, "error", err)
		time.Sleep(pauseAfterError)
	}
}

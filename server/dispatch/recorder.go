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
)

// A recorder collects outcomes and writes them together. Senders do not wait
// for the disk unless a thousand outcomes are ahead of them.
type recorder struct {
	queue   push.Queue
	log     *slog.Logger
	results chan push.DeliveryResult
	// wake is called when deliveries that are to be tried again were written.
	wake func()
}

func newRecorder(queue push.Queue, log *slog.Logger, wake func()) *recorder {
	return &recorder{queue: queue, log: log, results: make(chan push.DeliveryResult, recordAtMost), wake: wake}
}

func (r *recorder) add(result push.DeliveryResult) { r.results <- result }

// close says that nothing more is added; run returns when all is written.
func (r *recorder) close() { close(r.results) }

func (r *recorder) run() {
	for {
		first, ok := <-r.results
		if !ok {
			return
		}
		r.write(r.collect(first))
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

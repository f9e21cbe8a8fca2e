package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/time/rate"

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
	// lastAttempts is how often a write is tried at the end.
	lastAttempts = 10
)

// A recorder collects outcomes and writes them together. Whoever has an outcome
// does not wait for the disk; whoever is about to send more in bulk does, where
// the disk falls behind.
type recorder struct {
	queue   push.Queue
	log     *slog.Logger
	entries chan entry
	// wrote holds a token after a write, for one that waits.
	wrote chan struct{}
	// closing is closed by close, ended when run returns.
	closing, ended chan struct{}
	// away keeps a store that is away from filling the log.
	away rate.Sometimes
	// wake is called when deliveries that are to be tried again were written.
	wake func()
}

// An entry is an outcome, or a call of flush.
type entry struct {
	result  push.DeliveryResult
	written chan struct{}
}

func newRecorder(queue push.Queue, log *slog.Logger, wake func()) *recorder {
	return &recorder{
		queue: queue, log: log, wake: wake,
		entries: make(chan entry, 2*recordBacklog), wrote: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
		away: rate.Sometimes{First: 1, Interval: logEvery},
	}
}

func (r *recorder) add(result push.DeliveryResult) { r.entries <- entry{result: result} }

// flush returns when all that was added before is written; at the latest when
// run returns.
func (r *recorder) flush() {
	written := make(chan struct{})
	select {
	case r.entries <- entry{written: written}:
	case <-r.ended:
		return
	}
	select {
	case <-written:
	case <-r.ended:
	}
}

// wait returns when fewer than recordBacklog outcomes wait for the disk.
func (r *recorder) wait(ctx context.Context) error {
	for len(r.entries) >= recordBacklog {
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

// close says that no outcome is added any more; run returns when all is written.
func (r *recorder) close() { close(r.closing) }

func (r *recorder) isClosing() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}

func (r *recorder) run() {
	defer close(r.ended)
	for {
		first, ok := r.next(nil)
		if !ok {
			return
		}
		results, written := r.collect(first)
		if len(results) > 0 {
			r.write(results)
		}
		if written != nil {
			close(written)
		}
		r.hasWritten()
	}
}

// next returns the next entry; ok is false where there is none before a time, or
// before the end.
func (r *recorder) next(until <-chan time.Time) (e entry, ok bool) {
	select {
	case e := <-r.entries:
		return e, true
	case <-until:
		return entry{}, false
	case <-r.closing:
	}
	// What was added at the same moment is not forgotten.
	select {
	case e := <-r.entries:
		return e, true
	default:
		return entry{}, false
	}
}

// collect gathers what comes within a time. A flush does not wait.
func (r *recorder) collect(first entry) (results []push.DeliveryResult, written chan struct{}) {
	timer := time.NewTimer(recordEvery)
	defer timer.Stop()
	for e, ok := first, true; ok; e, ok = r.next(timer.C) {
		if e.written != nil {
			return results, e.written
		}
		if results = append(results, e.result); len(results) == recordAtMost {
			break
		}
	}
	return results, nil
}

// write tries until it succeeds: outcomes that were not written would be sent
// again. At the end a store that stays away is given up after a while, and these
// deliveries are repeated when their leases have ended.
func (r *recorder) write(results []push.DeliveryResult) {
	for attempt, last := 1, 0; ; attempt++ {
		fenced, err := r.queue.Record(context.Background(), results)
		if err == nil {
			if fenced > 0 {
				r.log.Warn("another node sends by now what this one has sent", "deliveries", fenced)
			}
			if slices.ContainsFunc(results, func(r push.DeliveryResult) bool { return r.Outcome == push.DeliveryPending }) {
				r.wake()
			}
			return
		}
		if r.isClosing() {
			if last++; last > lastAttempts {
				r.log.Error("outcomes are not written; these deliveries are repeated", "deliveries", len(results), "error", err)
				return
			}
		}
		r.away.Do(func() {
			r.log.Error("outcomes cannot be written; trying again", "deliveries", len(results), "attempt", attempt, "error", err)
		})
		time.Sleep(pauseAfterError)
	}
}

package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"sync"
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
	entries chan entry
	// wrote holds a token after a write, for one that waits.
	wrote chan struct{}
	// closing is held by close; closed says that it was called.
	closing sync.RWMutex
	closed  bool
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
	}
}

func (r *recorder) add(result push.DeliveryResult) { r.entries <- entry{result: result} }

// flush returns when all that was added before is written; after close, at once.
func (r *recorder) flush() {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed {
		return
	}
	written := make(chan struct{})
	r.entries <- entry{written: written}
	<-written
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

// close says that nothing more is added; run returns when all is written.
func (r *recorder) close() {
	r.closing.Lock()
	defer r.closing.Unlock()
	r.closed = true
	close(r.entries)
}

func (r *recorder) run() {
	for {
		first, ok := <-r.entries
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

// collect gathers what comes within a time. A flush does not wait.
func (r *recorder) collect(first entry) (results []push.DeliveryResult, written chan struct{}) {
	timer := time.NewTimer(recordEvery)
	defer timer.Stop()
	for e, ok := first, true; ; {
		if e.written != nil {
			return results, e.written
		}
		results = append(results, e.result)
		if len(results) == recordAtMost {
			return results, nil
		}
		select {
		case e, ok = <-r.entries:
			if !ok {
				return results, nil
			}
		case <-timer.C:
			return results, nil
		}
	}
}

// write tries until it succeeds: outcomes that were not written would be sent
// again. A store that stays away is given up after a while, and the next start
// repeats these deliveries.
func (r *recorder) write(results []push.DeliveryResult) {
	for attempt := range 30 {
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
		r.log.Error("outcomes cannot be written; trying again", "deliveries", len(results), "attempt", attempt+1, "error", err)
		time.Sleep(pauseAfterError)
	}
}

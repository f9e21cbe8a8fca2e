package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"sync"
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
// does not wait for the disk: it may be the goroutine that reads a connection.
// Whoever is about to send more in bulk does, where the disk falls behind.
type recorder struct {
	queue push.Queue
	log   *slog.Logger
	// wake is called when deliveries that are to be tried again were written.
	wake func()
	// away keeps a store that is away from filling the log.
	away rate.Sometimes

	mu sync.Mutex
	// results wait to be written, as many as are under way at most.
	results []push.DeliveryResult
	// added and written count them.
	added, written int
	// wrote is closed after the next write, or when run returns.
	wrote chan struct{}
	// some holds a token when there are results, much one when there are as many as
	// are written at once.
	some, much chan struct{}
	// hurrying is closed by hurry, closing by close, ended when run returns.
	hurrying, closing, ended chan struct{}
	hurryOnce                sync.Once
}

func newRecorder(queue push.Queue, log *slog.Logger, wake func()) *recorder {
	return &recorder{
		queue: queue, log: log, wake: wake, away: rate.Sometimes{First: 1, Interval: logEvery},
		wrote: make(chan struct{}), some: make(chan struct{}, 1), much: make(chan struct{}, 1),
		hurrying: make(chan struct{}), closing: make(chan struct{}), ended: make(chan struct{}),
	}
}

func (r *recorder) add(result push.DeliveryResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, result)
	r.added++
	signal(r.some)
	if len(r.results) >= recordAtMost {
		signal(r.much)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// backlog is how many results are not written, how many were, and what is closed
// when that changes.
func (r *recorder) backlog() (waiting, written int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.added - r.written, r.written, r.wrote
}

// flush returns when all that was added before is written; at the latest when
// run returns.
func (r *recorder) flush() {
	waiting, written, changed := r.backlog()
	for target := written + waiting; written < target; _, written, changed = r.backlog() {
		signal(r.much)
		select {
		case <-changed:
		case <-r.ended:
			return
		}
	}
}

// wait returns when fewer than recordBacklog outcomes wait for the disk.
func (r *recorder) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		waiting, _, changed := r.backlog()
		if waiting < recordBacklog {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// hurry says that the end is near: a store that is away is not waited for long.
func (r *recorder) hurry() { r.hurryOnce.Do(func() { close(r.hurrying) }) }

// close says that nothing is added any more; run returns when all is written.
func (r *recorder) close() {
	r.hurry()
	close(r.closing)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// run writes until close was called and nothing is left.
func (r *recorder) run() {
	defer close(r.ended)
	for {
		select {
		case <-r.some:
			r.collect()
		case <-r.closing:
		}
		if results := r.take(); len(results) > 0 {
			r.write(results)
			r.hasWritten(len(results))
		} else if isClosed(r.closing) {
			return
		}
	}
}

// collect waits for more, up to recordAtMost.
func (r *recorder) collect() {
	timer := time.NewTimer(recordEvery)
	defer timer.Stop()
	select {
	case <-r.much:
	case <-timer.C:
	case <-r.closing:
	}
}

func (r *recorder) take() []push.DeliveryResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.results), recordAtMost)
	results := r.results[:n:n]
	if r.results = r.results[n:]; len(r.results) > 0 {
		signal(r.some)
	}
	return results
}

func (r *recorder) hasWritten(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written += n
	close(r.wrote)
	r.wrote = make(chan struct{})
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
		if isClosed(r.hurrying) {
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

package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// awayQueue takes no outcomes until a time.
type awayQueue struct {
	push.Queue
	until   time.Time
	written int
}

func (q *awayQueue) Record(_ context.Context, results []push.DeliveryResult) (int, error) {
	if time.Now().Before(q.until) {
		return 0, errors.New("the database is away")
	}
	q.written += len(results)
	return 0, nil
}

func TestOutcomesWaitForADatabaseThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &awayQueue{until: time.Now().Add(time.Hour)}
		r := newRecorder(q, slog.New(slog.DiscardHandler), func() {})
		go r.run()
		const n = recordBacklog + recordAtMost // and one write is tried meanwhile
		for range n {
			r.add(push.DeliveryResult{})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if r.wait(ctx) == nil {
			t.Error("more is sent in bulk though nothing can be written")
		}
		r.flush()
		if q.written != n {
			t.Errorf("%d of %d outcomes were written", q.written, n)
		}
		r.close()
		r.flush() // at once
	})
}

// At the end a database that stays away must not keep the process for ever, nor
// one who waits for a flush.
func TestTheEndDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(&awayQueue{until: time.Now().Add(time.Hour)}, slog.New(slog.DiscardHandler), func() {})
		ended := make(chan struct{})
		go func() { r.run(); close(ended) }()
		r.add(push.DeliveryResult{})
		go r.flush()
		synctest.Wait()
		began := time.Now()
		r.close()
		<-ended
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

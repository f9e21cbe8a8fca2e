package dispatch_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// flaky is a queue that fails now and then.
type flaky struct {
	push.Queue
	records, claims, expands atomic.Int32
}

var errDisk = errors.New("the disk is full")

func (f *flaky) Record(ctx context.Context, results []push.DeliveryResult) (int, error) {
	if f.records.Add(1) == 1 {
		return 0, errDisk
	}
	return f.Queue.Record(ctx, results)
}

func (f *flaky) ClaimBatches(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	if f.claims.Add(1) == 1 {
		return nil, errDisk
	}
	return f.Queue.ClaimBatches(ctx, limit, except)
}

func (f *flaky) Expand(ctx context.Context) (bool, error) {
	if f.expands.Add(1) == 1 {
		return false, errDisk
	}
	return f.Queue.Expand(ctx)
}

func TestAStoreThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.subscribe(t, "/a")
	d := s.dispatch(t, &flaky{Queue: s.Store})
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
	if got := s.awaitSent(t, id); got.Accepted != 1 {
		t.Errorf("got %+v", got)
	}
	if n := len(s.seen("/a")); n != 1 {
		t.Errorf("%d requests: what could not be recorded was sent again", n)
	}
}

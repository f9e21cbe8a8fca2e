package dispatch_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (s *server) cancel(t *testing.T, id push.ID) push.MessageStatus {
	t.Helper()
	status, err := s.CancelMessage(t.Context(), s.site.ID, id)
	if err != nil || status.State != wire.MessageCancelled {
		t.Fatalf("got %+v, %v", status, err)
	}
	return status
}

func nothingIsPending(status push.MessageStatus) bool { return status.Counts.Pending == 0 }

// A naming queue tells when it has named a cancelled message a second time: then
// the dispatcher has heard the first.
type naming struct {
	push.Queue
	times int
	named chan struct{}
}

func (q *naming) Cancelled(ctx context.Context) ([]push.ID, error) {
	ids, err := q.Queue.Cancelled(ctx)
	if len(ids) > 0 {
		if q.times++; q.times == 2 {
			close(q.named)
		}
	}
	return ids, err
}

// Whoever cancels tells this node, or another one, or a command, has done it.
func TestACancelStopsWhatIsNotUnderWay(t *testing.T) {
	t.Parallel()
	for how, isTold := range map[string]bool{"here": true, "elsewhere": false} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			release := make(chan struct{})
			unblock := sync.OnceFunc(func() { close(release) })
			t.Cleanup(unblock)
			s.answer(func(http.ResponseWriter, *http.Request) { <-release })
			const n = 900 // one batch
			s.subscribeMany(t, n)
			queue := &naming{Queue: s.Store, named: make(chan struct{})}
			d := s.dispatch(t, queue)
			id := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
			<-s.arrived
			s.cancel(t, id)
			if isTold {
				d.Cancel(id)
			} else {
				<-queue.named
			}
			unblock()
			got := s.await(t, id, "the end", nothingIsPending)
			sent := 0
			for i := range n {
				sent += len(s.seen(fmt.Sprint("/", i)))
			}
			if c := got.Counts; got.State != wire.MessageCancelled || int(c.Accepted) != sent || c.Cancelled != n-c.Accepted || sent > n/2 {
				t.Errorf("%d were sent, and %+v is on record", sent, got)
			}
		})
	}
}

func TestACancelEndsRetries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), to(s.subscribe(t, "/a"), ""))
	<-s.arrived
	s.await(t, id, "a further attempt", func(push.MessageStatus) bool {
		at, ok, err := s.NextDue(t.Context(), nil, nil)
		return err == nil && ok && at.After(time.Now())
	})
	if got := s.cancel(t, id).Counts; got != (push.Counts{Targeted: 1, Cancelled: 1}) {
		t.Errorf("got %+v", got)
	}
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("it is tried again, %v", err)
	}
}

// A halted push service's messages wait at this node and in the queue.
func TestACancelEndsWhatAHaltedPushServiceHolds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s.subscribeMany(t, 900)
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
	failed := s.await(t, id, "a halt", s.isHandedBack(t)).Counts.Failed
	if got := s.cancel(t, id).Counts; got.Failed != failed || got.Cancelled != 900-failed {
		t.Errorf("got %+v", got)
	}
}

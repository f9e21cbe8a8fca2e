package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// A pushService counts what it gets by path.
type pushService struct {
	*httptest.Server
	mu     sync.Mutex
	counts map[string]int
	total  atomic.Int32
}

func newPushService(t *testing.T, answer http.HandlerFunc) *pushService {
	p := &pushService{counts: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.counts[r.URL.Path]++
		p.mu.Unlock()
		p.total.Add(1)
		if answer != nil {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(p.Close)
	return p
}

// repeated is how often the paths /0 to /n-1 were sent to once more; each must
// have been sent to.
func (p *pushService) repeated(t *testing.T, n int) (repeated int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range n {
		count := p.counts[fmt.Sprint("/", i)]
		if count == 0 {
			t.Errorf("/%d was lost", i)
		}
		repeated += max(count-1, 0)
	}
	return repeated
}

// A node's queue counts what it was given, and can die.
type nodeQueue struct {
	push.Queue
	claimed atomic.Int32
	dead    atomic.Bool
}

var errDead = errors.New("this node is dead")

func (q *nodeQueue) ClaimBatches(ctx context.Context, limit int, except []string) ([]push.Batch, error) {
	if q.dead.Load() {
		return nil, errDead
	}
	batches, err := q.Queue.ClaimBatches(ctx, limit, except)
	q.claimed.Add(int32(len(batches)))
	return batches, err
}

func (q *nodeQueue) ClaimRetries(ctx context.Context, limit int, except []string) ([]push.Delivery, error) {
	if q.dead.Load() {
		return nil, errDead
	}
	return q.Queue.ClaimRetries(ctx, limit, except)
}

func (q *nodeQueue) Beat(ctx context.Context) (bool, error) {
	if q.dead.Load() {
		return false, errDead
	}
	return q.Queue.Beat(ctx)
}

func (q *nodeQueue) Expand(ctx context.Context) (bool, error) {
	if q.dead.Load() {
		return false, errDead
	}
	return q.Queue.Expand(ctx)
}

// Record and Forfeit of a dead node write nothing, and let it end.
func (q *nodeQueue) Record(ctx context.Context, results []push.DeliveryResult) (int, error) {
	if q.dead.Load() {
		return 0, nil
	}
	return q.Queue.Record(ctx, results)
}

func (q *nodeQueue) Forfeit(ctx context.Context) error {
	if q.dead.Load() {
		return nil
	}
	return q.Queue.Forfeit(ctx)
}

// dispatch runs a dispatcher on each node until the test ends.
func (c *cluster) dispatch(t *testing.T) (queues [2]*nodeQueue, stop [2]func()) {
	t.Helper()
	for i, node := range c.nodes {
		queues[i] = &nodeQueue{Queue: node}
		d := dispatch.New(queues[i], node, webpush.NewClient(webpush.Options{Services: c.services}), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { d.Run(ctx) })
		running.Go(func() { node.Watch(ctx, d.Wake) })
		stop[i] = sync.OnceFunc(func() { cancel(); running.Wait() })
		t.Cleanup(stop[i])
	}
	return queues, stop
}

func TestTwoNodesSendABroadcastOnce(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(5 * time.Millisecond) // so that one node alone would be busy for a while
		w.WriteHeader(http.StatusCreated)
	})
	c := newCluster(t, service.URL)
	const people = 6500
	c.subscribe(t, service.URL, people)
	queues, _ := c.dispatch(t)
	// Nobody is woken: it is found by polling.
	id, _ := c.create(t, c.nodes[0], `{"audience": {"all": true}}`, push.CreateOptions{})
	if got := c.awaitSent(t, id, time.Minute); got != (push.Counts{Targeted: people, Accepted: people}) {
		t.Errorf("got %+v", got)
	}
	if n := service.repeated(t, people); n > 0 {
		t.Errorf("%d were sent twice", n)
	}
	for i := range queues {
		if queues[i].claimed.Load() == 0 {
			t.Errorf("node %d had nothing to do", i)
		}
	}
}

// A node that dies with leases held: another one goes on within their time.
func TestADeadNodesWorkGoesOn(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		w.WriteHeader(http.StatusCreated)
	})
	c := newCluster(t, service.URL)
	const people = 5000
	c.subscribe(t, service.URL, people)
	queues, stop := c.dispatch(t)
	id, _ := c.create(t, c.nodes[0], `{"audience": {"all": true}}`, push.CreateOptions{})
	for deadline := time.Now().Add(30 * time.Second); service.total.Load() < people/4 || queues[0].claimed.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is sent")
		}
	}
	queues[0].dead.Store(true)
	died := time.Now()
	go stop[0]()
	if got := c.awaitSent(t, id, 40*time.Second); got != (push.Counts{Targeted: people, Accepted: people}) {
		t.Errorf("got %+v", got)
	}
	if took := time.Since(died); took > push.LeaseTime+push.BeatEvery+5*time.Second {
		t.Errorf("its work was finished only after %v", took)
	}
	// What it had sent and not told: a few hundred at the most.
	if n := service.repeated(t, people); n > 1500 {
		t.Errorf("%d of %d were sent twice", n, people)
	}
}

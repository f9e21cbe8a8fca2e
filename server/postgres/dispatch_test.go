package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
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

// A node's queue knows what it was given and when, and can die.
type nodeQueue struct {
	push.Queue
	mu      sync.Mutex
	claimed map[uint32]time.Time // by the batch's number
	dead    atomic.Bool
}

func (q *nodeQueue) claims() map[uint32]time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.claimed)
}

var errDead = errors.New("this node is dead")

func (q *nodeQueue) ClaimBatches(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	if q.dead.Load() {
		return nil, errDead
	}
	batches, err := q.Queue.ClaimBatches(ctx, limit, except)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, batch := range batches {
		q.claimed[batch.No] = time.Now()
	}
	return batches, err
}

func (q *nodeQueue) ClaimRetries(ctx context.Context, limit int, except []push.Lane) ([]push.Delivery, error) {
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
		queues[i] = &nodeQueue{Queue: node, claimed: map[uint32]time.Time{}}
		d := dispatch.New(queues[i], node, webpush.NewClient(webpush.Options{Services: c.services, MaxInFlight: inFlight}), slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { d.Run(ctx) })
		running.Go(func() { node.Watch(ctx, d.Wake) })
		stop[i] = sync.OnceFunc(func() { cancel(); running.Wait() })
		t.Cleanup(stop[i])
	}
	return queues, stop
}

// people are sent to in 60 batches, since the broadcast is spread: more than one node
// takes ahead. inFlight is how many requests it has under way, less than a batch.
const (
	people   = 600
	inFlight = 2
)

// broadcast sends to people by both nodes: the push service answers, after a
// time, when both have work.
func broadcast(t *testing.T, answerAfter time.Duration) (c *cluster, service *pushService, queues [2]*nodeQueue, stop [2]func(), id push.ID) {
	t.Helper()
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	service = newPushService(t, func(w http.ResponseWriter, _ *http.Request) {
		<-gate
		time.Sleep(answerAfter)
		w.WriteHeader(http.StatusCreated)
	})
	t.Cleanup(open)
	c = newCluster(t, service.URL)
	c.subscribe(t, service.URL, people)
	queues, stop = c.dispatch(t)
	// Nobody is woken: it is found by polling.
	id, _ = c.create(t, c.nodes[0], `{"audience": {"all": true}, "spread": 1}`, push.CreateOptions{})
	for deadline := time.Now().Add(20 * time.Second); len(queues[0].claims()) == 0 || len(queues[1].claims()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the nodes have %v and %v", queues[0].claims(), queues[1].claims())
		}
	}
	open()
	return c, service, queues, stop, id
}

func TestTwoNodesSendABroadcastOnce(t *testing.T) {
	t.Parallel()
	c, service, _, _, id := broadcast(t, 0)
	if got := c.awaitSent(t, id, time.Minute); got != (push.Counts{Targeted: people, Accepted: people}) {
		t.Errorf("got %+v", got)
	}
	if n := service.repeated(t, people); n > 0 {
		t.Errorf("%d were sent twice", n)
	}
}

// A node that dies with leases held: another one goes on within their time.
func TestADeadNodesWorkGoesOn(t *testing.T) {
	t.Parallel()
	c, service, queues, stop, id := broadcast(t, 20*time.Millisecond)
	for service.total.Load() < people/8 {
		time.Sleep(time.Millisecond)
	}
	queues[0].dead.Store(true)
	died := time.Now()
	go stop[0]()
	if got := c.awaitSent(t, id, time.Minute); got != (push.Counts{Targeted: people, Accepted: people}) {
		t.Errorf("got %+v", got)
	}
	first := time.Hour
	taken := queues[1].claims()
	for no := range queues[0].claims() {
		if at, ok := taken[no]; ok {
			first = min(first, at.Sub(died))
		}
	}
	// Within 15 s, and what a busy machine takes beside.
	if first > 30*time.Second {
		t.Errorf("its work went on after %v", first)
	}
	// What it had sent and not told.
	if n := service.repeated(t, people); n > people/3 {
		t.Errorf("%d of %d were sent twice", n, people)
	}
}

// Each of two nodes stops what it has, whoever cancels.
func TestACancelStopsBothNodes(t *testing.T) {
	t.Parallel()
	// Slow enough for the nodes to hear of it, with their next beat, in the middle.
	c, service, queues, _, id := broadcast(t, 2*time.Second)
	for service.total.Load() < 2*inFlight {
		time.Sleep(time.Millisecond)
	}
	if status, err := c.nodes[0].CancelMessage(t.Context(), c.site.ID, id); err != nil || status.State != wire.MessageCancelled {
		t.Fatalf("got %+v, %v", status, err)
	}
	for deadline := time.Now().Add(20 * time.Second); c.status(t, id).Counts.Pending > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not stopped: %+v", c.status(t, id))
		}
	}
	got := c.status(t, id)
	if n := got.Counts; got.State != wire.MessageCancelled || n.Accepted != int64(service.total.Load()) || n.Cancelled != n.Targeted-n.Accepted || n.Cancelled == 0 {
		t.Errorf("%d were sent, and %+v is on record", service.total.Load(), got)
	}
	const batch = people / 60
	if had := batch * (len(queues[0].claims()) + len(queues[1].claims())); int(service.total.Load()) > had*3/4 {
		t.Errorf("%d of %d that the nodes had were sent", service.total.Load(), had)
	}
}

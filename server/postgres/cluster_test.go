package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A cluster is two nodes on one database, by the database's clock.
type cluster struct {
	url      string
	nodes    [2]*postgres.Store
	site     push.Site
	services *webpush.Services
}

func newCluster(t *testing.T, services ...string) *cluster {
	t.Helper()
	c := &cluster{url: postgrestest.Database(t), services: pushtest.Services(t, services...)}
	for i := range c.nodes {
		c.nodes[i] = openNode(t, c.url, postgres.Options{})
	}
	var err error
	if c.site, err = c.nodes[0].Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	return c
}

// everywhere runs a function n times on each node, all at once.
func (c *cluster) everywhere(t *testing.T, n int, run func(node *postgres.Store, i int) error) {
	t.Helper()
	var group errgroup.Group
	for _, node := range c.nodes {
		for i := range n {
			group.Go(func() error { return run(node, i) })
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) put(t *testing.T, node *postgres.Store, endpoint, members string) (push.Subscription, bool, error) {
	t.Helper()
	return node.PutSubscription(t.Context(), c.site.ID, pushtest.Subscribe(t, c.services, endpoint, members))
}

// subscribe adds n at the paths /0, /1 and so on of a push service.
func (c *cluster) subscribe(t *testing.T, url string, n int) {
	t.Helper()
	items := make([]*push.Import, n)
	for i := range items {
		items[i] = &push.Import{Subscribe: *pushtest.Subscribe(t, c.services, fmt.Sprint(url, "/", i), "")}
	}
	if _, err := c.nodes[0].ImportSubscriptions(t.Context(), c.site.ID, items); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) create(t *testing.T, node *postgres.Store, body string, o push.CreateOptions) (push.ID, []push.Batch) {
	t.Helper()
	status, batches, err := node.CreateMessage(t.Context(), c.site.ID, pushtest.Message(t, time.Now(), body), o)
	if err != nil {
		t.Fatal(err)
	}
	return status.ID, batches
}

// status reads a message and checks what always holds.
func (c *cluster) status(t *testing.T, id push.ID) push.MessageStatus {
	t.Helper()
	status, err := c.nodes[0].MessageStatus(t.Context(), c.site.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	if n := status.Counts; n.Targeted != n.Accepted+n.Gone+n.Failed+n.Expired+n.Cancelled+n.Pending {
		t.Fatalf("the counts do not add up: %+v", n)
	}
	return status
}

func (c *cluster) awaitSent(t *testing.T, id push.ID, within time.Duration) push.Counts {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		status := c.status(t, id)
		if status.State == wire.MessageSent {
			return status.Counts
		}
		if time.Now().After(deadline) {
			t.Fatalf("not sent within %v: %+v", within, status)
		}
	}
}

func results(deliveries []push.Delivery, outcome push.Outcome) []push.DeliveryResult {
	var results []push.DeliveryResult
	for _, d := range deliveries {
		results = append(results, push.DeliveryResult{Delivery: d, Outcome: outcome, RetryAt: time.Now()})
	}
	return results
}

package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// When a cuttingProxy cuts.
const (
	notNow       int32 = iota
	beforeCommit       // the server does not hear of it
	beforeAnswer       // the server has committed
)

// cuttingProxy passes connections on to the server of a URL, by which it is
// reached. Once armed it cuts the next connection that commits.
func cuttingProxy(t *testing.T, server string) (through string, armed *atomic.Int32) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	network, address := "tcp", u.Host
	if folder := query.Get("host"); folder != "" {
		network, address = "unix", folder+"/.s.PGSQL."+query.Get("port")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	armed = new(atomic.Int32)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial(network, address)
			if err != nil {
				client.Close()
				continue
			}
			var cut atomic.Bool
			go pass(database, client, func(asked []byte) bool {
				if !bytes.Contains(asked, []byte("commit")) {
					return true
				}
				if armed.CompareAndSwap(beforeCommit, notNow) {
					return false
				}
				if armed.CompareAndSwap(beforeAnswer, notNow) {
					cut.Store(true)
				}
				return true
			})
			go pass(client, database, func([]byte) bool { return !cut.Load() })
		}
	}()
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = listener.Addr().String(), query.Encode()
	return u.String(), armed
}

// pass copies what may pass, and then hangs up.
func pass(to, from net.Conn, may func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || !may(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// A commit whose answer is lost may have leased what nobody knows of. It is
// given up with the next beat, though the node lives, or before it leases more.
func TestALeaseWhoseCommitWasNotAnsweredIsGivenUp(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	sub, _, err := c.put(t, c.nodes[0], google+"/a", "")
	if err != nil {
		t.Fatal(err)
	}
	through, armed := cuttingProxy(t, c.url)
	node := openNode(t, through, postgres.Options{})
	m := pushtest.Message(t, time.Now(), `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}}`)
	claim := func() []push.Batch {
		t.Helper()
		batches, err := node.ClaimBatches(t.Context(), 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		return batches
	}
	beat := func() {
		t.Helper()
		if freed, err := node.Beat(t.Context()); err != nil || !freed {
			t.Errorf("freed %v, %v", freed, err)
		}
	}

	armed.Store(beforeAnswer)
	if _, _, err := node.CreateMessage(t.Context(), c.site.ID, m, push.CreateOptions{Lease: true}); push.CodeOf(err) != wire.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
	if status := c.status(t, m.ID); status.Counts.Pending != 1 {
		t.Fatalf("the test is of no use: the commit did not arrive: %+v", status)
	}
	if batches, err := c.nodes[0].ClaimBatches(t.Context(), 10, nil); err != nil || len(batches) > 0 {
		t.Errorf("it was not leased: %v", err)
	}
	beat()

	armed.Store(beforeAnswer)
	if _, err := node.ClaimBatches(t.Context(), 10, nil); push.CodeOf(err) != wire.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
	beat()
	batches := claim()
	if len(batches) != 1 {
		t.Fatalf("%d batches, want 1", len(batches))
	}
	if _, err := node.Record(t.Context(), results(batches[0].Deliveries, push.DeliveryPending)); err != nil {
		t.Fatal(err)
	}
	armed.Store(beforeAnswer)
	if _, err := node.ClaimRetries(t.Context(), 10, nil); push.CodeOf(err) != wire.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
	beat()
	if retries, err := node.ClaimRetries(t.Context(), 10, nil); err != nil || len(retries) != 1 {
		t.Errorf("%d retries, %v; want 1", len(retries), err)
	}
}

// A lease whose commit has failed is not given up in place of the next one, which
// has the same fence.
func TestALeaseThatWasNotCommittedCostsNobodyTheirs(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	sub, _, err := c.put(t, c.nodes[0], google+"/a", "")
	if err != nil {
		t.Fatal(err)
	}
	through, armed := cuttingProxy(t, c.url)
	node := openNode(t, through, postgres.Options{})
	for name, next := range map[string]push.Store{"another node": c.nodes[0], "the same node": node} {
		m := pushtest.Message(t, time.Now(), `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}}`)
		if _, _, err := c.nodes[0].CreateMessage(t.Context(), c.site.ID, m, push.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		armed.Store(beforeCommit)
		if _, err := node.ClaimBatches(t.Context(), 10, nil); push.CodeOf(err) != wire.Unavailable {
			t.Fatalf("%s: got %v, want unavailable", name, err)
		}
		batches := awaitOne(t, func() ([]push.Batch, error) { return next.ClaimBatches(t.Context(), 10, nil) })
		if freed, err := node.Beat(t.Context()); err != nil || freed {
			t.Errorf("%s: the beat has freed a batch that is being sent: %v", name, err)
		}
		if fenced, err := next.Record(t.Context(), results(batches[0].Deliveries, push.DeliveryPending)); err != nil || fenced > 0 {
			t.Errorf("%s: the batch was taken from it: %v", name, err)
		}
		armed.Store(beforeCommit)
		if _, err := node.ClaimRetries(t.Context(), 10, nil); push.CodeOf(err) != wire.Unavailable {
			t.Fatalf("%s: got %v, want unavailable", name, err)
		}
		retries := awaitOne(t, func() ([]push.Delivery, error) { return next.ClaimRetries(t.Context(), 10, nil) })
		if freed, err := node.Beat(t.Context()); err != nil || freed {
			t.Errorf("%s: the beat has freed a delivery that is under way: %v", name, err)
		}
		if fenced, err := next.Record(t.Context(), results(retries, push.DeliveryAccepted)); err != nil || fenced > 0 {
			t.Errorf("%s: the delivery was taken from it: %v", name, err)
		}
	}
}

// awaitOne claims until there is one: the server holds the rows of a connection that
// was cut until it notices.
func awaitOne[T any](t *testing.T, claim func() ([]T, error)) []T {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		claimed, err := claim()
		if err != nil {
			t.Fatal(err)
		}
		if len(claimed) > 0 {
			return claimed
		}
		if time.Now().After(deadline) {
			t.Fatal("there is nothing to claim")
		}
	}
}

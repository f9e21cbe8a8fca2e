package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	google  = "https://fcm.googleapis.com"
	apple   = "https://web.push.apple.com"
	firefox = "https://updates.push.services.mozilla.com"
)

// Several that start on an empty database make one schema and one site.
func TestNodesStartAtOnce(t *testing.T) {
	t.Parallel()
	url := postgrestest.Empty(t)
	keys := make(chan string)
	for range 6 {
		go func() {
			s, err := postgres.Open(t.Context(), url, postgres.Options{})
			if err != nil {
				t.Error(err)
				keys <- ""
				return
			}
			defer s.Close()
			found, err := s.VAPIDKeys(t.Context(), 1)
			if err != nil || len(found) != 1 {
				t.Errorf("%d keys, %v", len(found), err)
				keys <- ""
				return
			}
			keys <- found[0].Public()
		}()
	}
	first := <-keys
	for range 5 {
		if key := <-keys; key != first {
			t.Errorf("the keys are %s and %s", first, key)
		}
	}
}

func TestOneEndpointPutByManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	for round := range 5 {
		endpoint := fmt.Sprint(google, "/", round)
		var mu sync.Mutex
		made, ids := 0, map[push.ID]bool{}
		c.everywhere(t, 8, func(node *postgres.Store, i int) error {
			sub, created, err := c.put(t, node, endpoint, fmt.Sprintf(`"addChannels": ["c%d"]`, i))
			mu.Lock()
			defer mu.Unlock()
			ids[sub.ID] = true
			if created {
				made++
			}
			return err
		})
		if made != 1 || len(ids) != 1 {
			t.Errorf("it was made %d times, with %d ids", made, len(ids))
		}
		if sub, err := c.nodes[0].SubscriptionByEndpoint(t.Context(), c.site.ID, endpoint); err != nil || len(sub.Channels) != 8 {
			t.Errorf("the channels are %v, %v: somebody's are lost", sub.Channels, err)
		}
	}
}

// Of several who say what all the channels are, one is right.
func TestChannelsSetByManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if _, _, err := c.put(t, c.nodes[0], google+"/a", ""); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c.everywhere(t, 4, func(node *postgres.Store, i int) error {
			_, _, err := c.put(t, node, google+"/a", fmt.Sprintf(`"channels": ["a%d", "b%d"]`, i, i))
			return err
		})
		sub, err := c.nodes[0].SubscriptionByEndpoint(t.Context(), c.site.ID, google+"/a")
		if err != nil || len(sub.Channels) != 2 || sub.Channels[0][1:] != sub.Channels[1][1:] {
			t.Errorf("the channels are %v, %v", sub.Channels, err)
		}
	}
}

// Whoever follows one that several follow, or that follows it, gets an id that
// nobody else has.
func TestReplacementsThatCross(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	for round := range 20 {
		a, b := fmt.Sprint(google, "/a", round), fmt.Sprint(apple, "/b", round)
		if _, _, err := c.put(t, c.nodes[0], a, `"channels": ["news"]`); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			if err := c.nodes[1].RemoveSubscription(t.Context(), c.site.ID, a); err != nil {
				t.Fatal(err)
			}
		}
		c.everywhere(t, 3, func(node *postgres.Store, i int) error {
			endpoint, replaced := a, b
			switch i {
			case 1:
				endpoint, replaced = b, a
			case 2:
				endpoint, replaced = fmt.Sprint(firefox, "/c", round), a
			}
			_, _, err := c.put(t, node, endpoint, `"replaces": "`+replaced+`"`)
			if push.CodeOf(err) == wire.EndpointGone {
				return nil // another had followed it first
			}
			return err
		})
	}
	page, _, err := c.nodes[0].ListSubscriptions(t.Context(), c.site.ID, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[push.ID]bool{}
	for _, sub := range page {
		if ids[sub.ID] {
			t.Errorf("two have the id %s", sub.ID)
		}
		ids[sub.ID] = true
	}
}

func TestOneIdempotencyKeyOnTwoNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	sub, _, err := c.put(t, c.nodes[0], google+"/a", "")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	ids, leased := map[push.ID]bool{}, 0
	c.everywhere(t, 10, func(node *postgres.Store, _ int) error {
		m := pushtest.Message(t, time.Now(), `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}}`)
		status, batches, err := node.CreateMessage(t.Context(), c.site.ID, m, push.CreateOptions{Lease: true, IdempotencyKey: "k\xff", RequestHash: [32]byte{1}})
		mu.Lock()
		defer mu.Unlock()
		ids[status.ID] = true
		leased += len(batches)
		return err
	})
	if len(ids) != 1 || leased != 1 {
		t.Errorf("%d messages with %d batches, want one", len(ids), leased)
	}
}

// Nobody is read twice or lost, and no batch or retry is claimed twice, however
// many nodes are at it.
func TestWorkIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	const people = 2300
	c.subscribe(t, google, people)
	c.subscribe(t, apple, 70)
	id, _ := c.create(t, c.nodes[0], `{"audience": {"all": true}}`, push.CreateOptions{})
	var mu sync.Mutex
	var got []push.Delivery
	work := func(claim func(node *postgres.Store) ([]push.Delivery, error)) {
		t.Helper()
		c.everywhere(t, 4, func(node *postgres.Store, _ int) error {
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
				if _, err := node.Expand(t.Context()); err != nil {
					return err
				}
				deliveries, err := claim(node)
				if err != nil {
					return err
				}
				mu.Lock()
				got = append(got, deliveries...)
				all := len(got) >= people+70
				mu.Unlock()
				if all && len(deliveries) == 0 {
					return nil
				}
			}
			return fmt.Errorf("only %d were handed out", len(got))
		})
		seen := map[push.DeliveryID]bool{}
		people := map[push.ID]bool{}
		for _, d := range got {
			if seen[d.ID] || people[d.SubscriberID] {
				t.Fatalf("%+v was handed out twice", d.ID)
			}
			seen[d.ID], people[d.SubscriberID] = true, true
		}
	}
	work(func(node *postgres.Store) (deliveries []push.Delivery, err error) {
		batches, err := node.ClaimBatches(t.Context(), 1, nil)
		for _, b := range batches {
			deliveries = append(deliveries, b.Deliveries...)
		}
		return deliveries, err
	})
	if status := c.status(t, id); !status.TargetedFinal || status.Counts.Targeted != people+70 {
		t.Errorf("got %+v", status)
	}
	for chunk := range slices.Chunk(got, 1000) {
		if fenced, err := c.nodes[0].Record(t.Context(), results(chunk, push.DeliveryPending)); err != nil || fenced > 0 {
			t.Fatalf("%d are fenced off, %v", fenced, err)
		}
	}
	got = nil
	work(func(node *postgres.Store) ([]push.Delivery, error) { return node.ClaimRetries(t.Context(), 100, nil) })
}

// The second of two nodes that finish the last two batches sees what the first
// has done.
func TestTheLastTwoBatchesEndAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	var ids []push.ID
	for _, endpoint := range []string{google + "/a", apple + "/b"} {
		sub, _, err := c.put(t, c.nodes[0], endpoint, "")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, sub.ID)
	}
	body := fmt.Sprintf(`{"audience": {"subscriptions": ["%s", "%s"]}}`, ids[0], ids[1])
	for range 50 {
		id, batches := c.create(t, c.nodes[0], body, push.CreateOptions{Lease: true})
		var next sync.Mutex
		c.everywhere(t, 1, func(node *postgres.Store, _ int) error {
			next.Lock()
			batch := batches[0]
			batches = batches[1:]
			next.Unlock()
			fenced, err := node.Record(t.Context(), results(batch.Deliveries, push.DeliveryAccepted))
			if fenced > 0 {
				return fmt.Errorf("%d are fenced off", fenced)
			}
			return err
		})
		if status := c.status(t, id); status.State != wire.MessageSent || status.Counts.Accepted != 2 {
			t.Fatalf("got %+v", status)
		}
	}
}

func TestEventsToldToTwoNodesCountOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.subscribe(t, google, 50)
	id, _ := c.create(t, c.nodes[0], `{"audience": {"all": true}}`, push.CreateOptions{})
	var deliveries []push.Delivery
	for len(deliveries) < 50 {
		if _, err := c.nodes[0].Expand(t.Context()); err != nil {
			t.Fatal(err)
		}
		batches, err := c.nodes[0].ClaimBatches(t.Context(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			deliveries = append(deliveries, b.Deliveries...)
		}
	}
	c.everywhere(t, 50, func(node *postgres.Store, i int) error {
		return node.RecordEvents(t.Context(), c.site.ID, []push.Event{
			{Delivery: deliveries[i].ID, Kind: push.EventDisplayed}, {Delivery: deliveries[49-i].ID, Kind: push.EventClicked}})
	})
	if n := c.status(t, id).Counts; n.Displayed != 50 || n.Clicked != 50 {
		t.Errorf("got %+v", n)
	}
}

package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

// deadlocks is how many the server has had to break in the tests' database.
func deadlocks(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// All that nodes do at once, in any order: nothing fails, nobody waits for each
// other, and in the end everything is sent.
func TestAStormOfNodesLosesNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	const people = 1200
	c.subscribe(t, google, people/2)
	c.subscribe(t, apple, people/2)
	before := deadlocks(t, c.url)
	var messages []push.ID
	for range 3 {
		id, _ := c.create(t, c.nodes[0], `{"audience": {"all": true}}`, push.CreateOptions{})
		messages = append(messages, id)
	}
	work := func(node *postgres.Store, random bool) error {
		ctx := t.Context()
		if _, err := node.Expand(ctx); err != nil {
			return err
		}
		var deliveries []push.Delivery
		batches, err := node.ClaimBatches(ctx, 2, nil)
		if err != nil {
			return err
		}
		for _, b := range batches {
			deliveries = append(deliveries, b.Deliveries...)
		}
		retries, err := node.ClaimRetries(ctx, 200, nil)
		if err != nil {
			return err
		}
		deliveries = append(deliveries, retries...)
		rand.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
		var told []push.DeliveryResult
		for _, d := range deliveries {
			outcome := push.DeliveryAccepted
			if random {
				outcome = []push.Outcome{push.DeliveryAccepted, push.DeliveryPending, push.DeliveryPending, push.DeliveryGone, push.DeliveryFailed}[rand.N(5)]
			}
			told = append(told, push.DeliveryResult{Delivery: d, Outcome: outcome, RetryAt: time.Now()})
		}
		if _, err := node.Record(ctx, told); err != nil {
			return err
		}
		if !random {
			return nil
		}
		if len(batches) > 0 {
			err = node.Release(ctx, batches[0])
		}
		if err == nil && rand.N(4) == 0 {
			err = node.Forfeit(ctx)
		}
		if err == nil {
			_, err = node.Beat(ctx)
		}
		if err == nil && len(deliveries) > 0 {
			err = node.RecordEvents(ctx, c.site.ID, []push.Event{{Delivery: deliveries[0].ID, Kind: push.EventClicked}, {Delivery: deliveries[len(deliveries)-1].ID, Kind: push.EventClosed}})
		}
		return err
	}
	until := time.Now().Add(3 * time.Second)
	c.everywhere(t, 4, func(node *postgres.Store, i int) error {
		for time.Now().Before(until) {
			if i > 0 {
				if err := work(node, true); err != nil {
					return err
				}
				continue
			}
			// Meanwhile people come, change and go.
			endpoint := fmt.Sprint([]string{google, apple}[rand.N(2)], "/", rand.N(people/2))
			r := pushtest.Subscribe(t, c.services, endpoint, fmt.Sprintf(`"addChannels": ["c%d"]`, rand.N(9)))
			if _, _, err := node.PutSubscription(t.Context(), c.site.ID, r); err != nil && push.CodeOf(err) != "endpoint-gone" {
				return err
			}
			if err := node.RemoveSubscription(t.Context(), c.site.ID, fmt.Sprint(google, "/", rand.N(people/2))); err != nil {
				return err
			}
		}
		return nil
	})
	if n := deadlocks(t, c.url) - before; n > 0 {
		t.Errorf("%d deadlocks", n)
	}
	for _, node := range c.nodes {
		if err := node.Forfeit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err := work(c.nodes[1], false); err != nil {
			t.Fatal(err)
		}
		if _, left, err := c.nodes[0].NextDue(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		} else if !left {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("something is never done")
		}
	}
	for _, id := range messages {
		if status := c.status(t, id); status.State != "sent" || status.Counts.Pending != 0 || status.Counts.Targeted == 0 {
			t.Errorf("got %+v", status)
		}
	}
}

package postgres_test

import (
	"database/sql"
	"sync"
	"testing"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

// A flood of events for a receiver that is away does not fill the disk.
func TestWhatWaitsForAWebhookIsBounded(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	pushtest.WantBounded(t, openNode(t, url, postgres.Options{}), func(webhook push.ID, waiting, givenUp int) {
		database, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		defer database.Close()
		// The number of an event is the end of its id: now's of the first, else later.
		_, err = database.Exec(`
			INSERT INTO webhook_events (webhook, id, type, happened_at, next_at, body)
			SELECT $1::uuid, (left($4, 24) || lpad(to_hex(i), 12, '0'))::uuid, 1, now(),
			       CASE WHEN i < $2 THEN now() - interval '1 day' + i * interval '1 millisecond' END, convert_to(i::text, 'UTF8')
			FROM generate_series(0, $2::integer + $3::integer - 1) i`,
			webhook.String(), waiting, givenUp, push.NewID().String())
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Of several nodes that claim at once each has other events, and all are told once.
func TestNodesShareAWebhooksEvents(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	w, err := c.nodes[0].AddWebhook(t.Context(), c.site.ID, push.Webhook{URL: "https://example.com", Types: push.TypeSubscriptionCreated})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range c.nodes {
		if _, err := node.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const each = 20
	c.everywhere(t, each, func(node *postgres.Store, i int) error {
		_, _, err := c.put(t, node, google+"/"+push.NewID().String(), "")
		return err
	})
	var mu sync.Mutex
	told := map[push.ID]int{}
	c.everywhere(t, 4, func(node *postgres.Store, _ int) error {
		for {
			_, events, err := node.ClaimWebhookEvents(t.Context(), w.ID, 3)
			if err != nil || len(events) == 0 {
				return err
			}
			var results []push.WebhookResult
			mu.Lock()
			for _, e := range events {
				told[e.ID]++
				results = append(results, push.WebhookResult{WebhookEvent: e, Status: 200})
			}
			mu.Unlock()
			if _, err := node.RecordWebhookEvents(t.Context(), w.ID, results); err != nil {
				return err
			}
		}
	})
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s is told %d times", id, n)
		}
	}
	if left, err := c.nodes[0].CountWebhookEvents(t.Context(), c.site.ID); err != nil || left != 0 || len(told) < each {
		t.Errorf("%d were told, %d are left, %v", len(told), left, err)
	}
}

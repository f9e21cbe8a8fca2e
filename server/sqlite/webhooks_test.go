package sqlite_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// A flood of events for a receiver that is away does not fill the disk.
func TestWhatWaitsForAWebhookIsBounded(t *testing.T) {
	path := sqlitetest.Path(t)
	pushtest.WantBounded(t, open(t, path, nil), func(webhook push.ID, waiting, givenUp int) {
		_, err := raw(t, path).Exec(`
			WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2 + ?3)
			INSERT INTO webhook_events (webhook, id, type, happened_at, next_at, body)
			SELECT ?1, CAST(printf('%016d', i) AS BLOB), 1, 0, CASE WHEN i < ?2 THEN i END, CAST(i AS BLOB) FROM n`,
			webhook[:], waiting, givenUp)
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What it costs that a webhook is told of each click: 100 people of a message click at a
// time, as their reports come together.
func BenchmarkClicks(b *testing.B) { eachWanted(b, push.TypeNotificationClicked, benchmarkClicks) }

// What it costs that a webhook is told of each subscription.
func BenchmarkSubscribe(b *testing.B) {
	eachWanted(b, push.TypeSubscriptionCreated, benchmarkSubscribe)
}

func eachWanted(b *testing.B, kind push.WebhookTypes, run func(*testing.B, *sqlite.Store, push.SiteID)) {
	for name, types := range map[string]push.WebhookTypes{"no webhook": 0, "another type": push.TypeMessageSent, "wanted": kind} {
		b.Run(name, func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), sqlitetest.Path(b), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			site, err := s.Site(b.Context(), push.DefaultSite)
			if err != nil {
				b.Fatal(err)
			}
			if types != 0 {
				if _, err := s.AddWebhook(b.Context(), site.ID, push.Webhook{URL: "https://example.com", Types: types}); err != nil {
					b.Fatal(err)
				}
			}
			run(b, s, site.ID)
		})
	}
}

func benchmarkSubscribe(b *testing.B, s *sqlite.Store, site push.SiteID) {
	services := pushtest.Services(b)
	var n atomic.Int64
	b.SetParallelism(100)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := pushtest.Subscribe(b, services, fmt.Sprint("https://fcm.googleapis.com/", n.Add(1)), "")
			if _, _, err := s.PutSubscription(b.Context(), site, r); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchmarkClicks(b *testing.B, s *sqlite.Store, site push.SiteID) {
	const people = push.BatchSize
	services := pushtest.Services(b)
	items := make([]*push.Import, people)
	for i := range items {
		items[i] = &push.Import{Subscribe: *pushtest.Subscribe(b, services, fmt.Sprint("https://fcm.googleapis.com/", i), "")}
	}
	if _, err := s.ImportSubscriptions(b.Context(), site, items); err != nil {
		b.Fatal(err)
	}
	// As many messages as there are thousands of clicks: each click is new.
	var batches []push.Batch
	for b.N > len(batches)*people/100 {
		if _, _, err := s.CreateMessage(b.Context(), site, pushtest.Message(b, time.Now(), `{"audience": {"all": true}}`), push.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
		for done := false; !done; {
			var err error
			if done, err = s.Expand(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		claimed, err := s.ClaimBatches(b.Context(), 1, nil)
		if err != nil || len(claimed) != 1 {
			b.Fatal(len(claimed), err)
		}
		batches = append(batches, claimed...)
	}
	var n atomic.Int64
	b.ResetTimer()
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1) - 1)
			batch, first := batches[i/(people/100)], i%(people/100)*100
			events := make([]push.Event, 100)
			for j := range events {
				events[j] = push.Event{Delivery: batch.Deliveries[first+j].ID, Kind: push.EventClicked}
			}
			if err := s.RecordEvents(b.Context(), site, events); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "clicks/s")
}

package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// BenchmarkRecord writes the outcomes of a whole batch, all of them accepted.
func BenchmarkRecord(b *testing.B) {
	s, err := sqlite.Open(b.Context(), sqlitetest.Path(b), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	services := pushtest.Services(b)
	var items []*push.Import
	for i := range push.BatchSize {
		items = append(items, &push.Import{Subscribe: *pushtest.Subscribe(b, services, fmt.Sprint("https://fcm.googleapis.com/", i), "")})
	}
	if _, err := s.ImportSubscriptions(b.Context(), 1, items); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		m := pushtest.Message(b, time.Now(), `{"audience": {"all": true}}`)
		if _, _, err := s.CreateMessage(b.Context(), 1, m, push.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
		var batches []push.Batch
		for len(batches) == 0 {
			if _, err := s.Expand(b.Context()); err != nil {
				b.Fatal(err)
			}
			if batches, err = s.ClaimBatches(b.Context(), 1, nil); err != nil {
				b.Fatal(err)
			}
		}
		var results []push.DeliveryResult
		for _, d := range batches[0].Deliveries {
			results = append(results, push.DeliveryResult{Delivery: d, Outcome: push.DeliveryAccepted})
		}
		b.StartTimer()
		if fenced, err := s.Record(b.Context(), results); err != nil || fenced > 0 {
			b.Fatal(fenced, err)
		}
	}
}

package transfer_test

import (
	"bytes"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/transfer"
	"github.com/pushkit/pushkit/server/webpush"
	service "github.com/pushkit/pushkit/server/webpush/pushtest"
)

// BenchmarkImport imports into a fresh database on disk.
func BenchmarkImport(b *testing.B) {
	const n = 50_000
	s, err := service.Start(service.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var file bytes.Buffer
	if err := s.WriteSubscriptions(&file, n); err != nil {
		b.Fatal(err)
	}
	services, err := webpush.ParseServices([]string{s.Rule()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		store, err := sqlite.Open(b.Context(), sqlitetest.Path(b), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		site, err := store.Site(b.Context(), push.DefaultSite)
		if err != nil {
			b.Fatal(err)
		}
		importer := transfer.Importer{Store: store, Site: site.ID, Services: services, Bad: func(place string, reason error) { b.Error(place, reason) }}
		if sum, err := importer.Import(b.Context(), bytes.NewReader(file.Bytes())); err != nil || sum.Added != n {
			b.Fatal(sum, err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "subscriptions/s")
}

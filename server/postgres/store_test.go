package postgres_test

import (
	"os"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

func open(t *testing.T, url string, now func() time.Time) push.Store {
	t.Helper()
	return openNode(t, url, postgres.Options{Now: now})
}

func openNode(t *testing.T, url string, options postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	pushtest.RunStore(t, pushtest.Databases{
		Create: func(t *testing.T) string { return postgrestest.Database(t) },
		Open:   open,
	})
}

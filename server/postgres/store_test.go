package postgres_test

import (
	"net/url"
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
	return openNode(t, url, postgres.Options{Now: now, Retention: push.DefaultRetention})
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
	t.Parallel()
	pushtest.RunStore(t, pushtest.Databases{
		Create: func(t *testing.T) string { return postgrestest.Database(t) },
		Open:   open,
	})
}

// A pooler that hands out a connection for each transaction may know no prepared
// statements.
func TestStoreWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	pushtest.RunStore(t, pushtest.Databases{
		Create: func(t *testing.T) string {
			return with(t, postgrestest.Database(t), func(_ *url.URL, query url.Values) { query.Set("default_query_exec_mode", "exec") })
		},
		Open: open,
	})
}

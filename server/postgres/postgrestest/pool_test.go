package postgrestest_test

import (
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// A test finds nothing of the one that had its schema before: no row, no number that
// was drawn, and nobody who is still connected.
func TestASchemaComesBackAsNew(t *testing.T) {
	var urls []string
	var keys []push.VAPIDKey
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			url := postgrestest.Database(t)
			store, err := postgres.Open(t.Context(), url, postgres.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			site, err := store.Site(t.Context(), push.DefaultSite)
			if err != nil || site.ID != 1 {
				t.Fatalf("the default site is %d, %v", site.ID, err)
			}
			theirs, err := store.VAPIDKeys(t.Context(), site.ID)
			if err != nil {
				t.Fatal(err)
			}
			if page, _, err := store.ListSubscriptions(t.Context(), site.ID, "", 10); err != nil || len(page) > 0 {
				t.Errorf("%d subscriptions, %v", len(page), err)
			}
			r := pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", `"channels": ["news"]`)
			if _, _, err := store.PutSubscription(t.Context(), site.ID, r); err != nil {
				t.Fatal(err)
			}
			urls, keys = append(urls, url), append(keys, theirs...)
		})
		if name == "first" {
			continue
		}
		if len(urls) != 2 || urls[0] != urls[1] {
			t.Fatalf("the test is of no use: the schemas are %v", slices.Compact(urls))
		}
		if len(keys) != 2 || keys[0].Public() == keys[1].Public() {
			t.Errorf("%d keys, or the same", len(keys))
		}
	}
}

// What was left open is cut off, so that it does not write into another test's rows.
func TestWhoIsStillConnectedIsCutOff(t *testing.T) {
	var left *pgx.Conn
	t.Run("a test that leaves a connection", func(t *testing.T) {
		var err error
		if left, err = pgx.Connect(t.Context(), postgrestest.Database(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := left.Exec(t.Context(), "BEGIN; INSERT INTO settings (name, value) VALUES ('a', 'b')"); err != nil {
			t.Fatal(err)
		}
	})
	if err := left.Ping(t.Context()); err == nil {
		t.Error("it is still connected")
	}
}

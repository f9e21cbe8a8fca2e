package sqlitetest_test

import (
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// Tests share the schema, and nothing that a site has.
func TestEachDatabaseGetsASiteOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		path := sqlitetest.Path(t)
		if present, newest, err := sqlite.SchemaVersion(t.Context(), path); err != nil || present != newest {
			t.Fatalf("the schema is %d of %d, %v", present, newest, err)
		}
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		site, err := store.Site(t.Context(), push.DefaultSite)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := store.VAPIDKeys(t.Context(), site.ID)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, own := range []string{keys[0].Public(), string(site.Tokens[:]), string(site.UserSecret[:])} {
			if seen[own] {
				t.Error("two databases have the same keys")
			}
			seen[own] = true
		}
	}
}

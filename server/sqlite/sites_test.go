package sqlite_test

import (
	"os"
	"slices"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// An older pushkit kept an origin twice that it was given twice.
func TestAnOriginThatWasThereTwiceIsThereOnce(t *testing.T) {
	path := sqlitetest.Path(t)
	open(t, path, nil).(*sqlite.Store).Close()
	database := raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, database, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 13); err != nil {
		t.Fatal(err)
	}
	if _, err := database.Exec("INSERT INTO origins (site, position, origin) VALUES (1, 0, 'https://b.example'), (1, 1, 'https://a.example'), (1, 2, 'https://b.example')"); err != nil {
		t.Fatal(err)
	}
	database.Close()
	site, err := open(t, path, nil).Site(t.Context(), push.DefaultSite)
	if err != nil || !slices.Equal(site.Origins, []string{"https://b.example", "https://a.example"}) {
		t.Errorf("got %v, %v", site.Origins, err)
	}
}

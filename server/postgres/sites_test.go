package postgres_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
)

// An older pushkit kept an origin twice that it was given twice.
func TestAnOriginThatWasThereTwiceIsThereOnce(t *testing.T) {
	t.Parallel()
	url := postgrestest.Empty(t)
	openNode(t, url, postgres.Options{}).Close()
	database, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, database, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := database.Exec("INSERT INTO origins (site, position, origin) VALUES (1, 0, 'https://b.example'), (1, 1, 'https://a.example'), (1, 2, 'https://b.example')"); err != nil {
		t.Fatal(err)
	}
	site, err := openNode(t, url, postgres.Options{}).Site(t.Context(), push.DefaultSite)
	if err != nil || !slices.Equal(site.Origins, []string{"https://b.example", "https://a.example"}) {
		t.Errorf("got %v, %v", site.Origins, err)
	}
}

// Whoever asks for an origin in the same moment: one gets it, on whichever node, and the
// others are told.
func TestAnOriginIsOneSitesHoweverManyNodesAsk(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	nodes := []*postgres.Store{openNode(t, url, postgres.Options{}), openNode(t, url, postgres.Options{})}
	const n = 8
	ids := make([]push.SiteID, n)
	for i := range ids {
		site, err := nodes[i%2].CreateSite(t.Context(), push.NewSite(fmt.Sprint("site-", i)))
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = site.ID
	}
	origins := []string{"https://a.example", "https://b.example", "https://c.example"}
	errs := make([]error, n)
	var asking sync.WaitGroup
	for i, id := range ids {
		asking.Go(func() {
			theirs := slices.Clone(origins)
			if i%3 == 0 {
				slices.Reverse(theirs)
			}
			errs[i] = nodes[i%2].SetOrigins(t.Context(), id, theirs)
		})
	}
	asking.Wait()
	got := 0
	for _, err := range errs {
		var refused *push.Error
		switch {
		case err == nil:
			got++
		case !errors.As(err, &refused) || refused.Code != push.OriginTaken:
			t.Errorf("got %v", err)
		}
	}
	if got != 1 {
		t.Errorf("%d sites got the same origins", got)
	}
}

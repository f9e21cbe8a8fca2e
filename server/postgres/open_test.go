package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

// with returns a URL with other parts.
func with(t *testing.T, text string, change func(*url.URL, url.Values)) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	change(u, query)
	u.RawQuery = query.Encode()
	return u.String()
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Whatever keeps a database from being used is one line that says what to do, and
// never the password.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	server, err := postgrestest.Start()
	if err != nil {
		postgrestest.Missing(t, err)
	}
	t.Cleanup(server.Close)
	execute(t, server.URL, "CREATE ROLE guest LOGIN PASSWORD 'sesame'", "CREATE DATABASE empty", "CREATE DATABASE newer", "CREATE DATABASE older")
	tcp := func(user *url.Userinfo, database string) string {
		return (&url.URL{Scheme: "postgres", User: user, Host: server.Addr, Path: database}).String()
	}
	owner := url.UserPassword("postgres", postgrestest.Password)
	for _, name := range []string{"newer", "older"} {
		openNode(t, tcp(owner, name), postgres.Options{}).Close()
	}
	execute(t, tcp(owner, "newer"), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	execute(t, tcp(owner, "older"), "DELETE FROM goose_db_version", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true)")
	for name, c := range map[string]struct {
		url   string
		guest bool
		want  string
	}{
		"no URL":             {"postgres://post gres:secret@x/y?z=%", false, "not of the form"},
		"no server":          {"postgres://u:secret@127.0.0.1:1/x", false, "no PostgreSQL server answers at 127.0.0.1:1"},
		"no socket":          {"postgres://u:secret@/x?host=/nowhere", false, "no PostgreSQL server answers at /nowhere"},
		"no database":        {tcp(owner, "nothing"), false, `no database "nothing"`},
		"a wrong password":   {tcp(url.UserPassword("postgres", "secret"), "postgres"), false, "refuses the password"},
		"an unknown user":    {tcp(url.UserPassword("nobody", "secret"), "postgres"), false, "refuses the password"},
		"no rights":          {tcp(url.UserPassword("guest", "sesame"), "empty"), false, `"guest" lacks rights`},
		"a newer schema":     {tcp(owner, "newer"), false, "newer pushkit"},
		"a guest, newer":     {tcp(owner, "newer"), true, "newer pushkit"},
		"a guest, no schema": {tcp(owner, "empty"), true, "start pushkit serve once"},
		"a guest, older":     {tcp(owner, "older"), true, "start pushkit serve once"},
	} {
		s, err := postgres.Open(t.Context(), c.url, postgres.Options{Guest: c.guest})
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, "\n") ||
			strings.Contains(text, "secret") || strings.Contains(text, "sesame") || strings.Contains(text, postgrestest.Password) {
			t.Errorf("%s: got %q, want one line with %q", name, text, c.want)
		}
	}
}

// A guest leases nothing, and nobody takes it for a node that delivers.
func TestAGuestIsNoNode(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	openNode(t, url, postgres.Options{}).Close()
	guest := openNode(t, url, postgres.Options{Guest: true})
	for _, want := range []bool{false, true} {
		if alive, err := guest.IsAnyNodeAlive(t.Context()); err != nil || alive != want {
			t.Errorf("alive is %v, %v; want %v", alive, err, want)
		}
		openNode(t, url, postgres.Options{})
	}
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
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
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var left string
	err = database.QueryRow("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose%'").Scan(&left)
	if err != sql.ErrNoRows {
		t.Errorf("going down leaves %q, %v", left, err)
	}
	s := openNode(t, url, postgres.Options{})
	if _, err := s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Error(err)
	}
}

// What any older pushkit had accepted, and not sent, is sent by this one.
func TestAnUpgradeKeepsWhatWaits(t *testing.T) {
	t.Parallel()
	for version := pushtest.NewestMigration(t, "migrations") - 1; version > 0; version-- {
		t.Run(fmt.Sprint("from ", version), func(t *testing.T) {
			url := postgrestest.Empty(t)
			s := openNode(t, url, postgres.Options{})
			scheduled := pushtest.Wait(t, s)
			s.Close()
			database, err := sql.Open("pgx", url)
			if err != nil {
				t.Fatal(err)
			}
			defer database.Close()
			provider, err := goose.NewProvider(goose.DialectPostgres, database, os.DirFS("migrations"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.DownTo(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			later := scheduled.Add(time.Second)
			pushtest.WantWaiting(t, openNode(t, url, postgres.Options{Now: func() time.Time { return later }}), scheduled)
		})
	}
}

func TestMigrationsStayAsTheyAre(t *testing.T) {
	pushtest.MigrationsStay(t, "migrations", "testdata/migrations.sum")
}

package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

func open(t *testing.T, path string, now func() time.Time) push.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: now, Retention: push.DefaultRetention})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	pushtest.RunStore(t, pushtest.Databases{Create: func(t *testing.T) string { return sqlitetest.Path(t) }, Open: open})
}

// Whoever holds the database's lock does not wait for the leases of before to end.
func TestRecoverTakesBackEveryLease(t *testing.T) {
	path := sqlitetest.Path(t)
	before := open(t, path, nil)
	site, err := before.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	sub, _, err := before.PutSubscription(t.Context(), site.ID, pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", ""))
	if err != nil {
		t.Fatal(err)
	}
	m := pushtest.Message(t, time.Now(), `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}}`)
	if _, _, err := before.CreateMessage(t.Context(), site.ID, m, push.CreateOptions{Lease: true}); err != nil {
		t.Fatal(err)
	}
	after := open(t, path, nil).(*sqlite.Store)
	if batches, err := after.ClaimBatches(t.Context(), 1, nil); err != nil || len(batches) > 0 {
		t.Fatalf("%d leased batches were claimed, %v", len(batches), err)
	}
	if err := after.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if batches, err := after.ClaimBatches(t.Context(), 1, nil); err != nil || len(batches) != 1 {
		t.Errorf("%d batches were taken back, %v", len(batches), err)
	}
}

// The database holds the private VAPID keys: nobody else may read it, nor the
// files beside it.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(folder, "pushkit.db")
	open(t, path, nil).(*sqlite.Store).Close()
	// A copy, for example, may have come with other permissions.
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path, nil)
	for file, want := range map[string]os.FileMode{folder: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(file)
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != want {
			t.Errorf("%s has the mode %o, want %o", filepath.Base(file), info.Mode().Perm(), want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{folder: "is a directory", text: "not a database", filepath.Join(text, "below"): "not a directory"} {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line that says %q", filepath.Base(path), err, want)
		}
	}
}

func TestADatabaseOfANewerPushkitIsRefused(t *testing.T) {
	path := sqlitetest.Path(t)
	open(t, path, nil).(*sqlite.Store).Close()
	database := raw(t, path)
	if _, err := database.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "newer pushkit: its schema is 99999, this one knows ") {
		t.Fatalf("got %v", err)
	}
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pushkit.db")
	open(t, path, nil).(*sqlite.Store).Close()
	database := raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, database, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	var left string
	err = database.QueryRow("SELECT name FROM sqlite_master WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'").Scan(&left)
	if err != sql.ErrNoRows {
		t.Errorf("going down leaves %q, %v", left, err)
	}
	database.Close()
	s := open(t, path, nil)
	if _, err := s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Error(err)
	}
}

// What any older pushkit had accepted, and not sent, is sent by this one.
func TestAnUpgradeKeepsWhatWaits(t *testing.T) {
	for version := pushtest.NewestMigration(t, "migrations") - 1; version > 1; version-- {
		t.Run(fmt.Sprint("from ", version), func(t *testing.T) {
			path := sqlitetest.Path(t)
			s := open(t, path, nil).(*sqlite.Store)
			scheduled := pushtest.Wait(t, s)
			s.Close()
			provider, err := goose.NewProvider(goose.DialectSQLite3, raw(t, path), os.DirFS("migrations"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.DownTo(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			later := scheduled.Add(time.Second)
			pushtest.WantWaiting(t, open(t, path, func() time.Time { return later }), scheduled)
		})
	}
}

func TestMigrationsStayAsTheyAre(t *testing.T) {
	pushtest.MigrationsStay(t, "migrations", "testdata/migrations.sum")
}

// A database of an older pushkit is brought up to date with all that is in it.
func TestAnOlderDatabaseIsMigrated(t *testing.T) {
	path := sqlitetest.Path(t)
	s := open(t, path, nil).(*sqlite.Store)
	r := pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", `"channels": ["news"]`)
	if _, _, err := s.PutSubscription(t.Context(), 1, r); err != nil {
		t.Fatal(err)
	}
	s.Close()
	database := raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, database, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	database.Close()
	s = open(t, path, nil).(*sqlite.Store)
	if sub, err := s.SubscriptionByEndpoint(t.Context(), 1, r.Endpoint()); err != nil || len(sub.Channels) != 1 {
		t.Errorf("got %+v, %v", sub, err)
	}
	m := pushtest.Message(t, time.Now(), `{"audience": {"all": true}}`)
	if _, _, err := s.CreateMessage(t.Context(), 1, m, push.CreateOptions{}); err != nil {
		t.Error(err)
	}
}

func TestADamagedDatabaseIsOneClearLine(t *testing.T) {
	path := sqlitetest.Path(t)
	open(t, path, nil).(*sqlite.Store).Close()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// After the header, where the schema is.
	if _, err := file.WriteAt([]byte(strings.Repeat("x", 3000)), 100); err != nil {
		t.Fatal(err)
	}
	file.Close()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "is damaged: start from a backup") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestALockedDatabaseIsOneClearLine(t *testing.T) {
	t.Parallel() // it is waited for
	path := sqlitetest.Path(t)
	open(t, path, nil).(*sqlite.Store).Close()
	conn, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "another program holds the database locked") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	database, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	return database
}

// Another process that works on the database is noticed, so that the server
// delivers what a command has written.
func TestWatchTellsOfAnotherProcess(t *testing.T) {
	path := sqlitetest.Path(t)
	server, command := open(t, path, nil).(*sqlite.Store), open(t, path, nil)
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 100), make(chan error)
	go func() { ended <- server.Watch(ctx, func() { woken <- struct{}{} }) }()
	<-woken // it begins with a look
	select {
	case <-woken:
		t.Error("the database has changed by itself")
	case <-time.After(500 * time.Millisecond):
	}
	site, err := command.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := command.CreateMessage(t.Context(), site.ID, pushtest.Message(t, time.Now(), `{"audience": {"all": true}}`), push.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	<-woken
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := open(t, sqlitetest.Path(t), nil).(*sqlite.Store)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.SetOrigins(t.Context(), 1, nil); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}

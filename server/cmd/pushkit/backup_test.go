package main_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A backup in the middle of a broadcast, of which the rest is still being written.
func TestABackupIsTakenWhileTheServerWrites(t *testing.T) {
	t.Parallel()
	const people = 400
	more := make(chan struct{})
	service := newPushService(t, func(w http.ResponseWriter, _ string, _ int) {
		<-more
		w.WriteHeader(http.StatusCreated)
	})
	folder := t.TempDir()
	flags := []string{"--push-services", service.URL, "--api-key", testKey}
	s := serve(t, folder, flags...)
	var paths []string
	for i := range people {
		paths = append(paths, fmt.Sprint("/", i))
	}
	service.subscribe(t, folder, paths...)
	request, err := http.NewRequest("POST", s.url+"/v1/messages", strings.NewReader(`{"audience": {"all": true}, "notification": {"title": "x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+testKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusAccepted {
		t.Fatalf("got %v, %v", response, err)
	}
	response.Body.Close()
	for range people / 2 {
		more <- struct{}{}
	}
	// And the rest while it is taken.
	go close(more)
	out := mustRun(t, folder, "backup", "copy.db")
	if !regexp.MustCompile(`^copy\.db: \d+\.\d MB in \d+\.\d s, checked\n$`).MatchString(out) {
		t.Errorf("it says %q", out)
	}
	copied := filepath.Join(folder, "copy.db")
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	before := read(t, copied)
	if _, errs, status := run(t, folder, "backup", "copy.db"); status != 1 || !strings.Contains(errs, "--force") || read(t, copied) != before {
		t.Errorf("a second time: %d %q", status, errs)
	}

	database := openRaw(t, copied)
	var verdict string
	var targeted, sum, broken int
	for query, into := range map[string]any{
		"PRAGMA integrity_check":                        &verdict,
		"SELECT COUNT(*) FROM pragma_foreign_key_check": &broken,
		"SELECT SUM(targeted) FROM batches":             &targeted,
		"SELECT SUM(accepted + pending) FROM batches":   &sum,
	} {
		if err := database.QueryRow(query).Scan(into); err != nil {
			t.Fatal(query, err)
		}
	}
	database.Close()
	if verdict != "ok" || broken != 0 || targeted != people || sum != people {
		t.Errorf("integrity %s, %d foreign keys broken, %d targeted, %d of them accounted for", verdict, broken, targeted, sum)
	}

	// A server that starts from it goes on where it was.
	s.end()
	elsewhere := t.TempDir()
	if err := os.Rename(copied, filepath.Join(elsewhere, "pushkit.db")); err != nil {
		t.Fatal(err)
	}
	again := serve(t, elsewhere, append(flags, "--database", "sqlite://pushkit.db")...)
	message := awaitMessage(t, again.url+response.Header.Get("Location"), `"state":"sent"`)
	if !strings.Contains(message, fmt.Sprintf(`"accepted":%d,`, people)) {
		t.Errorf("got %s", message)
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	setOrigin(t, folder)
	if err := os.WriteFile(filepath.Join(folder, "copy.db"), []byte("what was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What is not a database is no good copy, and takes no good copy's place.
	if err := os.WriteFile(filepath.Join(folder, "data", "pushkit.db"), []byte(strings.Repeat("nonsense", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, status := run(t, folder, "backup", "--force", "copy.db")
	if status != 1 || strings.Count(errs, "\n") != 1 || read(t, filepath.Join(folder, "copy.db")) != "what was there" {
		t.Errorf("%d %q", status, errs)
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// openRaw opens the file of a database past the store.
func openRaw(t *testing.T, path string) *sql.DB {
	t.Helper()
	database, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	return database
}

// A server would go on writing into a file that nobody finds any more.
func TestNothingTakesTheDatabasesPlace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	setOrigin(t, folder)
	database := filepath.Join(folder, "data", "pushkit.db")
	if err := os.Symlink(database, filepath.Join(folder, "link.db")); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(database)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"backup", "--force", "data/pushkit.db"}, {"backup", "--force", "link.db"}, {"subscriptions", "export", "--force", "data/pushkit.db"},
	} {
		if _, errs, status := run(t, folder, command...); status != 1 || !strings.Contains(errs, "the database's own") {
			t.Errorf("%v: %d %q", command, status, errs)
		}
	}
	if after, err := os.Stat(database); err != nil || !os.SameFile(before, after) {
		t.Errorf("another file is in its place, %v", err)
	}
}

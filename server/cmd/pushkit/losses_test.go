package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What was not seen for long is retired when one says so twice, and counted.
func TestRetireAndLosses(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(http.ResponseWriter, string, int) {})
	folder := t.TempDir()
	setOrigin(t, folder)
	service.subscribe(t, folder, "/old", "/older", "/fresh")
	database := openRaw(t, filepath.Join(folder, "data", "pushkit.db"))
	for path, days := range map[string]int{"/old": 200, "/older": 800} {
		if _, err := database.Exec("UPDATE subscriptions SET last_seen_at = last_seen_at - ? * 86400000 WHERE endpoint LIKE '%' || ?", days, path); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, folder, "--api-key", testKey, "--push-services", service.URL)
	left := func(want int) {
		t.Helper()
		if list := mustRun(t, folder, "subscriptions", "list", "--json"); strings.Count(list, "\n") != want {
			t.Errorf("%d are left, want %d", strings.Count(list, "\n"), want)
		}
	}
	dry := mustRun(t, folder, "subscriptions", "retire", "--unseen", "180d")
	month := time.Now().AddDate(0, 0, -200).UTC().Format("2006-01")
	if !strings.Contains(dry, "2 would be retired: do it with --yes") || !strings.Contains(dry, month) {
		t.Errorf("it says %s", dry)
	}
	if lines := mustRun(t, folder, "subscriptions", "retire", "--unseen", "365d", "--json"); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, `"subscriptions":1`) {
		t.Errorf("it says %s", lines)
	}
	left(3)
	for _, wrong := range [][]string{{}, {"--unseen", "soon"}, {"--unseen", "29d"}, {"--unseen", "0d", "--yes"}, {"--unseen", "180d", "--yes", "all"}} {
		if out, _, status := run(t, folder, append([]string{"subscriptions", "retire"}, wrong...)...); status != 1 {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	left(3)
	for _, want := range []string{"2 are retired", "0 are retired"} {
		if said := mustRun(t, folder, "subscriptions", "retire", "--unseen", "180d", "--yes"); !strings.Contains(said, want) {
			t.Errorf("it says %s, want %q", said, want)
		}
	}
	left(1)
	for _, where := range [][]string{{}, {"--server", s.url, "--api-key", testKey}} {
		table := mustRun(t, folder, append([]string{"subscriptions", "losses"}, where...)...)
		if !strings.Contains(table, "retired") || !strings.Contains(table, "2 in all") {
			t.Errorf("%v: the losses are %s", where, table)
		}
		if none := mustRun(t, folder, append([]string{"subscriptions", "losses", "--from", "2020-01-01", "--to", "2020-12-31", "--json"}, where...)...); none != "" {
			t.Errorf("%v: of 2020 the losses are %s", where, none)
		}
		if _, errs, status := run(t, folder, append([]string{"subscriptions", "losses", "--from", "x"}, where...)...); status != 1 || !strings.Contains(errs, "from") {
			t.Errorf("%d %q", status, errs)
		}
	}
}

// What has ended is forgotten after --retention, and never by a command.
func TestRetentionIsTheServers(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(http.ResponseWriter, string, int) {})
	folder := t.TempDir()
	setOrigin(t, folder)
	for _, wrong := range []string{"1h", "soon", "-5d"} {
		if _, errs, status := run(t, folder, "serve", "--addr", "127.0.0.1:0", "--retention="+wrong); status != 1 || !strings.Contains(errs, "--retention") {
			t.Errorf("%s: %d %q", wrong, status, errs)
		}
	}
	service.subscribe(t, folder, "/one")
	database := openRaw(t, filepath.Join(folder, "data", "pushkit.db"))
	if _, err := database.Exec("INSERT INTO tombstones SELECT 1, zeroblob(16), 'gone', last_seen_at - 10 * 86400000, id, '[]', '' FROM subscriptions"); err != nil {
		t.Fatal(err)
	}
	kept := func() (n int) {
		t.Helper()
		if err := database.QueryRow("SELECT COUNT(*) FROM tombstones").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	mustRun(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL)
	if kept() != 1 {
		t.Error("a command has swept")
	}
	serve(t, folder, "--api-key", testKey, "--retention", "7d")
	for deadline := time.Now().Add(10 * time.Second); kept() != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what is old is not forgotten")
		}
	}
}

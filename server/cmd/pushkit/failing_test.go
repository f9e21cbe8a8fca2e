package main_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

// What only fails is reported, and stays.
func TestWhatOnlyFailsIsReported(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, path string, _ int) {
		if path == "/bad" {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	folder := t.TempDir()
	setOrigin(t, folder)
	bad := service.subscribe(t, folder, "/bad", "/good")
	run(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL)
	list := func(args ...string) []wire.SubscriptionInfo {
		t.Helper()
		var infos []wire.SubscriptionInfo
		for line := range strings.Lines(mustRun(t, folder, append([]string{"subscriptions", "list", "--json"}, args...)...)) {
			var info wire.SubscriptionInfo
			if err := json.Unmarshal([]byte(line), &info); err != nil {
				t.Fatal(err)
			}
			infos = append(infos, info)
		}
		return infos
	}
	if got := list("--failing", "0d"); len(got) != 1 || got[0].FailingSince == "" || !strings.HasPrefix(got[0].Failure, "400") {
		t.Fatalf("got %+v, of %v", got, bad)
	}
	if got := list("--failing", "30d"); len(got) > 0 {
		t.Errorf("after a moment: %+v", got)
	}
	if _, err := openRaw(t, filepath.Join(folder, "data", "pushkit.db")).Exec("UPDATE failing SET since = since - 31 * 86400000"); err != nil {
		t.Fatal(err)
	}
	s := serve(t, folder, "--api-key", testKey)
	if got := list("--failing", "30d", "--server", s.url, "--api-key", testKey); len(got) != 1 {
		t.Errorf("by the server: %+v", got)
	}
	if table := mustRun(t, folder, "subscriptions", "list"); strings.Count(table, " 400") != 1 || strings.Count(table, "\n") != 3 {
		t.Errorf("got %s", table)
	}
	for _, where := range [][]string{{}, {"--server", s.url, "--api-key", testKey}} {
		if _, errs, status := run(t, folder, append([]string{"subscriptions", "list", "--failing", "soon"}, where...)...); status != 1 || !strings.Contains(errs, "30d") {
			t.Errorf("%d %q", status, errs)
		}
	}
	s.end()
	if said := s.stderr.String(); strings.Count(said, "--failing 30d") != 1 || !strings.Contains(said, "subscriptions=1 site=default") {
		t.Errorf("it says %s", said)
	}
}

package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

func TestMessagesAreListedShownAndCancelled(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ string, _ int) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	folder := t.TempDir()
	s := serve(t, folder, "--push-services", service.URL)
	service.subscribe(t, folder, "/a")
	for i, way := range [][]string{{"--server", s.url}, {"--database", "sqlite://data/pushkit.db"}, {"--push-services", service.URL}} {
		if i == 2 {
			// By the database alone, which a command that was killed has left.
			s.end()
		}
		sending := command(t, folder, append([]string{"send", "--title", "x", "--all"}, way...)...)
		if i == 2 {
			way = nil
		}
		if err := sending.Start(); err != nil {
			t.Fatal(err)
		}
		<-service.arrived
		sending.Process.Kill()
		sending.Wait()
		messages := func(args ...string) string {
			return mustRun(t, folder, append(append([]string{"messages"}, args...), way...)...)
		}
		var m wire.MessageResponse
		newest, _, _ := strings.Cut(messages("list", "--json"), "\n")
		if err := json.Unmarshal([]byte(newest), &m); err != nil || m.State != wire.MessageSending {
			t.Fatalf("got %s, %v", newest, err)
		}
		if table := messages("list"); !strings.Contains(table, m.ID) || !strings.Contains(table, "STATE") {
			t.Errorf("got %s", table)
		}
		shown := ""
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(shown, "503"); {
			// What has become of the attempt may be written a moment later.
			if shown = messages("show", m.ID); i > 0 || time.Now().After(deadline) {
				break
			}
		}
		if counts, _, _ := strings.Cut(shown, "\n"); counts != "sending: 1 targeted, 0 accepted, 0 gone, 0 failed, 0 expired, 1 pending" {
			t.Errorf("got %q", shown)
		}
		if i == 0 && (!strings.Contains(shown, "\n1 pending at 127.0.0.1:") || !strings.Contains(shown, ": 503 Service Unavailable\n  The push service is not available.") || !strings.Contains(shown, "\n  It is tried again by itself")) {
			t.Errorf("got %q", shown)
		}
		// What is under way may be counted a moment later.
		got := ""
		for deadline := time.Now().Add(10 * time.Second); strings.Contains(got, "pending") || got == ""; {
			if got = messages("cancel", m.ID); time.Now().After(deadline) {
				t.Fatalf("got %q", got)
			}
		}
		if got != "cancelled: 1 targeted, 0 accepted, 0 gone, 0 failed, 0 expired, 1 cancelled\n" {
			t.Errorf("got %q", got)
		}
		if got := messages("show", m.ID, "--json"); !strings.Contains(got, `"cancelled":1`) {
			t.Errorf("got %s", got)
		}
		for _, wrong := range [][]string{{"show"}, {"cancel", "x"}, {"show", m.ID, m.ID}, {"list", "x"}} {
			stdout, stderr, status := run(t, folder, append(append([]string{"messages"}, wrong...), way...)...)
			if status != 1 || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%v: %d %q %q", wrong, status, stdout, stderr)
			}
		}
	}
}

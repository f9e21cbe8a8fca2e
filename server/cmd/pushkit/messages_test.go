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
		sending := command(t, folder, append([]string{"send", "--title", "Goal and more of it, so that it is long", "--all"}, way...)...)
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
		if table := messages("list"); !strings.Contains(table, m.ID) || !strings.Contains(table, "STATE") || !strings.Contains(table, "  Goal and more of it, so that it…  all  ") {
			t.Errorf("got %s", table)
		}
		shown := ""
		for deadline := time.Now().Add(10 * time.Second); !strings.Contains(shown, "503"); {
			// What has become of the attempt may be written a moment later.
			if shown = messages("show", m.ID); i > 0 || time.Now().After(deadline) {
				break
			}
		}
		if !strings.Contains(shown, "\n  0 displayed, 0 clicked, 0 closed\n  title     Goal and more of it, so that it is long\n  audience  all\n  due       at "+m.DueAt+"\n") {
			t.Errorf("got %q", shown)
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
		for _, wrong := range [][]string{{"show"}, {"cancel", "x"}, {"show", m.ID, m.ID}, {"list", "x"}, {"deliveries"}, {"deliveries", m.ID, "--state", "accepted"}} {
			stdout, stderr, status := run(t, folder, append(append([]string{"messages"}, wrong...), way...)...)
			if status != 1 || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%v: %d %q %q", wrong, status, stdout, stderr)
			}
		}
	}
}

func TestAMessageThatIsSentLeavesNothingToCancel(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	setOrigin(t, folder)
	mustRun(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL)
	var m wire.MessageResponse
	if err := json.Unmarshal([]byte(mustRun(t, folder, "messages", "list", "--json")), &m); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := run(t, folder, "messages", "cancel", m.ID)
	if status != 0 || !strings.HasPrefix(stdout, "sent: 1 targeted") || !strings.Contains(stderr, "nothing was left to cancel") {
		t.Errorf("got %d %q %q", status, stdout, stderr)
	}
}

// The time of the first time zone alone would be read as that of all.
func TestAMessageAtALocalTimeIsShownAsThat(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := serve(t, folder)
	_, stderr, status := run(t, folder, "send", "--title", "Hello {{name|you}}", "--channel", "news", "--channel", "sport", "--none-of", "muted", "--local", "2090-12-01T09:00")
	const want = "at 2090-12-01T09:00:00 by each recipient's clock, in the first time zone at 2090-11-30T19:00:00Z"
	if status != 0 || !strings.Contains(stderr, want) {
		t.Fatalf("got %d %q", status, stderr)
	}
	for _, way := range [][]string{nil, {"--server", s.url}} {
		var m wire.MessageResponse
		if err := json.Unmarshal([]byte(mustRun(t, folder, append([]string{"messages", "list", "--json"}, way...)...)), &m); err != nil {
			t.Fatal(err)
		}
		list := mustRun(t, folder, append([]string{"messages", "list"}, way...)...)
		if !strings.Contains(list, "  2090-12-01T09:00:00 local  Hello you  any of news sport, none of muted  ") {
			t.Errorf("got %s", list)
		}
		if shown := mustRun(t, folder, append([]string{"messages", "show", m.ID}, way...)...); !strings.Contains(shown, want) {
			t.Errorf("got %s", shown)
		}
	}
}

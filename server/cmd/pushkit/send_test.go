package main_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestSendByEveryWay(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	s := serve(t, folder, "--push-services", service.URL)
	ids := service.subscribe(t, folder, "/a", "/b")
	const done = "sent: 2 targeted, 2 accepted, 0 gone, 0 failed, 0 expired\n"
	message := []string{"send", "--title", "Hello", "--body", "World", "--channel", "news"}

	if got := mustRun(t, folder, append(message, "--server", s.url)...); got != done {
		t.Errorf("by the server: %q", got)
	}
	if got := mustRun(t, folder, append(message, "--channel", "sport")...); got != done {
		t.Errorf("by the database, while a server delivers: %q", got)
	}
	if got := mustRun(t, folder, "send", "--title", "x", "--all-of", "news", "--none-of", "sport"); got != done {
		t.Errorf("to all of channels: %q", got)
	}
	localized := filepath.Join(folder, "localized.json")
	write(t, localized, `{"de": {"title": "Hallo"}}`)
	if got := mustRun(t, folder, append(message, "--localized", localized)...); got != done {
		t.Errorf("in two languages: %q", got)
	}
	for text, want := range map[string]string{`{"de": {"titel": "Hallo"}}`: "titel", `{"d-": {}}`: "localized", `{`: "localized.json", `{"de": {"title": "Hallo"}} {}`: "something follows"} {
		write(t, localized, text)
		if _, stderr, status := run(t, folder, append(message, "--localized", localized)...); status == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %q", text, stderr)
		}
	}
	if _, stderr, status := run(t, folder, append(message, "--close", "chat", "--close", strings.Repeat("x", 257))...); status == 0 || !strings.Contains(stderr, "close[1]") {
		t.Errorf("a tag to close that is too long: %q", stderr)
	}
	nobody := []string{"send", "--title", "x", "--all", "--none-of", "news"}
	if got, stderr, _ := run(t, folder, append(nobody, "--server", s.url)...); !strings.HasPrefix(got, "sent: 0 targeted") || !strings.HasSuffix(stderr, "nobody is subscribed to that\n") {
		t.Errorf("to all but a channel's: %q %q", got, stderr)
	}
	// A person who is in another folder sees it.
	if _, stderr, _ := run(t, folder, nobody...); !strings.HasSuffix(stderr, "nobody is subscribed to that, in "+filepath.Join(folder, "data", "pushkit.db")+"\n") {
		t.Errorf("to all but a channel's, by the database: %q", stderr)
	}
	if got := mustRun(t, folder, "send", "--title", "x", "--subscription", ids[0]); !strings.HasPrefix(got, "sent: 1 targeted, 1 accepted") {
		t.Errorf("to one by the database, while a server delivers: %q", got)
	}
	s.end()
	var answer wire.MessageResponse
	text := mustRun(t, folder, append(message, "--push-services", service.URL, "--json")...)
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.State != wire.MessageSent || answer.Counts.Accepted != 2 {
		t.Errorf("by itself: %s %v", text, err)
	}
	if got := service.count("/a") + service.count("/b"); got != 2+2+2+2+1+2 {
		t.Errorf("the push service got %d messages, want 11", got)
	}

	stdout := mustRun(t, folder, "subscriptions", "list", "--json")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var info wire.SubscriptionInfo
	if err := json.Unmarshal([]byte(lines[0]), &info); err != nil || len(lines) != 2 || info.ID == "" || info.State != "active" || info.Channels[0] != "news" {
		t.Errorf("got %s, %v", stdout, err)
	}
	if table := mustRun(t, folder, "subscriptions", "list"); strings.Count(table, "\n") != 3 || !strings.Contains(table, info.ID) || strings.Contains(table, "/a") {
		t.Errorf("got %s", table)
	}
	var key struct {
		ApplicationServerKey string
		Current              bool
	}
	if err := json.Unmarshal([]byte(mustRun(t, folder, "vapid", "show", "--json")), &key); err != nil || len(key.ApplicationServerKey) != 87 || !key.Current {
		t.Errorf("got %+v, %v", key, err)
	}
}

func TestSendRetriesByItself(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ string, n int) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	setOrigin(t, folder)
	if got := mustRun(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL); !strings.HasPrefix(got, "sent: 1 targeted, 1 accepted") {
		t.Errorf("got %q", got)
	}
}

// What a server that is away had accepted is sent as the server would have sent
// it, though send was told nothing of its push services.
func TestSendDeliversInTheServersPlace(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	s := serve(t, folder, "--push-services", service.URL)
	s.Process.Kill()
	s.ended()
	if got := mustRun(t, folder, "send", "--title", "x", "--all"); !strings.HasPrefix(got, "sent: 1 targeted, 1 accepted") {
		t.Errorf("got %q", got)
	}
}

func TestTheExitStatusTellsFailure(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, path string, _ int) {
		switch path {
		case "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		default:
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	folder := t.TempDir()
	ids := map[string]string{}
	for _, path := range []string{"/forbidden", "/gone", "/busy"} {
		ids[path] = service.subscribe(t, folder, path)[0]
	}
	setOrigin(t, folder)
	send := func(path string, more ...string) []string {
		return append([]string{"send", "--title", "x", "--subscription", ids[path], "--push-services", service.URL}, more...)
	}
	stdout, stderr, status := run(t, folder, send("/forbidden")...)
	if status != 1 || !strings.Contains(stdout, "1 failed") || !strings.Contains(stderr, "1 deliveries failed or expired") {
		t.Errorf("a failure: %d %q %q", status, stdout, stderr)
	}
	for _, want := range []string{"\n1 failed at 127.0.0.1:", ": 403 Forbidden\n", "one by one: pushkit messages deliveries "} {
		if !strings.Contains(stdout+stderr, want) {
			t.Errorf("nothing says %q: %q %q", want, stdout, stderr)
		}
	}
	_, rest, _ := strings.Cut(stderr, "one by one: pushkit ")
	more, _, _ := strings.Cut(rest, "\n")
	if got := mustRun(t, folder, strings.Fields(more)...); strings.Count(got, "\n") != 2 || !strings.Contains(got, ids["/forbidden"]) || !strings.Contains(got, "403") {
		t.Errorf("%s: %q", more, got)
	}
	if got := mustRun(t, folder, send("/gone")...); !strings.Contains(got, "1 gone") {
		t.Errorf("got %q", got)
	}
	if stdout, stderr, status = run(t, folder, send("/busy", "--ttl", "60")...); status != 1 || !strings.Contains(stdout, "1 expired") {
		t.Errorf("an end of the TTL: %d %q %q", status, stdout, stderr)
	}
	// As "--json" it is a failure all the same.
	if stdout, stderr, status = run(t, folder, send("/forbidden", "--json")...); status != 1 || !strings.Contains(stdout, `"failed":1`) || !json.Valid([]byte(stdout)) {
		t.Errorf("a failure in JSON: %d %q %q", status, stdout, stderr)
	}

	// Ctrl-C while a delivery waits.
	for len(service.arrived) > 0 {
		<-service.arrived
	}
	c := command(t, folder, send("/busy")...)
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-service.arrived
	c.Process.Signal(os.Interrupt)
	if c.Wait(); c.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "still being sent") {
		t.Errorf("interrupted: %v %q", c.ProcessState, errs.String())
	}
}

// Who waits is told which message it is, and why it takes long, before it has ended.
func TestSendSaysAtOnceWhatItIsAndLaterWhyItWaits(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ string, _ int) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	setOrigin(t, folder)
	c := command(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	var said string
	for !strings.Contains(said, "It is tried again by itself") && lines.Scan() {
		said += lines.Text() + "\n"
	}
	first, _, _ := strings.Cut(said, "\n")
	id, isID := strings.CutPrefix(first, "message ")
	if !isID || !strings.Contains(said, "\n1 pending at 127.0.0.1:") || !strings.Contains(said, ": 503 Service Unavailable") {
		t.Errorf("got %q", said)
	}
	c.Process.Signal(os.Interrupt)
	for lines.Scan() {
	}
	c.Wait()
	if got := mustRun(t, folder, "messages", "show", id, "--json"); !strings.Contains(got, id) {
		t.Errorf("got %s", got)
	}
}

func TestSendWithoutWaiting(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	setOrigin(t, folder)
	send := []string{"send", "--title", "x", "--all", "--no-wait"}
	stdout, stderr, status := run(t, folder, send...)
	if status != 0 || !strings.Contains(stderr, "message "+strings.TrimSpace(stdout)+" is accepted") || !strings.Contains(stderr, "no server runs on this database") {
		t.Errorf("without a server: %d %q %q", status, stdout, stderr)
	}
	if service.count("/a") != 0 {
		t.Error("it was sent")
	}
	s := serve(t, folder, "--push-services", service.URL)
	for _, way := range [][]string{nil, {"--server", s.url}} {
		var m wire.MessageResponse
		if text := mustRun(t, folder, append(append(send, "--json"), way...)...); json.Unmarshal([]byte(text), &m) != nil || m.ID == "" {
			t.Errorf("%v: got %q", way, text)
		}
	}
	await(t, func() bool { return service.count("/a") == 3 })
}

func TestADryRunSendsNothing(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	s := serve(t, folder, "--push-services", service.URL)
	service.subscribe(t, folder, "/a", "/b")
	for _, way := range [][]string{nil, {"--server", s.url}} {
		send := append([]string{"send", "--all", "--dry-run", "--title", "x", "--body", strings.Repeat("y", 2800)}, way...)
		stdout, stderr, status := run(t, folder, send...)
		if status != 0 || stdout != "dry run: 2 subscriptions would get it, nothing was sent\n" || !strings.HasPrefix(stderr, "warning: ") {
			t.Errorf("%v: %d %q %q", way, status, stdout, stderr)
		}
		var counted wire.DryRunResponse
		if text := mustRun(t, folder, append(send, "--json")...); json.Unmarshal([]byte(text), &counted) != nil || counted.Targeted != 2 || len(counted.Warnings) != 1 {
			t.Errorf("%v: got %s", way, text)
		}
		if _, stderr, status := run(t, folder, append(send, "--urgency", "urgent")...); status != 1 || !strings.Contains(stderr, "urgency") {
			t.Errorf("what would be refused: %d %q", status, stderr)
		}
	}
	if got := mustRun(t, folder, "messages", "list", "--json"); got != "" {
		t.Errorf("a message was kept: %s", got)
	}
}

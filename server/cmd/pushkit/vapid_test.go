package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/push/pushtest"
)

// applicationServerKey is what a server tells browsers to subscribe with.
func applicationServerKey(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url + "/v1/config")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var config struct{ ApplicationServerKey string }
	if err != nil || json.Unmarshal(body, &config) != nil {
		t.Fatalf("%s %v", body, err)
	}
	return config.ApplicationServerKey
}

func TestAVAPIDKeyIsTakenOverBesideAServer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pair := func(name string) (public string) {
		text := mustRun(t, folder, "vapid", "generate")
		var key struct{ PublicKey string }
		if err := json.Unmarshal([]byte(text), &key); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), text)
		return key.PublicKey
	}
	first, second := pair("first.json"), pair("second.json")
	s := serve(t, folder)
	if out := mustRun(t, folder, "vapid", "import", "first.json"); out != first+"\n" {
		t.Errorf("got %q, want %s", out, first)
	}
	await(t, func() bool { return applicationServerKey(t, s.url) == first })
	write(t, filepath.Join(folder, "in.ndjson"), subscriptionLine("a"))
	mustRun(t, folder, "subscriptions", "import", "in.ndjson")
	if exported := mustRun(t, folder, "subscriptions", "export"); !strings.Contains(exported, first) {
		t.Errorf("got %s", exported)
	}
	if _, errs, status := run(t, folder, "vapid", "import", "second.json"); status != 1 || !strings.Contains(errs, "--current") || !strings.Contains(errs, "--beside") {
		t.Errorf("%d %q", status, errs)
	}
	mustRun(t, folder, "vapid", "import", "--beside", "second.json")
	if got := applicationServerKey(t, s.url); got != first {
		t.Errorf("browsers are told %s", got)
	}
	mustRun(t, folder, "vapid", "import", "--current", "second.json")
	await(t, func() bool { return applicationServerKey(t, s.url) == second })
	if shown := mustRun(t, folder, "vapid", "show"); !strings.HasPrefix(shown, second+"\n"+first+"\n") || strings.Count(shown, "\n") != 3 {
		t.Errorf("got %s", shown)
	}
	third := strings.TrimSpace(mustRun(t, folder, "vapid", "rotate"))
	await(t, func() bool { return applicationServerKey(t, s.url) == third })
	if shown := mustRun(t, folder, "vapid", "show", "--json"); !strings.HasPrefix(shown, `{"applicationServerKey":"`+third+`","current":true,"replaced":false,"subscriptions":0}`) ||
		!strings.Contains(shown, `{"applicationServerKey":"`+first+`","current":false,"replaced":true,"subscriptions":1}`) {
		t.Errorf("got %s", shown)
	}

	write(t, filepath.Join(folder, "bad"), pushtest.P256dh)
	write(t, filepath.Join(folder, "long"), strings.Repeat("x ", 40<<10))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{}, "which file?"},
		{[]string{"none"}, "no such file"},
		{[]string{"bad"}, "bad: it holds no key pair"},
		{[]string{"long"}, "longer than 64 KiB"},
		{[]string{"--current", "--beside", "first.json"}, "which one"},
	} {
		if _, errs, status := run(t, folder, append([]string{"vapid", "import"}, test.args...)...); status != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("%v: %d %q", test.args, status, errs)
		}
	}
}

// A message to a subscription that was won with another product is signed with the
// key of that product.
func TestASubscriberOfAnotherProductIsSentToWithItsKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	keys := make(chan string, 1)
	service := newPushServiceOf(t, func(r *http.Request) { keys <- r.Header.Get("Authorization") })
	serve(t, folder, "--push-services", service)
	text := mustRun(t, folder, "vapid", "generate")
	c := command(t, folder, "vapid", "import", "-")
	c.Stdin = strings.NewReader(text)
	public, err := c.Output()
	if err != nil {
		t.Fatal(err.(*exec.ExitError).Stderr)
	}
	write(t, filepath.Join(folder, "in.ndjson"), strings.ReplaceAll(subscriptionLine("a"), "https://fcm.googleapis.com", service))
	mustRun(t, folder, "subscriptions", "import", "in.ndjson")
	mustRun(t, folder, "send", "--title", "Moved", "--all")
	if header := <-keys; !strings.HasSuffix(header, "k="+strings.TrimSpace(string(public))) {
		t.Errorf("signed with %s, want the key %s", header, public)
	}
}

// newPushServiceOf is a push service that shows what it gets.
func newPushServiceOf(t *testing.T, see func(*http.Request)) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		see(r)
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

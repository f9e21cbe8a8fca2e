package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/wire"
)

func TestAUserIsSetShownAndForgotten(t *testing.T) {
	t.Parallel()
	service := newPushService(t, nil)
	folder := t.TempDir()
	s := serve(t, folder, "--push-services", service.URL)
	for _, way := range [][]string{nil, {"--server", s.url}} {
		users := func(args ...string) string {
			return mustRun(t, folder, append(append([]string{"users"}, args...), way...)...)
		}
		write(t, filepath.Join(folder, "in"), subscriptionLine("a"))
		mustRun(t, folder, "subscriptions", "import", "in")
		users("set", "u1", "name=Ada = <b>", "points=12345678901234567890", "premium=true", `code="5"`, "empty=", "list=[1]")
		var user wire.UserResponse
		decoder := json.NewDecoder(strings.NewReader(users("show", "u1", "--json")))
		decoder.UseNumber()
		if err := decoder.Decode(&user); err != nil || len(user.Subscriptions) != 1 {
			t.Fatalf("got %+v, %v", user, err)
		}
		for name, want := range map[string]any{"name": "Ada = <b>", "points": json.Number("12345678901234567890"), "premium": true, "code": "5", "empty": "", "list": "[1]"} {
			if user.Attributes[name] != want {
				t.Errorf("%s is %v, want %v", name, user.Attributes[name], want)
			}
		}
		if shown := users("show", "u1"); !strings.Contains(shown, "points=12345678901234567890\n") || !strings.Contains(shown, user.Subscriptions[0].ID) {
			t.Errorf("got %s", shown)
		}
		if got := users("forget", "u1"); got != "6 attributes, 1 subscription and 0 that ended would be erased: --yes does it\n" {
			t.Errorf("got %q", got)
		}
		users("forget", "u1", "--yes")
		for _, wrong := range [][]string{{"show", "u1"}, {"show"}, {"set", "u1"}, {"set", "u1", "name"}, {"set", "u1", "0=x"}, {"forget", "u1", "--yes"}, {"show", "a\nb"}} {
			if out, errs, status := run(t, folder, append(append([]string{"users"}, wrong...), way...)...); status != 1 || out != "" || strings.Count(errs, "\n") != 1 {
				t.Errorf("%q: %d %q %q", wrong, status, out, errs)
			}
		}
	}
}

// What messages call a user goes along from one server to another.
func TestUsersMoveFromOneDatabaseToAnother(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	serve(t, folder).end()
	mustRun(t, folder, "users", "set", "u1", "name=Ada", "points=12345678901234567890")
	mustRun(t, folder, "users", "set", "u/2", "name=Grace")
	mustRun(t, folder, "users", "export", "users.ndjson")
	if info, err := os.Stat(filepath.Join(folder, "users.ndjson")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	exported := read(t, filepath.Join(folder, "users.ndjson"))
	if strings.Count(exported, "\n") != 2 || exported != mustRun(t, folder, "users", "export") {
		t.Errorf("got %s", exported)
	}
	url, other := postgrestest.Database(t), t.TempDir()
	s := serve(t, other, "--database", url, "--api-key", testKey)
	for _, way := range [][]string{{"--database", url}, {"--server", s.url, "--api-key", testKey}} {
		if got := mustRun(t, folder, append([]string{"users", "import", "users.ndjson"}, way...)...); got != "2 set, 0 bad\n" {
			t.Errorf("got %q", got)
		}
	}
	if got := mustRun(t, other, "users", "export", "--database", url); len(got) != len(exported) || !strings.Contains(got, `{"id":"u1","attributes":{"name":"Ada","points":12345678901234567890}}`) {
		t.Errorf("got %s, want %s", got, exported)
	}
	write(t, filepath.Join(folder, "bad"), `{"id": "u3", "attributes": {"name": "Eve"}}`+"\nnonsense\n"+`{"id": "", "attributes": {}}`+"\n"+`{"id": "u4"}`+"\n"+`{"id": "u5", "attributes": {"a": {}}}`+"\n"+
		`{"id": "u6", "attributes": {"a": "`+strings.Repeat("x", 70_000)+`"}}`+"\n"+`{"id": "u7", "attributes": {}}`)
	out, errs, status := run(t, folder, "users", "import", "bad")
	if status != 1 || out != "2 set, 5 bad\n" || strings.Count(errs, "\n") != 6 || !strings.HasPrefix(errs, "line 2: ") || !strings.Contains(errs, "\nline 6: it is longer than 64 KiB") {
		t.Errorf("%d %q %q", status, out, errs)
	}
}

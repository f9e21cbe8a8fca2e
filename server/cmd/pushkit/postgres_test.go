package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const testKey = "0123456789abcdef"

// openPostgres opens the database for a test's own hands.
func openPostgres(t *testing.T, url string) push.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url, postgres.Options{Guest: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestSeveralServersShareOneDatabase(t *testing.T) {
	t.Parallel()
	database := postgrestest.Database(t)
	service := newPushService(t, nil)
	folders := [2]string{t.TempDir(), t.TempDir()}
	var servers [2]*served
	for i, folder := range folders {
		servers[i] = serve(t, folder, "--database", database, "--push-services", service.URL)
	}
	ids := service.subscribeIn(t, openPostgres(t, database), "/a", "/b")
	send := []string{"send", "--title", "Hello", "--all", "--database", database}
	const done = "sent: 2 targeted, 2 accepted, 0 gone, 0 failed, 0 expired\n"

	if got := mustRun(t, folders[0], send...); got != done {
		t.Errorf("by the database: %q", got)
	}
	// The first key is the whole database's.
	for i, s := range servers {
		if got := mustRun(t, folders[0], "send", "--title", "x", "--channel", "news", "--server", s.url); got != done {
			t.Errorf("by server %d: %q", i, got)
		}
	}
	if _, err := os.Stat(folders[1] + "/data/api-key"); err == nil {
		t.Error("the second server has made a key of its own")
	}
	var config [2]wire.Config
	for i, s := range servers {
		response, err := http.Get(s.url + wire.PathConfig)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewDecoder(response.Body).Decode(&config[i]); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	if shown := mustRun(t, folders[1], "vapid", "show", "--database", database); config[0] != config[1] || strings.TrimSpace(shown) != config[0].ApplicationServerKey {
		t.Errorf("the application server keys are %v and %s", config, shown)
	}
	if list := mustRun(t, folders[1], "subscriptions", "list", "--json", "--database", database); strings.Count(list, "\n") != 2 || !strings.Contains(list, ids[0]) {
		t.Errorf("got %s", list)
	}
	if secret := mustRun(t, folders[1], "keys", "user-secret", "--database", database); len(strings.TrimSpace(secret)) != 43 {
		t.Errorf("got %q", secret)
	}

	// One of them goes, and the other does all.
	servers[0].end()
	if got := mustRun(t, folders[0], send...); got != done {
		t.Errorf("with one server: %q", got)
	}
	servers[1].end()
	// None is left: the message is kept, and whoever sent it is told so.
	c := command(t, folders[0], send...)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 200)
	n, _ := stderr.Read(said)
	if !strings.HasPrefix(string(said[:n]), "no server runs on this database") {
		t.Errorf("it says %q", said[:n])
	}
	c.Process.Kill()
	c.Wait()
	serve(t, folders[0], "--database", database, "--push-services", service.URL)
	for deadline := time.Now().Add(20 * time.Second); service.count("/a") < 5 || service.count("/b") < 5; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the message that was kept is not sent")
		}
	}
	if a, b := service.count("/a"), service.count("/b"); a != 5 || b != 5 {
		t.Errorf("%d and %d messages came, want 5 each", a, b)
	}
}

func TestAPostgresThatCannotBeUsedIsOneClearLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	empty := postgrestest.Empty(t)
	for arguments, want := range map[string]string{
		"serve --addr 127.0.0.1:0 --database postgres://u:secret@127.0.0.1:1/x":    "no PostgreSQL server answers",
		"subscriptions list --database postgres://u:secret@127.0.0.1:1/x":          "no PostgreSQL server answers",
		"vapid show --database " + empty:                                           "start pushkit serve once",
		"keys user-secret --database " + empty:                                     "start pushkit serve once",
		"send --title x --all --database " + empty:                                 "start pushkit serve once",
		"serve --addr 127.0.0.1:0 --database postgress://u:secret@127.0.0.1:1/x":   "--database is neither",
		"serve --addr 127.0.0.1:0 --database postgres://u:sec:ret@127.0.0.1:x/y?z": "not of the form",
	} {
		stdout, stderr, status := run(t, folder, strings.Fields(arguments)...)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) || strings.Contains(stderr, "sec") {
			t.Errorf("pushkit %s: %d %q %q, want one line about %s", arguments, status, stdout, stderr, want)
		}
	}
}

// The database goes away in the middle of a broadcast, for longer than a lease
// lasts: callers are told, nothing is lost, and it goes on by itself.
func TestADatabaseThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	const (
		people = 2000
		away   = push.LeaseTime + 2*time.Second
	)
	database, err := postgrestest.Start()
	if err != nil {
		postgrestest.Missing(t, err)
	}
	t.Cleanup(database.Close)
	service := newPushService(t, func(w http.ResponseWriter, _ string, _ int) {
		time.Sleep(100 * time.Millisecond) // a broadcast that takes its time
		w.WriteHeader(http.StatusCreated)
	})
	s := serve(t, t.TempDir(), "--database", database.URL, "--push-services", service.URL, "--api-key", testKey)
	var paths []string
	for i := range people {
		paths = append(paths, fmt.Sprint("/", i))
	}
	service.subscribeIn(t, openPostgres(t, database.URL), paths...)
	post := func() *http.Response {
		t.Helper()
		request, err := http.NewRequest("POST", s.url+wire.PathMessages, strings.NewReader(`{"audience": {"all": true}, "notification": {"title": "x"}}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+testKey)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	accepted := post()
	if accepted.StatusCode != http.StatusAccepted {
		t.Fatalf("got %v", accepted)
	}
	for range people / 4 {
		<-service.arrived
	}
	database.Stop()
	gone := time.Now()
	for time.Since(gone) < away {
		response := post()
		var problem wire.Problem
		if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusServiceUnavailable || problem.Code != wire.Unavailable || response.Header.Get("Retry-After") == "" {
			t.Fatalf("got %v %+v", response, problem)
		}
		time.Sleep(time.Second)
	}
	if err := database.Run(); err != nil {
		t.Fatal(err)
	}
	message := awaitMessage(t, s.url+accepted.Header.Get("Location"), `"state":"sent"`)
	if !strings.Contains(message, fmt.Sprintf(`"accepted":%d,`, people)) {
		t.Errorf("got %s%s", message, s.stderr)
	}
	// This node was the only one: what it sent before, it has recorded since.
	for _, path := range paths {
		if n := service.count(path); n != 1 {
			t.Errorf("%s got it %d times", path, n)
		}
	}
	if again := post(); again.StatusCode != http.StatusAccepted {
		t.Errorf("afterwards: %v", again)
	}
}

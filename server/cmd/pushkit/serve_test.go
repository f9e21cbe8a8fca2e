package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestFirstStartNeedsNothingAndSaysEverything(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := serve(t, folder)
	file := filepath.Join(folder, "data", "api-key")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("data/api-key: %v, %v", info, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(content))
	for _, want := range []string{first.url, first.url + "/demo/\n", first.url + "/docs\n", "API key    in " + filepath.Join("data", "api-key")} {
		if !strings.Contains(first.greeting, want) {
			t.Errorf("the greeting does not say %s:\n%s", want, first.greeting)
		}
	}
	// Where it goes into a journal, the key stays out of it.
	if strings.Contains(first.greeting, key) {
		t.Errorf("the greeting tells the key:\n%s", first.greeting)
	}
	response, err := http.Get(first.url + "/v1/config")
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("got %v, %v", response, err)
	}
	response.Body.Close()
	public := mustRun(t, folder, "vapid", "show")
	first.end()
	if !strings.Contains(first.stderr.String(), "--vapid-subject") {
		t.Errorf("nothing warns that there is no --vapid-subject: %s", first.stderr)
	}

	second := serve(t, folder)
	if strings.Contains(second.greeting, key) || !strings.Contains(second.greeting, filepath.Join("data", "api-key")) {
		t.Errorf("the second greeting must say where the key is, not the key:\n%s", second.greeting)
	}
	if again := mustRun(t, folder, "vapid", "show"); again != public || len(strings.TrimSpace(public)) != 87 {
		t.Errorf("the VAPID key was %q and is %q", public, again)
	}

	// One process serves a database.
	_, stderr, status := run(t, folder, "serve", "--addr", "127.0.0.1:0")
	if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "another process serves this database") {
		t.Errorf("a second server ends with %d: %s", status, stderr)
	}
	second.end()
}

func TestAGivenAPIKeyIsTaken(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := serve(t, folder, "--api-key", "0123456789abcdef")
	if strings.Contains(s.greeting, "0123456789abcdef") {
		t.Errorf("the greeting tells it:\n%s", s.greeting)
	}
	if _, err := os.Stat(filepath.Join(folder, "data", "api-key")); err == nil {
		t.Error("it was written to a file")
	}
	mustRun(t, folder, "subscriptions", "list", "--server", s.url, "--api-key", "0123456789abcdef")
	_, stderr, status := run(t, folder, "subscriptions", "list", "--server", s.url, "--api-key", "0123456789abcdeF")
	if status != 1 || !strings.Contains(stderr, "api-key-invalid") {
		t.Errorf("another key: %d, %s", status, stderr)
	}
}

func TestEachMistakeIsOneClearLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for arguments, want := range map[string]string{
		"serve --adr :8080":                                                 "-adr",
		"serve --addr nonsense":                                             "--addr",
		"serve --database mysql://x":                                        "--database",
		"serve --allowed-origins example.com":                               "--allowed-origins",
		"serve --allowed-origins https://a.example,ftp:x":                   "--allowed-origins",
		"serve --push-services foo":                                         "--push-services",
		"serve --push-services http://10.0.0.1:80":                          "--push-services",
		"serve --vapid-subject me@example.com":                              "--vapid-subject",
		"serve --vapid-subject https://localhost":                           "--vapid-subject",
		"serve --api-key short":                                             "--api-key",
		"serve --max-in-flight -1":                                          "max-in-flight",
		"serve --max-connections -1":                                        "max-connections",
		"serve --public-url push.example.com":                               "--public-url",
		"serve --emulator --emulator-addr nonsense":                         "--emulator-addr",
		"serve extra":                                                       "takes no arguments",
		"send":                                                              "title",
		"send --title x --ttl soon":                                         "ttl",
		"send --title x":                                                    "--channel",
		"send --title x --all y":                                            "no arguments",
		"send --title x --all --database sqlite://none":                     "no database",
		"send --title x --all --server nonsense --api-key 0123456789abcdef": "--server",
		"send --title x --all --server http://127.0.0.1:1 --api-key 0123456789abcdef": "cannot be reached",
		"send --title x --all --server http://127.0.0.1:1 --database sqlite://none/x": "no API key",
		"subscriptions list --database sqlite://none":                                 "no database",
		"subscriptions list --api-key 0123456789abcdef":                               "--server",
		"send --title x --all --api-key 0123456789abcdef":                             "--server",
		"vapid rotate x":                                         "no arguments",
		"version x":                                              "no arguments",
		"serve --public-rate fast":                               "--public-rate",
		"serve --trusted-proxies proxy":                          "--trusted-proxies",
		"backup":                                                 "which file?",
		"backup --database sqlite://none x":                      "no database",
		"backup --database postgres://u:p@h/x x":                 "pg_dump",
		"backup --database mysql://x x":                          "--database",
		"subscriptions nonsense":                                 "nonsense",
		"subscriptions import":                                   "which file?",
		"subscriptions import --from nonsense none":              "no kind of file",
		"subscriptions export --server http://127.0.0.1:1 x":     "-server",
		"subscriptions import none":                              "no such file",
		"subscriptions export a b":                               "one FILE",
		"subscriptions export --database sqlite://none":          "no database",
		"subscriptions export --database sqlite://none out.json": "no database",
		"vapid show --database sqlite://none":                    "no database",
		"nonsense":                                               "nonsense",
	} {
		words := strings.Fields(arguments)
		if words[0] == "serve" {
			// The usual port may be taken; a later --addr wins.
			words = slices.Insert(words, 1, "--addr", "127.0.0.1:0")
		}
		stdout, stderr, status := run(t, folder, words...)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "pushkit: ") || !strings.Contains(stderr, want) {
			t.Errorf("pushkit %s: %d %q %q, want one line about %s", arguments, status, stdout, stderr, want)
		}
	}
	for _, arguments := range []string{"", "--help", "serve --help", "send --help", "subscriptions", "vapid --help", "version", "--version", "-v"} {
		if stdout, stderr, status := run(t, folder, strings.Fields(arguments)...); status != 0 || stdout == "" || stderr != "" {
			t.Errorf("pushkit %s: %d %q %q", arguments, status, stdout, stderr)
		}
	}
}

// A crash at any moment loses nothing, and repeats only what was in flight.
func TestKilledInTheMiddleOfABroadcast(t *testing.T) {
	t.Parallel()
	const people, answered = 500, 200
	var arrivals atomic.Int64
	killed := make(chan struct{})
	answeredPaths := make(chan string, answered)
	service := newPushService(t, func(w http.ResponseWriter, path string, _ int) {
		if arrivals.Add(1) <= answered {
			answeredPaths <- path
		} else {
			<-killed
		}
		w.WriteHeader(http.StatusCreated)
	})
	folder := t.TempDir()
	flags := []string{"--push-services", service.URL, "--api-key", "0123456789abcdef"}
	first := serve(t, folder, flags...)
	var paths []string
	for i := range people {
		paths = append(paths, fmt.Sprint("/", i))
	}
	service.subscribe(t, folder, paths...)
	request, err := http.NewRequest("POST", first.url+"/v1/messages", strings.NewReader(`{"audience": {"all": true}, "notification": {"title": "x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer 0123456789abcdef")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != 202 {
		t.Fatalf("got %v, %v", response, err)
	}
	response.Body.Close()
	address := response.Header.Get("Location")
	awaitMessage(t, first.url+address, fmt.Sprintf(`"accepted":%d,`, answered))
	first.Process.Kill()
	first.ended()
	close(killed)

	// Whoever comes next finishes it.
	second := serve(t, folder, flags...)
	message := awaitMessage(t, second.url+address, `"state":"sent"`)
	if !strings.Contains(message, fmt.Sprintf(`"accepted":%d,`, people)) {
		t.Errorf("got %s", message)
	}
	for _, path := range paths {
		// What was in flight may have been made already.
		if n := service.count(path); n < 1 || n > 2 {
			t.Errorf("%s got it %d times", path, n)
		}
	}
	for range answered {
		if path := <-answeredPaths; service.count(path) != 1 {
			t.Errorf("%s got it again, though its answer was on disk", path)
		}
	}
}

// awaitMessage awaits that a message has some text, and returns the whole. A
// server whose database was away may need a moment more.
func awaitMessage(t *testing.T, url, text string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, message := get(t, url)
		if status == http.StatusOK && strings.Contains(message, text) {
			return message
		}
		if status != http.StatusOK && status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("no %s in %d %s", text, status, message)
		}
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+testKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func TestTheVersionIsToldEitherWay(t *testing.T) {
	t.Parallel()
	if flag, command := mustRun(t, ".", "--version"), mustRun(t, ".", "version"); flag != command || !strings.HasPrefix(flag, "pushkit ") {
		t.Errorf("got %q and %q", flag, command)
	}
}

// People who come to a server of the internet have no use for a demo.
func TestTheDemoIsNoPartOfAPublicServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		served bool
	}{
		{nil, true}, {[]string{"--no-demo"}, false}, {[]string{"--public-url", "http://localhost:1"}, true},
		{[]string{"--public-url", "https://push.example.com"}, false}, {[]string{"--public-url", "https://push.example.com", "--no-demo=false"}, true},
	} {
		address := freeAddress(t)
		s := serve(t, t.TempDir(), append(c.args, "--addr", address)...)
		response, err := http.Get("http://" + address + "/demo/")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if served, told := response.StatusCode == 200, strings.Contains(s.greeting, "/demo/"); served != c.served || told != c.served {
			t.Errorf("%v: it is answered %s, and told %v", c.args, response.Status, told)
		}
		s.end()
	}
}

// freeAddress is one at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestAnAddressThatIsTakenLeavesNoNewDatabase(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	_, stderr, status := run(t, folder, "serve", "--addr", taken.Addr().String())
	if status != 1 || !strings.Contains(stderr, "another pushkit? end it, or give another --addr") {
		t.Errorf("it ended with %d: %s", status, stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); !os.IsNotExist(err) {
		t.Errorf("data/ was made: %v", err)
	}
}

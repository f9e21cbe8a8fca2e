package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// program is the binary under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "pushkit-test-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		program = filepath.Join(folder, "pushkit")
		if output, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s%v\n", output, err)
			return 1
		}
		return postgrestest.Main(m)
	}())
}

// command is the program in a folder, without settings of the environment.
func command(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = folder
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PUSHKIT_") {
			c.Env = append(c.Env, variable)
		}
	}
	return c
}

// run waits for a command's end.
func run(t *testing.T, folder string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := command(t, folder, args...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// mustRun expects success.
func mustRun(t *testing.T, folder string, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, status := run(t, folder, args...)
	if status != 0 {
		t.Fatalf("pushkit %s ended with %d: %s%s", strings.Join(args, " "), status, stdout, stderr)
	}
	return stdout
}

// A served program runs until the test ends.
type served struct {
	*exec.Cmd
	t *testing.T
	// url is the server's, greeting what it printed until it was ready.
	url, greeting string
	stderr        *bytes.Buffer
	ended         func() error
}

var addressLine = regexp.MustCompile(`(?m)^  server +(https?://\S+)$`)

func serve(t *testing.T, folder string, args ...string) *served {
	t.Helper()
	s := &served{Cmd: command(t, folder, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...), t: t, stderr: new(bytes.Buffer)}
	s.Stderr = s.stderr
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = sync.OnceValue(s.Wait)
	t.Cleanup(func() {
		s.Process.Kill()
		if err := s.ended(); t.Failed() {
			t.Logf("pushkit serve ended with %v: %s", err, s.stderr)
		}
	})
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			s.ended()
			t.Fatalf("pushkit serve did not start: %s%s", s.greeting, s.stderr)
		}
		s.greeting += line
		// The greeting ends with an empty line, as its first paragraph does.
		if match := addressLine.FindStringSubmatch(s.greeting); line == "\n" && match != nil {
			s.url = match[1]
			go io.Copy(io.Discard, lines)
			return s
		}
	}
}

// end stops the server as a service manager does, and expects success.
func (s *served) end() {
	s.t.Helper()
	s.Process.Signal(syscall.SIGTERM)
	if err := s.ended(); err != nil {
		s.t.Errorf("pushkit serve ended with %v: %s", err, s.stderr)
	}
}

// A pushService counts what it gets by path, and answers as handle says, which
// is given the path and how many requests came there with this one.
type pushService struct {
	*httptest.Server
	mu      sync.Mutex
	counts  map[string]int
	arrived chan string
}

func newPushService(t *testing.T, handle func(w http.ResponseWriter, path string, n int)) *pushService {
	p := &pushService{counts: map[string]int{}, arrived: make(chan string, 10_000)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.counts[r.URL.Path]++
		n := p.counts[r.URL.Path]
		p.mu.Unlock()
		p.arrived <- r.URL.Path
		if handle != nil {
			handle(w, r.URL.Path, n)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pushService) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[path]
}

// openFolder opens the database of a folder, which is made where there is none. Close
// it after use.
func openFolder(t *testing.T, folder string) *sqlite.Store {
	t.Helper()
	path := filepath.Join(folder, "data", "pushkit.db")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		sqlitetest.Make(t, path)
	}
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// subscribe writes subscriptions at these paths of the push service into the
// database of a folder.
func (p *pushService) subscribe(t *testing.T, folder string, paths ...string) (ids []string) {
	t.Helper()
	store := openFolder(t, folder)
	defer store.Close()
	return p.subscribeIn(t, store, paths...)
}

// subscribeIn writes them into a store.
func (p *pushService) subscribeIn(t *testing.T, store push.Store, paths ...string) (ids []string) {
	t.Helper()
	site, err := store.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	services := pushtest.Services(t, p.URL)
	results := make(chan string, len(paths))
	free := make(chan struct{}, 32) // no more at once: each has a time limit
	for _, path := range paths {
		free <- struct{}{}
		r := pushtest.Subscribe(t, services, p.URL+path, `"channels": ["news"]`)
		go func() {
			sub, _, err := store.PutSubscription(context.Background(), site.ID, r)
			if err != nil {
				t.Error(err)
			}
			results <- sub.ID.String()
			<-free
		}()
	}
	for range paths {
		ids = append(ids, <-results)
	}
	return ids
}

// setOrigin gives the site of a folder an origin, as pushkit serve does.
func setOrigin(t *testing.T, folder string) {
	t.Helper()
	store := openFolder(t, folder)
	defer store.Close()
	site, err := store.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SetOrigins(t.Context(), site.ID, []string{"https://example.com"}); err != nil {
		t.Fatal(err)
	}
}

// await waits until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}

func TestWhatIsMistypedIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"sned"}, `pushkit has no command "sned": did you mean send?; see pushkit --help`},
		{[]string{"start"}, `pushkit has no command "start"; see pushkit --help`},
		{[]string{"123"}, `pushkit has no command "123"; see pushkit --help`},
		{[]string{"webhooks", "crate"}, `pushkit webhooks has no command "crate": did you mean create?; see pushkit webhooks --help`},
		{[]string{"send", "--titel", "x"}, "pushkit send has no flag --titel: did you mean --title?; see pushkit send --help"},
		{[]string{"send", "--msg", "x"}, "pushkit send has no flag --msg; see pushkit send --help"},
		{[]string{"send", "--title", "x", "--ttl", "an hour"}, `--ttl cannot be "an hour": invalid syntax; see pushkit send --help`},
		{[]string{"serve", "--max-in-flight=-1"}, `--max-in-flight cannot be "-1": it is a number of requests, 0 for what the push service sustains; see pushkit serve --help`},
		{[]string{"serve", "--drain", "5"}, `--drain cannot be "5": time: missing unit in duration "5"; see pushkit serve --help`},
		{[]string{"send", "--all"}, `Required flag "title" not set; see pushkit send --help`},
	} {
		if _, stderr, status := run(t, t.TempDir(), c.arguments...); status == 0 || stderr != "pushkit: "+c.says+"\n" {
			t.Errorf("%v: %d %q", c.arguments, status, stderr)
		}
	}
}

// Package running runs the real pushkit, with a push service, for the tests of
// examples.
package running

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// Program is pushkit, built by [Main].
var Program string

// Main builds pushkit, runs a package's tests and removes it.
func Main(m *testing.M) (status int) {
	folder, err := os.MkdirTemp("", "pushkit-examples-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	Program = filepath.Join(folder, "pushkit")
	if output, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", Program, "github.com/pushkit/pushkit/server/cmd/pushkit").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", output, err)
		return 1
	}
	return m.Run()
}

// Environment is this process's without settings of pushkit, and more.
func Environment(more ...string) (environment []string) {
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PUSHKIT_") {
			environment = append(environment, variable)
		}
	}
	return append(environment, more...)
}

// Key is the API key of every [Server].
const Key = "the-key-of-the-examples"

// A Server is pushkit serve with a push service that it sends to.
type Server struct {
	// URL and Address are where it listens: http://HOST:PORT and HOST:PORT.
	URL, Address string
	// Folder is where it runs, with its database in data/pushkit.db.
	Folder string
	// Pushes are what the push service accepted, up to 100 of them.
	Pushes <-chan pushtest.Push

	service *pushtest.Service
}

// Serve runs a server with flags until the test ends.
func Serve(t *testing.T, flags ...string) *Server {
	t.Helper()
	address := FreeAddress(t)
	pushes := make(chan pushtest.Push, 100)
	service, err := pushtest.Start(pushtest.Options{Handle: func(p pushtest.Push) { pushes <- p }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	folder := t.TempDir()
	certificate := filepath.Join(folder, "push-service.pem")
	if err := service.WriteCertificate(certificate); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(Program, append([]string{
		"serve", "--addr", address, "--api-key", Key, "--push-services", service.Rule(), "--vapid-subject", "mailto:examples@example.com",
	}, flags...)...)
	c.Dir, c.Env = folder, Environment("SSL_CERT_FILE="+certificate)
	out := Start(t, c)
	var greeting string
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("pushkit serve did not start: %s", greeting)
		}
		if greeting += line; strings.HasPrefix(line, "  API ") {
			go io.Copy(io.Discard, lines)
			break
		}
	}
	return &Server{URL: "http://" + address, Address: address, Folder: folder, Pushes: pushes, service: service}
}

// FreeAddress is one on this machine where nothing listens.
func FreeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// Start runs a program until the test ends, and returns its standard output. Its
// standard error is told where the test fails.
func Start(t *testing.T, c *exec.Cmd) io.Reader {
	t.Helper()
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("%s ended with %v", c.Path, err)
		}
		if t.Failed() {
			t.Logf("%s: %s", c.Path, said.String())
		}
	})
	return out
}

// Subscribe posts the first n subscriptions of the push service to a server at a
// URL, which need not be its own.
func (s *Server) Subscribe(t *testing.T, client *http.Client, url, origin string, n int) {
	t.Helper()
	for number := range n {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+wire.PathSubscriptions, bytes.NewReader(s.service.Subscription(number).JSON()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("the subscription is answered %d: %s", response.StatusCode, answer)
		}
	}
}

// Message asks for a message.
func (s *Server) Message(t *testing.T, id string) (m wire.MessageResponse) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+wire.PathMessages+"/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+Key)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&m); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the message %s is answered %d, %v", id, response.StatusCode, err)
	}
	return m
}

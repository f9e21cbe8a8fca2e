package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, t.TempDir(), "health", "--addr", "127.0.0.1:"+port, "--wait", "10s"); out != "ok\n" {
		t.Errorf("it says %q", out)
	}
	// As a container has it: it listens everywhere, and the address is a setting.
	for _, addr := range []string{"0.0.0.0:" + port, "[::]:" + port, ":" + port} {
		c := command(t, t.TempDir(), "health")
		c.Env = append(c.Env, "PUSHKIT_ADDR="+addr, "http_proxy=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1")
		if output, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", addr, err, output)
		}
	}
	s.end()
	wantIll(t, "no server answers", "health", "--addr", "127.0.0.1:"+port)
}

// wantIll: it ends with 1, and one line says why.
func wantIll(t *testing.T, why string, args ...string) {
	t.Helper()
	stdout, stderr, status := run(t, t.TempDir(), args...)
	if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, why) {
		t.Errorf("pushkit %s ends with %d: %q %q, want %q", strings.Join(args, " "), status, stdout, stderr, why)
	}
}

func TestHealthSaysWhatTheServerSays(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		`{"code": "unavailable", "detail": "The database does not answer at the moment."}`: "The database does not answer",
		`<html>`: "is it a pushkit server",
	}
	for body, why := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/readyz" {
				t.Errorf("it asks for %s", r.URL)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, body)
		}))
		wantIll(t, why, "health", "--addr", server.Listener.Addr().String())
		server.Close()
	}
	wantIll(t, "--addr", "health", "--addr", "nonsense")
	wantIll(t, "--addr", "health", "--addr", "127.0.0.1:0")
	wantIll(t, "no arguments", "health", "x")
}

// Whoever waits for the start is told when it is made.
func TestHealthWaitsForTheStart(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	waiting := command(t, t.TempDir(), "health", "--addr", addr, "--wait", "20s")
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, t.TempDir(), "--addr", addr)
	if err := waiting.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.end()
}

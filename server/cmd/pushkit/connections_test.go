package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// boundedServer serves with at most so many connections, and tells what it logged once
// it has ended.
func boundedServer(t *testing.T, most int) (address string, end func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(boundConnections(listener, most, slog.New(slog.NewTextHandler(&log, nil))))
	}()
	end = func() string {
		server.Close()
		<-ended
		return log.String()
	}
	t.Cleanup(func() { end() })
	return listener.Addr().String(), end
}

// ask makes a request on a connection of its own, which stays open.
func ask(t *testing.T, address string) (conn net.Conn, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: push.example.com\r\n\r\n")
	b := make([]byte, 1000)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return conn, string(b[:n])
}

func TestConnectionsHaveABound(t *testing.T) {
	const most = 5
	address, end := boundedServer(t, most)
	var open []net.Conn
	for range most {
		conn, answer := ask(t, address)
		if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
			t.Fatalf("got %q", answer)
		}
		open = append(open, conn)
	}
	for range 3 {
		conn, answer := ask(t, address)
		rest, err := io.ReadAll(conn) // to the end, which is none of a reset
		answer += string(rest)
		if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(answer, "\r\nRetry-After: 5\r\n") || !strings.Contains(answer, `"code":"unavailable"`) {
			t.Errorf("one too many is answered %q, %v", answer, err)
		}
	}
	// Who is in is served on, and who leaves makes room.
	io.WriteString(open[0], "GET / HTTP/1.1\r\nHost: push.example.com\r\n\r\n")
	b := make([]byte, 1000)
	if n, err := open[0].Read(b); err != nil || !strings.HasPrefix(string(b[:n]), "HTTP/1.1 200 ") {
		t.Errorf("got %q, %v", b[:n], err)
	}
	open[1].Close()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, answer := ask(t, address); strings.HasPrefix(answer, "HTTP/1.1 200 ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no room")
		}
	}
	if log := end(); strings.Count(log, "connections are refused") != 1 {
		t.Errorf("the log says %s", log)
	}
}

// Those that are refused are not a way around the bound.
func TestRefusedConnectionsAreBoundedToo(t *testing.T) {
	address, _ := boundedServer(t, 1)
	ask(t, address)
	var open []net.Conn
	for range 2 * mostRefusals {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
	}
	// None stays open for long, though it neither asks nor leaves, and not all are answered.
	answered := 0
	for i, conn := range open {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := io.Copy(io.Discard, conn)
		if isTimeout(err) {
			t.Fatalf("connection %d stays open", i)
		}
		if n > 0 {
			answered++
		}
	}
	if answered == 0 || answered == len(open) {
		t.Errorf("%d of %d are answered", answered, len(open))
	}
}

package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sooner makes a server's limits of time those of a test. One that is not set stays so.
const sooner = 100

// Connections that send next to nothing are cut: each would hold a descriptor and a
// goroutine for ever.
func TestSlowConnectionsAreCut(t *testing.T) {
	server := newHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	server.ReadHeaderTimeout /= sooner
	server.ReadTimeout /= sooner
	server.WriteTimeout /= sooner
	server.IdleTimeout /= sooner
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })

	const head = "POST /v1/events HTTP/1.1\r\nHost: push.example.com\r\n"
	for name, c := range map[string]struct{ first, drip string }{
		"nothing":            {"", ""},
		"a header, slowly":   {head, "X-A: b\r\n"},
		"a body, slowly":     {head + "Content-Length: 1000000\r\n\r\n", "x"},
		"chunks, for ever":   {head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
		"no further request": {"GET / HTTP/1.1\r\nHost: push.example.com\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, c.first); err != nil {
				t.Fatal(err)
			}
			if c.drip != "" {
				go func() {
					for range time.Tick(10 * time.Millisecond) {
						if _, err := io.WriteString(conn, c.drip); err != nil {
							return
						}
					}
				}()
			}
			// Ends when the server has cut it, by an end or a reset.
			conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
				t.Error("it is still served")
			}
		})
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

func TestAHeaderWithoutEndIsRefused(t *testing.T) {
	server := newHTTPServer(http.NotFoundHandler())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	request, err := http.NewRequest("GET", "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KB are answered %s", response.Status)
	}
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushkit/pushkit/server/wire"
)

const (
	// refusalLimit is how long a connection that is refused has to take the answer, and
	// mostRefusals how many may be at it; further ones are closed without a word.
	refusalLimit = time.Second
	mostRefusals = 100
	// logRefusalsEvery keeps them from filling the log.
	logRefusalsEvery = time.Minute
)

// refusal is what a connection too many gets, before it has asked.
var refusal = func() string {
	body := fmt.Sprintf(`{"type":"about:blank","title":"Service Unavailable","status":503,"code":%q,"detail":"The server has as many connections as it may. Try again."}`, wire.Unavailable)
	return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nAccess-Control-Allow-Origin: *\r\nRetry-After: 5\r\nConnection: close\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}()

// A boundedListener has at most so many connections open at once.
type boundedListener struct {
	net.Listener
	most int64
	log  *slog.Logger

	open, refusing atomic.Int64
	refused        rate.Sometimes
}

// boundConnections bounds those of a listener; most 0 means no bound.
func boundConnections(listener net.Listener, most int, log *slog.Logger) net.Listener {
	if most == 0 {
		return listener
	}
	return &boundedListener{Listener: listener, most: int64(most), log: log, refused: rate.Sometimes{First: 1, Interval: logRefusalsEvery}}
}

// Accept implements [net.Listener].
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= l.most {
			return &boundedConn{Conn: conn, end: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		l.refused.Do(func() {
			l.log.Warn("connections are refused: there are as many as --max-connections lets be", "connections", l.most)
		})
		if l.refusing.Add(1) > mostRefusals {
			l.refusing.Add(-1)
			conn.Close()
			continue
		}
		go func() {
			defer l.refusing.Add(-1)
			refuse(conn)
		}()
	}
}

// refuse answers a connection, and reads what was asked: closed before that, it would
// be reset, and the answer be lost with it.
func refuse(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(refusalLimit))
	if _, err := io.WriteString(conn, refusal); err != nil {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.CopyN(io.Discard, conn, http.DefaultMaxHeaderBytes)
	}
}

// A boundedConn counts until it is closed.
type boundedConn struct {
	net.Conn
	end func()
}

// Close implements [net.Conn].
func (c *boundedConn) Close() error {
	defer c.end()
	return c.Conn.Close()
}

package transport

import (
	"net"
	"sync"
	"time"
)

const (
	// gatherMost is how much a gatherConn holds before Write waits, in bytes.
	gatherMost = 256 << 10
	// writeTimeout is how long a peer may not take what is written.
	writeTimeout = 15 * time.Second
	// lastWords is how long a connection that closes may still write.
	lastWords = time.Second
)

// A gatherConn takes what is written and hands it to the connection in a
// goroutine of its own, so that what comes meanwhile goes with it: net/http
// flushes each frame of HTTP/2 apart (golang/go#58674), and system calls are
// what a request costs most.
type gatherConn struct {
	net.Conn
	mu            sync.Mutex
	filled, taken sync.Cond
	buffer        []byte
	err           error
	closing       bool
}

func newGatherConn(nc net.Conn) *gatherConn {
	g := &gatherConn{Conn: nc}
	g.filled.L, g.taken.L = &g.mu, &g.mu
	go g.flush()
	return g
}

// Write returns an error that an earlier one had.
func (g *gatherConn) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.buffer) > gatherMost && g.err == nil {
		g.taken.Wait()
	}
	if g.err != nil {
		return 0, g.err
	}
	if g.closing {
		return 0, net.ErrClosed
	}
	g.buffer = append(g.buffer, b...)
	g.filled.Signal()
	return len(b), nil
}

// flush writes until there is an error or, after Close, nothing left.
func (g *gatherConn) flush() {
	defer g.Conn.Close()
	var spare []byte
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.err == nil {
		if len(g.buffer) == 0 {
			if g.closing {
				return
			}
			g.filled.Wait()
			continue
		}
		out := g.buffer
		g.buffer = spare[:0]
		if !g.closing {
			g.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		g.taken.Broadcast()
		g.mu.Unlock()
		_, err := g.Conn.Write(out)
		g.mu.Lock()
		spare = out
		if err != nil {
			g.err = err
			g.taken.Broadcast()
		}
	}
}

// Close lets flush write what is left and close.
func (g *gatherConn) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closing {
		g.closing = true
		g.Conn.SetDeadline(time.Now().Add(lastWords))
		g.filled.Signal()
	}
	return nil
}

// SetDeadline sets that of reads: flush has deadlines of its own.
func (g *gatherConn) SetDeadline(t time.Time) error { return g.SetReadDeadline(t) }

// SetWriteDeadline does nothing, for the same reason.
func (g *gatherConn) SetWriteDeadline(time.Time) error { return nil }

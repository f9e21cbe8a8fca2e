package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestGatherConn(t *testing.T) {
	play := func(name string, test func(t *testing.T, g *gatherConn, peer net.Conn)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := net.Pipe()
				g := newGatherConn(nc)
				test(t, g, peer)
				g.Close()
				peer.Close()
			})
		})
	}
	play("what comes meanwhile goes together", func(t *testing.T, g *gatherConn, peer net.Conn) {
		g.Write([]byte("a"))
		synctest.Wait() // it is under way
		for _, s := range []string{"b", "c", "d"} {
			if n, err := g.Write([]byte(s)); n != 1 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
		}
		b := make([]byte, 10)
		peer.Read(b)
		if n, _ := peer.Read(b); string(b[:n]) != "bcd" {
			t.Errorf("got %q", b[:n])
		}
	})
	play("the last words come", func(t *testing.T, g *gatherConn, peer net.Conn) {
		g.Write([]byte("a"))
		synctest.Wait()
		g.Write([]byte("b"))
		g.Close()
		if _, err := g.Write([]byte("c")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if all, err := io.ReadAll(peer); string(all) != "ab" || err != nil {
			t.Errorf("got %q, %v", all, err)
		}
	})
	play("it waits for a peer that is slow", func(t *testing.T, g *gatherConn, peer net.Conn) {
		const n = 8
		go func() {
			for range n {
				g.Write(make([]byte, gatherMost/2))
			}
			g.Close()
		}()
		synctest.Wait()
		g.mu.Lock()
		if held := len(g.buffer); held > 2*gatherMost {
			t.Errorf("it holds %d bytes", held)
		}
		g.mu.Unlock()
		if all, err := io.ReadAll(peer); len(all) != n*gatherMost/2 || err != nil {
			t.Errorf("got %d bytes, %v", len(all), err)
		}
	})
	play("a peer that does not read fails all", func(t *testing.T, g *gatherConn, _ net.Conn) {
		began := time.Now()
		for {
			if _, err := g.Write(bytes.Repeat([]byte("x"), gatherMost)); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != writeTimeout {
					t.Errorf("got %v after %v", err, time.Since(began))
				}
				break
			}
		}
		if _, err := g.Read(make([]byte, 1)); err == nil {
			t.Error("it can still be read")
		}
	})
	play("a deadline is that of reads", func(t *testing.T, g *gatherConn, peer net.Conn) {
		g.SetDeadline(time.Now().Add(-time.Second))
		if _, err := g.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		g.SetWriteDeadline(time.Now().Add(-time.Second))
		g.Write([]byte("a"))
		if n, err := peer.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

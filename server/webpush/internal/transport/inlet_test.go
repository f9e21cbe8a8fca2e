package transport

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A heap is a connection of which Read returns all that was put in.
type heap struct {
	net.Conn
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (h *heap) put(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes.WriteString(text)
}

func (h *heap) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bytes.Read(p)
}

func TestAnswersComeTogetherWhereManyAreAwaited(t *testing.T) {
	for _, test := range []struct {
		many bool
		want string
	}{{false, "one"}, {true, "one two"}} {
		synctest.Test(t, func(t *testing.T) {
			h := new(heap)
			i := newInlet(h)
			i.many.Store(test.many)
			h.put("one")
			time.AfterFunc(patience/2, func() { h.put(" two") })
			buffer := make([]byte, 100)
			if n, err := i.Read(buffer); err != nil || string(buffer[:n]) != test.want {
				t.Errorf("many %v: read %q, %v, want %q", test.many, buffer[:n], err, test.want)
			}
			synctest.Wait()
		})
	}
}

// The one that comes after the patience is at an end is waited for as any other.
func TestALateAnswerIsReadAsItComes(t *testing.T) {
	server, client := tcpPair(t)
	i := newInlet(client)
	i.many.Store(true)
	time.AfterFunc(10*patience, func() { server.Write([]byte("x")) })
	client.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 100)
	if n, err := i.Read(buffer); err != nil || string(buffer[:n]) != "x" {
		t.Errorf("read %q, %v", buffer[:n], err)
	}
}

func tcpPair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

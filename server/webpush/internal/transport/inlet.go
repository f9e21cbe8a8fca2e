package transport

import (
	"bufio"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// manyStreams is from how many open ones on answers are let come together.
	manyStreams = 4
	// patience is how long they are then waited for. Nothing that is sent waits.
	patience = 2 * time.Millisecond
)

// An inlet is a connection below TLS, of which many answers are read at once: each
// comes in a record of its own, and to be woken for each costs more than to read it.
type inlet struct {
	net.Conn
	buffer *bufio.Reader
	// socket is Conn's; nil: it is not known.
	socket syscall.RawConn
	// many is whether there are manyStreams open.
	many atomic.Bool
}

func newInlet(nc net.Conn) *inlet {
	i := &inlet{Conn: nc, buffer: bufio.NewReaderSize(nc, maxFrameSize)}
	if socket, ok := nc.(syscall.Conn); ok {
		i.socket, _ = socket.SyscallConn()
	}
	return i
}

func (i *inlet) Read(p []byte) (int, error) {
	if i.buffer.Buffered() == 0 && i.many.Load() {
		i.wakeAt(maxFrameSize)
		time.Sleep(patience)
		i.wakeAt(1)
	}
	return i.buffer.Read(p)
}

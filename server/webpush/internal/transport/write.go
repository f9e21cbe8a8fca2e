package transport

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// gatherSize is about how much goes out with one write, in bytes.
const gatherSize = 64 << 10

// frames is what a Framer writes to.
type frames []byte

func (f *frames) Write(b []byte) (int, error) {
	*f = append(*f, b...)
	return len(b), nil
}

// buffers are for what goes out, while it does.
var buffers = sync.Pool{New: func() any { return new(frames) }}

// write is the goroutine that writes: it gathers what there is to send, and
// hands it to TLS at once.
func (c *conn) write() {
	defer c.nc.Close()
	c.pool.mu.Lock()
	for {
		for !c.kicked {
			c.work.Wait()
		}
		c.kicked = false
		last := c.err != nil
		if !last {
			c.gather()
		}
		if len(c.out) == 0 {
			c.pool.unlock()
			c.pool.mu.Lock()
			continue
		}
		buffer := buffers.Get().(*frames)
		out := c.out
		c.out = (*buffer)[:0]
		if !last {
			c.nc.SetWriteDeadline(time.Now().Add(c.limits.write))
		}
		c.writes++
		c.writing = true
		c.pool.unlock()

		_, err := c.nc.Write(out)
		*buffer = out
		buffers.Put(buffer)

		c.pool.mu.Lock()
		c.writing, c.stuck = false, false
		if err != nil {
			c.mute(writeError(err))
		}
		if last || err != nil {
			c.pool.unlock()
			return
		}
	}
}

// mute waits for the end of a connection that cannot be written to: there may
// still be answers to read.
func (c *conn) mute(err error) {
	switch {
	case c.err != nil:
	case len(c.streams) == 0:
		c.end(err)
	default:
		c.writeError = err
		c.nc.SetReadDeadline(time.Now().Add(lastWords))
		c.drain()
	}
	c.pool.unlock()
	c.pool.mu.Lock()
	for c.err == nil {
		c.kicked = false
		c.work.Wait()
	}
}

// gather appends to out what may be sent: bodies that were waiting for a
// window, then new requests.
func (c *conn) gather() {
	c.sendBodies()
	for c.room() > 0 && c.pool.waiting.len > 0 {
		if c.sendWindow <= 0 && len(c.sending) > 0 {
			return // it would only wait here, and may not elsewhere
		}
		if len(c.out) >= gatherSize {
			c.kicked = true
			return
		}
		x := c.pool.waiting.first
		c.pool.waiting.remove(x)
		if err := x.request().check(); err != nil {
			c.pool.finish(x, unprocessed{err})
			continue
		}
		c.open(x)
	}
}

// open sends a request's header on a new stream, and what it may of its body.
func (c *conn) open(x *exchange) {
	x.state = open
	x.stream = stream{conn: c, id: c.nextID, sendWindow: c.peerWindow, receiveWindow: initialWindow, contentLength: -1}
	c.streams[x.stream.id] = x
	c.nextID += 2
	request := x.request()
	c.writeHeader(x.stream.id, c.fields.encode(c.pool.origin.Authority, request), len(request.Body) == 0)
	if !c.sendBody(x) {
		c.sending = append(c.sending, x.stream.id)
	}
	if c.nextID > lastStreamID {
		c.drain()
	}
}

// writeHeader sends a field block in as many frames as it needs (RFC 9113
// section 4.3).
func (c *conn) writeHeader(id uint32, block []byte, endStream bool) {
	n := min(len(block), maxFrameSize)
	c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: block[:n], EndStream: endStream, EndHeaders: n == len(block),
	})
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), maxFrameSize)
		c.framer.WriteContinuation(id, n == len(block), block[:n])
	}
}

// sendBodies sends what the windows have come to allow.
func (c *conn) sendBodies() {
	rest := c.sending[:0]
	for _, id := range c.sending {
		if x := c.streams[id]; x != nil && !c.sendBody(x) {
			rest = append(rest, id)
		}
	}
	c.sending = rest
}

// sendBody sends what the windows allow of a body (RFC 9113 section 6.9), and
// returns whether that was all of it.
func (c *conn) sendBody(x *exchange) bool {
	s, body := &x.stream, x.request().Body
	for s.sent < len(body) {
		n := int(min(int64(len(body)-s.sent), c.sendWindow, s.sendWindow, maxFrameSize))
		if n <= 0 {
			return false
		}
		if len(c.out) >= 2*gatherSize {
			c.kicked = true
			return false
		}
		c.framer.WriteData(s.id, s.sent+n == len(body), body[s.sent:s.sent+n])
		s.sent += n
		s.sendWindow -= int64(n)
		c.sendWindow -= int64(n)
	}
	return true
}

// writeError says what a failed write means.
func writeError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("the push service does not read what is sent")
	}
	return fmt.Errorf("writing to the push service: %w", err)
}

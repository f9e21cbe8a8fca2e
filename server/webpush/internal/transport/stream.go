package transport

import (
	"errors"
	"fmt"

	"golang.org/x/net/http2"
)

// A stream is what HTTP/2 knows of an exchange (RFC 9113 section 5).
type stream struct {
	conn *conn
	id   uint32
	// sent is how much of the request's body was sent, in bytes.
	sent int
	// sendWindow may be negative (RFC 9113 section 6.9.2).
	sendWindow, receiveWindow int64
	// contentLength is the answer's, or -1; received is what came of its body.
	contentLength, received int64
}

var (
	errWindowUpdate = errors.New("the push service broke the rules of HTTP/2: an invalid WINDOW_UPDATE")
	errBodyFirst    = errors.New("its body comes before its header")
	errTrailer      = errors.New("its trailer is not the end of it")
	errBodyTooLarge = errors.New("its body exceeds the window")
)

// malformed ends an exchange whose answer breaks the rules (RFC 9113 section
// 8.1.1).
func (c *conn) malformed(x *exchange, code http2.ErrCode, why error) {
	c.reset(x, code, fmt.Errorf("the push service's answer is malformed: %w", why))
}

// exchangeOf returns the exchange on a stream, or nil if it has ended: frames
// may still come that were under way (RFC 9113 section 5.1).
func (c *conn) exchangeOf(id uint32) (*exchange, error) {
	x := c.streams[id]
	if x == nil && (id%2 == 0 || id >= c.nextID) {
		return nil, violation{http2.ErrCodeProtocol, "a frame on a stream that was never opened"}
	}
	return x, nil
}

// onHeaders takes the header that was decoded: an answer's, an interim one or a
// trailer (RFC 9113 section 8.1).
func (c *conn) onHeaders(id uint32, endStream bool) error {
	x, err := c.exchangeOf(id)
	if x == nil {
		return err
	}
	h := &c.header
	switch {
	case h.err != nil:
		c.malformed(x, http2.ErrCodeProtocol, h.err)
	case x.state == answered:
		if !endStream || h.status != 0 {
			c.malformed(x, http2.ErrCodeProtocol, errTrailer)
			return nil
		}
		c.complete(x)
	case h.status == 0, h.status == 101, h.status < 200 && endStream:
		c.malformed(x, http2.ErrCodeProtocol, errStatus)
	case h.status < 200:
		// Interim: the answer is still to come.
	default:
		x.state = answered
		x.response = Response{Status: h.status, Fields: h.fields()}
		x.stream.contentLength = h.contentLength
		if endStream {
			c.complete(x)
		}
	}
	return nil
}

// onData takes a part of a body. Windows count padding too (RFC 9113 section
// 6.9.1).
func (c *conn) onData(f *http2.DataFrame) error {
	size := int64(f.Length)
	if c.receiveWindow -= size; c.receiveWindow < 0 {
		return violation{http2.ErrCodeFlowControl, "more data than the connection's window"}
	}
	if c.receiveWindow < connectionWindow/2 {
		c.framer.WriteWindowUpdate(0, uint32(connectionWindow-c.receiveWindow))
		c.receiveWindow = connectionWindow
	}
	x, err := c.exchangeOf(f.StreamID)
	if x == nil {
		return err
	}
	s, data := &x.stream, f.Data()
	s.receiveWindow -= size
	s.received += int64(len(data))
	switch {
	case x.state != answered:
		c.malformed(x, http2.ErrCodeProtocol, errBodyFirst)
		return nil
	case s.receiveWindow < 0:
		c.malformed(x, http2.ErrCodeFlowControl, errBodyTooLarge)
		return nil
	case s.contentLength >= 0 && s.received > s.contentLength:
		c.malformed(x, http2.ErrCodeProtocol, errContentLength)
		return nil
	}
	if len(data) > 0 {
		c.vain--
		keep := min(len(data), MaxAnswer-len(x.response.Body))
		x.response.Body = append(x.response.Body, data[:keep]...)
	}
	switch {
	case f.StreamEnded():
		c.complete(x)
	case s.receiveWindow == 0:
		// More than anyone wants to read: what there is of it is the answer.
		c.reset(x, http2.ErrCodeCancel, nil)
	}
	return nil
}

// onReset ends a stream as the peer wants (RFC 9113 sections 5.4.2 and 8.7).
func (c *conn) onReset(id uint32, code http2.ErrCode) error {
	x, err := c.exchangeOf(id)
	if x == nil {
		return err
	}
	delete(c.streams, id)
	if code == http2.ErrCodeRefusedStream {
		c.refused(x, errors.New("the push service refused the stream"))
	} else {
		c.pool.lose(x, fmt.Errorf("the push service reset the stream: %s", code))
	}
	c.released()
	return nil
}

// refused queues an exchange again that the peer says it has not looked at.
func (c *conn) refused(x *exchange, err error) {
	if x.state == answered {
		c.pool.finish(x, nil)
		return
	}
	c.pool.retry(x, err)
}

// complete ends an exchange with its answer.
func (c *conn) complete(x *exchange) {
	s := &x.stream
	// These have no body, whatever length they name (RFC 9110 section 8.6).
	bodiless := x.response.Status == 204 || x.response.Status == 304
	if s.contentLength >= 0 && s.received != s.contentLength && !(bodiless && s.received == 0) {
		c.malformed(x, http2.ErrCodeProtocol, errContentLength)
		return
	}
	c.fruitful, c.pool.fruitless, c.vain = true, 0, 0
	if s.sent < len(x.request().Body) {
		// The peer has answered without the rest.
		c.reset(x, http2.ErrCodeCancel, nil)
		return
	}
	delete(c.streams, s.id)
	c.pool.finish(x, nil)
	c.released()
}

// cancel ends an exchange that nobody waits for any more. A status that was
// read is an answer.
func (c *conn) cancel(x *exchange, cause error) {
	if x.state == answered {
		cause = nil
	}
	c.reset(x, http2.ErrCodeCancel, cause)
}

// reset ends a stream from our side, and its exchange with err.
func (c *conn) reset(x *exchange, code http2.ErrCode, err error) {
	c.framer.WriteRSTStream(x.stream.id, code)
	c.kick()
	delete(c.streams, x.stream.id)
	c.pool.finish(x, err)
	c.released()
}

// released says that a stream has come free.
func (c *conn) released() {
	c.endDrained()
	if c.err == nil && c.pool.waiting.len > 0 {
		c.kick()
	}
}

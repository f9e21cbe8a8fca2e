package transport

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"golang.org/x/net/http2"
)

// maxContinuations is how many frames a field block may be in.
const maxContinuations = 32

// errHungUp is why a connection ends that the peer closed.
var errHungUp = errors.New("the push service closed the connection")

// read is the goroutine that reads. It ends when the connection has.
func (c *conn) read() {
	for {
		f, err := c.readFrame()
		c.pool.mu.Lock()
		if c.err == nil {
			if err == nil {
				err = c.handle(f)
			}
			if err != nil {
				c.end(cmp.Or(c.writeError, err))
			}
		}
		over := c.err != nil
		if c.inlet != nil {
			c.inlet.many.Store(len(c.streams) >= manyStreams)
		}
		c.pool.unlock()
		if over {
			return
		}
	}
}

// readFrame reads a frame, and the whole field block that begins with a
// HEADERS frame.
func (c *conn) readFrame() (http2.Frame, error) {
	header, err := c.framer.ReadFrameHeader()
	if err != nil {
		return nil, c.readError(header, err)
	}
	f, err := c.framer.ReadFrameForHeader(header)
	if err != nil {
		if header.Type == http2.FrameWindowUpdate && errors.As(err, new(http2.StreamError)) {
			return &badWindowUpdate{header}, nil
		}
		return nil, c.readError(header, err)
	}
	if headers, ok := f.(*http2.HeadersFrame); ok {
		return f, c.readBlock(headers)
	}
	return f, nil
}

// A badWindowUpdate is a WINDOW_UPDATE of zero, an error of its stream alone
// (RFC 9113 section 6.9).
type badWindowUpdate struct{ http2.FrameHeader }

// readBlock decodes the field block that a HEADERS frame begins, also that of a
// stream that has ended: it changes the table (RFC 9113 section 4.3).
func (c *conn) readBlock(first *http2.HeadersFrame) error {
	c.header.reset()
	fragment, ended := first.HeaderBlockFragment(), first.HeadersEnded()
	size := 0
	for n := 0; ; n++ {
		if size += len(fragment); size > maxBlock || n > maxContinuations {
			return violation{http2.ErrCodeEnhanceYourCalm, "a header without end"}
		}
		if _, err := c.header.decoder.Write(fragment); err != nil {
			return violation{http2.ErrCodeCompression, "a header that cannot be decoded"}
		}
		if ended {
			break
		}
		f, err := c.framer.ReadFrame()
		if err != nil {
			return c.readError(http2.FrameHeader{Type: http2.FrameContinuation}, err)
		}
		next := f.(*http2.ContinuationFrame) // Framer lets nothing else follow
		fragment, ended = next.HeaderBlockFragment(), next.HeadersEnded()
	}
	if err := c.header.decoder.Close(); err != nil {
		return violation{http2.ErrCodeCompression, "a header that breaks off"}
	}
	return nil
}

func (c *conn) readError(header http2.FrameHeader, err error) error {
	var broken http2.ConnectionError
	var reset http2.StreamError
	switch {
	case errors.Is(err, http2.ErrFrameTooLarge):
		return violation{http2.ErrCodeFrameSize, fmt.Sprintf("a frame larger than %d bytes", maxFrameSize)}
	case errors.As(err, &broken):
		return violation{http2.ErrCode(broken), fmt.Sprintf("an invalid %s frame", header.Type)}
	case errors.As(err, &reset):
		// The rest of a field block would be missing from the table.
		return violation{reset.Code, fmt.Sprintf("an invalid %s frame", header.Type)}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errHungUp
	}
	return fmt.Errorf("reading from the push service: %w", err)
}

package emulator

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// loginLimit is how long a connection may take to be logged in.
	loginLimit = 30 * time.Second
	// offlineLimit is how long a connection is kept waiting while browsers are to
	// be offline. Chromium gives up by itself after 30 seconds or so.
	offlineLimit = time.Minute
)

// mcsConnection is a Chromium that is connected.
type mcsConnection struct {
	emulator *Emulator
	raw      net.Conn // below TLS
	conn     *tls.Conn
	in       *bufio.Reader
	browser  *browser
	more     chan struct{}
	end      context.CancelCauseFunc

	mu       sync.Mutex // guards what follows, and writing
	received int        // messages of the browser
	sent     int        // messages to the browser
	waiting  []sentMessage
}

// sentMessage is one that the browser has not acknowledged.
type sentMessage struct {
	streamID int
	version  string
}

func (c *mcsConnection) wake() {
	select {
	case c.more <- struct{}{}:
	default: // it will look anyway
	}
}

func (c *mcsConnection) cut(reason string) {
	c.end(errors.New(reason))
	// Below TLS, so that the browser sees the connection break, as when the
	// network goes.
	c.raw.Close()
}

// ServeMCS speaks Google's protocol with the Chromiums that connect to l, over
// TLS, until l is closed; then it returns nil.
func (e *Emulator) ServeMCS(l net.Listener) error {
	config := &tls.Config{Certificates: []tls.Certificate{e.identity.certificate}, MinVersion: tls.VersionTLS12}
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go e.serveMCS(raw, config)
	}
}

// serveMCS speaks MCS with one browser until either side ends it.
func (e *Emulator) serveMCS(raw net.Conn, config *tls.Config) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	defer raw.Close()
	go func() {
		select {
		case <-e.done:
			raw.Close()
		case <-ctx.Done():
		}
	}()
	if !e.waitOnline() {
		return
	}
	conn := tls.Server(raw, config)
	c := &mcsConnection{
		emulator: e, raw: raw, conn: conn, in: bufio.NewReader(conn), more: make(chan struct{}, 1), end: cancel,
	}
	err := c.serve(ctx)
	if c.browser != nil {
		e.detach(c.browser, c)
	}
	if err == nil {
		conn.Close()
	}
}

// waitOnline keeps a connection that comes while browsers are to be offline, as a
// network does that drops packets: a refusal would make Chromium wait for longer
// and longer after the end of it. False: it was too long.
func (e *Emulator) waitOnline() bool {
	timer := time.NewTimer(offlineLimit)
	defer timer.Stop()
	for {
		e.mu.Lock()
		online, cameBack := e.online, e.cameBack
		e.mu.Unlock()
		if online {
			return true
		}
		select {
		case <-cameBack:
		case <-timer.C:
			return false
		case <-e.done:
			return false
		}
	}
}

// serve returns nil where the browser has said Close.
func (c *mcsConnection) serve(ctx context.Context) error {
	c.conn.SetDeadline(time.Now().Add(loginLimit))
	login, err := c.readLogin()
	if err != nil {
		return err
	}
	c.received = 1
	c.browser = c.emulator.attachDevice(login, c)
	if c.browser == nil {
		return errors.Join(errors.New("the login was refused"), c.write(mcsLoginResponse, func(int) protoMessage {
			return newLoginRefusal(login, "the security token is not that of the check-in")
		}))
	}
	c.conn.SetDeadline(time.Time{})
	if err := c.write(mcsLoginResponse, func(int) protoMessage {
		return newLoginResponse(login, c.emulator.now().UnixMilli())
	}); err != nil {
		return err
	}
	go c.deliver(ctx)
	for {
		f, err := readMCSFrame(c.in)
		if err != nil {
			return err
		}
		if over, err := c.answer(f); over || err != nil {
			return err
		}
	}
}

func (c *mcsConnection) readLogin() (loginRequest, error) {
	version, err := c.in.ReadByte()
	if err != nil {
		return loginRequest{}, err
	}
	if version != mcsVersion {
		return loginRequest{}, errors.New("another version of MCS")
	}
	f, err := readMCSFrame(c.in)
	if err != nil {
		return loginRequest{}, err
	}
	return parseLogin(f)
}

// answer tells whether the browser has said Close.
func (c *mcsConnection) answer(f mcsFrame) (over bool, err error) {
	last, err := f.lastStreamID()
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	c.received++
	c.mu.Unlock()
	// A StreamAck, in an IqStanza, has no more to say than this.
	c.acknowledge(last)
	switch f.tag {
	case mcsLoginRequest:
		return false, errors.New("a second LoginRequest")
	case mcsHeartbeatPing:
		return false, c.write(mcsHeartbeatAck, newHeartbeatAck)
	case mcsClose:
		return true, nil
	}
	return false, nil
}

// acknowledge is the browser's word about all messages up to a stream id.
func (c *mcsConnection) acknowledge(last int) {
	var done []sentMessage
	c.mu.Lock()
	c.waiting = slices.DeleteFunc(c.waiting, func(s sentMessage) bool {
		if s.streamID <= last {
			done = append(done, s)
		}
		return s.streamID <= last
	})
	c.mu.Unlock()
	for _, s := range done {
		c.emulator.acknowledge(c.browser, s.version, 0)
	}
}

// deliver sends what waits for the browser, and then what comes.
func (c *mcsConnection) deliver(ctx context.Context) {
	for {
		if m, ok := c.emulator.next(c.browser, c); ok {
			err := c.write(mcsDataMessage, func(received int) protoMessage {
				c.waiting = append(c.waiting, sentMessage{c.sent, m.version})
				return newDataMessage(m, received)
			})
			if err != nil {
				c.cut(err.Error())
				return
			}
			continue
		}
		select {
		case <-c.more:
		case <-ctx.Done():
			return
		}
	}
}

// write sends a message, which is made with the count of messages received, and
// after it has its own stream id.
func (c *mcsConnection) write(tag byte, make func(received int) protoMessage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b []byte
	if c.sent == 0 {
		b = append(b, mcsVersion)
	}
	c.sent++
	b = appendMCSFrame(b, tag, make(c.received))
	c.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	_, err := c.conn.Write(b)
	return err
}

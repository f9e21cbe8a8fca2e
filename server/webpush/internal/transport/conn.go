package transport

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// initialWindow is a flow-control window before anyone changes it (RFC 9113
	// section 6.9.2). Ours stays so for streams and is never enlarged: what a
	// body may have in all.
	initialWindow = 65535
	// connectionWindow is ours for all streams together.
	connectionWindow = 1 << 20
	// maxFrameSize is the largest frame that either side takes before it says
	// otherwise (RFC 9113 section 6.5.2); we never do.
	maxFrameSize = 1 << 14
	// maxWindow is what no window may exceed (RFC 9113 section 6.9.1).
	maxWindow = math.MaxInt32
	// lastStreamID is the last that a client may use (RFC 9113 section 5.1.1).
	lastStreamID = math.MaxInt32
)

// A conn is a connection: a goroutine that reads (read), one that writes
// (write), and a timer (check). The pool's lock guards what does not say
// otherwise.
type conn struct {
	pool   *pool
	limits *limits
	nc     net.Conn
	// inlet is where nc reads from; nil: it is not known.
	inlet *inlet
	// framer reads for the reading goroutine, and writes to out under the lock.
	framer *http2.Framer
	header headerDecoder // the reading goroutine's
	fields headerEncoder

	// ready is whether the peer's SETTINGS have come.
	ready bool
	// draining is whether no new streams may be opened.
	draining   bool
	drainUntil time.Time
	// err is why the connection has ended, and writeError why it is about to.
	err, writeError error
	// fruitful is whether any answer came.
	fruitful bool

	streams map[uint32]*exchange
	nextID  uint32
	// peerStreams is the peer's SETTINGS_MAX_CONCURRENT_STREAMS.
	peerStreams uint32
	// peerWindow is its SETTINGS_INITIAL_WINDOW_SIZE.
	peerWindow int64
	// sendWindow is how much may be sent on all streams together, and
	// receiveWindow how much may be received.
	sendWindow, receiveWindow int64
	// sending are the streams with a body that is not wholly sent, in order;
	// some may have ended.
	sending []uint32

	// work wakes the writing goroutine when kicked is set.
	work   sync.Cond
	kicked bool
	// out is what goes out with the next write.
	out frames
	// writes counts the writes that have begun; writing is whether the last one
	// is still under way, and stuck whether it was a tick ago.
	writes         uint64
	writing, stuck bool

	timer *time.Timer
	vitals
}

// newConn sends the connection preface (RFC 9113 section 3.4).
func newConn(p *pool, nc net.Conn) *conn {
	c := &conn{
		pool: p, limits: &p.http2.limits, nc: nc, streams: make(map[uint32]*exchange), nextID: 1,
		peerStreams: math.MaxUint32, peerWindow: initialWindow,
		sendWindow: initialWindow, receiveWindow: connectionWindow,
	}
	if secure, ok := nc.(*tls.Conn); ok {
		c.inlet, _ = secure.NetConn().(*inlet)
	}
	c.work.L = &p.mu
	c.framer = http2.NewFramer(&c.out, bufio.NewReaderSize(nc, maxFrameSize))
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(maxFrameSize)
	c.header.decoder = hpack.NewDecoder(4096, c.header.add)
	c.header.decoder.SetMaxStringLength(maxBlock)
	c.fields.encoder = hpack.NewEncoder(&c.fields.block)
	c.fields.habits = make(map[string]*habit)

	c.out = append(c.out, http2.ClientPreface...)
	c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeader},
	)
	c.framer.WriteWindowUpdate(0, connectionWindow-initialWindow)
	c.kick()

	c.vitals = newVitals(c.limits)
	c.timer = time.AfterFunc(c.limits.tick, c.check)
	return c
}

// limit is how many streams may be open at once.
func (c *conn) limit() int { return int(min(uint32(c.limits.streams), c.peerStreams)) }

// room is how many streams may be opened now.
func (c *conn) room() int {
	if !c.ready || c.draining || c.stuck || c.err != nil {
		return 0
	}
	return c.limit() - len(c.streams)
}

// kick has the writing goroutine look for work.
func (c *conn) kick() {
	if !c.kicked {
		c.kicked = true
		c.work.Signal()
	}
}

// A violation is a connection error that the peer made (RFC 9113 section
// 5.4.1).
type violation struct {
	code   http2.ErrCode
	reason string
}

func (v violation) Error() string {
	return fmt.Sprintf("the push service broke the rules of HTTP/2: %s (%s)", v.reason, v.code)
}

// end ends the connection, with a GOAWAY that says why, and all its exchanges
// with err.
func (c *conn) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.timer.Stop()
	code := http2.ErrCodeNo
	var v violation
	if errors.As(err, &v) {
		code = v.code
	}
	c.framer.WriteGoAway(0, code, nil)
	c.kick()
	c.nc.SetWriteDeadline(time.Now().Add(lastWords))
	for _, x := range c.streams {
		c.pool.lose(x, err)
	}
	clear(c.streams)
	c.pool.disconnected(c)
}

// errRetired is why a connection ends that has done its work.
var errRetired = errors.New("the connection was retired")

// drain opens no more streams, and ends when those there are have.
func (c *conn) drain() {
	if !c.draining {
		c.draining = true
		c.drainUntil = time.Now().Add(c.limits.drain)
	}
	c.endDrained()
	c.pool.assign()
}

func (c *conn) endDrained() {
	if c.draining && len(c.streams) == 0 {
		c.end(errRetired)
	}
}

// jitter returns d, give or take a tenth.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.2*float64(d))
}

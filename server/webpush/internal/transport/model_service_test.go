package transport

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A modelService is a push service that does everything to its clients that it
// may, and holds them to flow control and to the number of streams.
type modelService struct {
	*testing.T
	seed   uint64
	faults bool
	// strict asks more than net/http keeps: that streams and data keep to SETTINGS
	// once these are acknowledged, and that no byte that came is lost with a
	// connection.
	strict bool

	mu         sync.Mutex
	conns      []*modelConn
	goroutines sync.WaitGroup
	// processed counts each request's processings.
	processed map[int]int
	// sent has the requests whose answer went out to the end.
	sent map[int]bool
}

func (m *modelService) connect() (net.Conn, error) {
	client, server := net.Pipe()
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &modelConn{
		m: m, nc: server, random: rand.New(rand.NewPCG(m.seed, 1<<32+uint64(len(m.conns)))),
		framer: http2.NewFramer(server, server), out: make(chan func() error, 5000), over: make(chan struct{}),
		streams: map[uint32]*modelStream{}, goneAway: maxWindow, window: initialWindow, limit: maxWindow, streamWindow: initialWindow,
	}
	if m.faults && c.random.IntN(20) == 0 {
		server.Close()
		return nil, fmt.Errorf("nobody there")
	}
	c.sendWindow.Store(initialWindow)
	c.framer.AllowIllegalWrites = true
	m.conns = append(m.conns, c)
	m.goroutines.Go(c.write)
	m.goroutines.Go(c.read)
	return client, nil
}

func (m *modelService) close() {
	for _, c := range m.conns {
		c.nc.Close()
	}
	m.goroutines.Wait()
}

// A modelConn is a connection to it. Its reading goroutine decides everything.
type modelConn struct {
	m      *modelService
	nc     net.Conn
	random *rand.Rand
	framer *http2.Framer
	out    chan func() error
	over   chan struct{}

	streams map[uint32]*modelStream
	broken  bool // the writing goroutine's
	// goneAway is the last stream that is looked at, top the last processed.
	goneAway, top uint32
	// window is the client's for all streams, streamWindow for each, and limit
	// how many there may be: as the client has acknowledged.
	window       int64
	streamWindow int64
	limit        int
	unacked      []map[http2.SettingID]uint32
	// sendWindow is ours for all streams. Those of streams are never too small.
	sendWindow atomic.Int64
}

type modelStream struct {
	id      uint32
	request int
	window  int64
	decided bool // what becomes of it
	mu      sync.Mutex
	closed  bool // by us, or reset
}

func (s *modelStream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

func (s *modelStream) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (c *modelConn) write() {
	for {
		select {
		case f := <-c.out:
			if f() != nil {
				c.nc.Close()
				return
			}
		case <-c.over:
			return
		}
	}
}

// later has something written after a while.
func (c *modelConn) later(d time.Duration, f func() error) {
	if d == 0 {
		c.out <- f
		return
	}
	go func() {
		select {
		case <-time.After(d):
			c.out <- f
		case <-c.over:
		}
	}()
}

func (c *modelConn) delay() time.Duration {
	return []time.Duration{0, 0, time.Millisecond, time.Duration(c.random.IntN(500)) * time.Millisecond}[c.random.IntN(4)]
}

func (c *modelConn) read() {
	defer close(c.over)
	defer c.nc.Close()
	if _, err := io.ReadFull(c.nc, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.settings()
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		if !c.handle(f) {
			return
		}
		if c.m.faults && c.random.IntN(300) == 0 {
			<-time.After(time.Duration(c.random.IntN(20)) * time.Second)
		}
	}
}

// settings sends some, which the client must keep to once it has acknowledged
// them.
func (c *modelConn) settings() {
	s := map[http2.SettingID]uint32{}
	if c.random.IntN(2) == 0 {
		s[http2.SettingMaxConcurrentStreams] = []uint32{1, 2, 5, 100}[c.random.IntN(4)]
	}
	if c.random.IntN(2) == 0 {
		s[http2.SettingInitialWindowSize] = []uint32{0, 1, 100, 5000, initialWindow, 1 << 20}[c.random.IntN(6)]
	}
	if c.random.IntN(4) == 0 {
		s[http2.SettingMaxFrameSize] = 1 << 15
	}
	if c.random.IntN(4) == 0 {
		s[http2.SettingHeaderTableSize] = []uint32{0, 100, 4096}[c.random.IntN(3)]
	}
	c.unacked = append(c.unacked, s)
	var list []http2.Setting
	for id, value := range s {
		list = append(list, http2.Setting{ID: id, Val: value})
	}
	c.later(0, func() error { return c.framer.WriteSettings(list...) })
}

func (c *modelConn) acked() {
	s := c.unacked[0]
	c.unacked = c.unacked[1:]
	if limit, ok := s[http2.SettingMaxConcurrentStreams]; ok {
		c.limit = int(limit)
	}
	if size, ok := s[http2.SettingInitialWindowSize]; ok {
		for _, s := range c.streams {
			s.window += int64(size) - c.streamWindow
			c.enlarge(s)
		}
		c.streamWindow = int64(size)
	}
}

func (c *modelConn) handle(f http2.Frame) bool {
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			c.acked()
		} else {
			c.later(0, c.framer.WriteSettingsAck)
		}
	case *http2.PingFrame:
		if data := f.Data; !f.IsAck() {
			c.later(c.delay(), func() error { return c.framer.WritePing(true, data) })
		}
	case *http2.RSTStreamFrame:
		if s := c.streams[f.StreamID]; s != nil {
			s.close()
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			c.sendWindow.Add(int64(f.Increment))
		}
	case *http2.MetaHeadersFrame:
		return c.opened(f)
	case *http2.DataFrame:
		return c.received(f)
	}
	return true
}

func (c *modelConn) opened(f *http2.MetaHeadersFrame) bool {
	s := &modelStream{id: f.StreamID, window: c.streamWindow, request: -1}
	for _, field := range f.RegularFields() {
		if field.Name == "x-id" {
			s.request, _ = strconv.Atoi(field.Value)
		}
	}
	if s.request < 0 {
		c.m.Error("a request came without its name")
	}
	c.streams[s.id] = s
	open := 0
	for _, s := range c.streams {
		if !s.isClosed() {
			open++
		}
	}
	if c.m.strict && open > c.limit {
		c.m.Errorf("%d streams are open, of %d that may be", open, c.limit)
	}
	if f.StreamEnded() || c.m.faults && c.random.IntN(20) == 0 {
		return c.decide(s)
	}
	c.enlarge(s)
	return true
}

func (c *modelConn) received(f *http2.DataFrame) bool {
	n := int64(f.Length)
	if c.window -= n; c.window < 0 {
		c.m.Errorf("the connection's window is exceeded by %d bytes", -c.window)
	}
	if n > 0 {
		c.window += n
		c.later(c.delay(), func() error { return c.framer.WriteWindowUpdate(0, uint32(n)) })
	}
	s := c.streams[f.StreamID]
	if s == nil {
		c.m.Errorf("data came on stream %d, which was not opened", f.StreamID)
		return false
	}
	if s.window -= n; c.m.strict && s.window < 0 {
		c.m.Errorf("the window of stream %d is exceeded by %d bytes", s.id, -s.window)
	}
	if f.StreamEnded() {
		return c.decide(s)
	}
	c.enlarge(s)
	return true
}

// enlarge lets more of a body come, once there is little room.
func (c *modelConn) enlarge(s *modelStream) {
	if s.window >= 1000 || s.decided || s.isClosed() {
		return
	}
	n := 1000 - s.window + int64(c.random.IntN(30000))
	s.window += n
	c.later(c.delay(), func() error { return c.framer.WriteWindowUpdate(s.id, uint32(n)) })
}

// decide what becomes of a request, once. It returns whether the connection
// goes on.
func (c *modelConn) decide(s *modelStream) bool {
	if s.decided || s.id > c.goneAway || s.isClosed() {
		return true
	}
	s.decided = true
	fate := c.random.IntN(100)
	if !c.m.faults {
		fate = 99
	}
	reset := func(code http2.ErrCode) func() error {
		return func() error {
			s.close()
			return c.framer.WriteRSTStream(s.id, code)
		}
	}
	switch {
	case fate < 6:
		c.later(c.delay(), reset(http2.ErrCodeRefusedStream))
	case fate < 10:
		c.process(s)
		c.later(c.delay(), reset([]http2.ErrCode{http2.ErrCodeInternal, http2.ErrCodeCancel, http2.ErrCodeNo}[c.random.IntN(3)]))
	case fate < 13:
		c.process(s) // and never answer
	case fate < 16:
		c.goneAway = max(c.top, s.id-2*uint32(c.random.IntN(3)))
		last := c.goneAway
		c.later(0, func() error { return c.framer.WriteGoAway(last, http2.ErrCodeNo, nil) })
		if s.id <= last {
			c.answer(s)
		}
		if c.random.IntN(2) == 0 {
			c.later(c.delay(), c.nc.Close)
		}
	case fate < 18:
		if c.random.IntN(2) == 0 {
			c.process(s)
		}
		return false
	case fate < 20:
		c.process(s)
		status, _ := c.m.answerTo(s.request)
		c.later(c.delay(), func() error {
			c.headers(s, status, false)
			return reset(http2.ErrCodeInternal)()
		})
	case fate < 21:
		c.later(c.delay(), func() error {
			c.broken = true // what comes after it is not looked at
			return c.framer.WriteData(0, false, nil)
		})
	default:
		if fate < 35 {
			c.settings()
			if c.m.strict { // net/http logs it
				c.later(c.delay(), func() error { return c.framer.WriteRawFrame(0xfe, 0xff, s.id, []byte("?")) })
			}
		}
		c.answer(s)
	}
	return true
}

func (c *modelConn) process(s *modelStream) {
	c.top = max(c.top, s.id)
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.processed[s.request]++
}

// answer processes a request and answers it, with whatever may belong to an
// answer.
func (c *modelConn) answer(s *modelStream) {
	c.process(s)
	status, body := c.m.answerTo(s.request)
	interim, trailer, part := c.random.IntN(10) == 0, c.random.IntN(10) == 0, 1+c.random.IntN(maxFrameSize)
	var send func() error
	send = func() error {
		if s.isClosed() {
			return nil
		}
		need := int64(len(body) + 4) // and its padding
		if c.sendWindow.Load() < need {
			c.later(time.Millisecond, send)
			return nil
		}
		c.sendWindow.Add(-need)
		s.close()
		if interim {
			c.headers(s, 103, false)
		}
		err := c.headers(s, status, len(body) == 0 && !trailer)
		for len(body) > part {
			err = c.framer.WriteData(s.id, false, body[:part])
			body = body[part:]
		}
		if len(body) > 0 {
			err = c.framer.WriteDataPadded(s.id, !trailer, body, make([]byte, 3))
		}
		if trailer {
			err = c.headers(s, 0, true)
		}
		c.m.mu.Lock()
		defer c.m.mu.Unlock()
		c.m.sent[s.request] = !c.broken && err == nil
		return err
	}
	c.later(c.delay(), send)
}

func (c *modelConn) headers(s *modelStream, status int, end bool) error {
	field := hpack.HeaderField{Name: ":status", Value: strconv.Itoa(status), Sensitive: true}
	if status == 0 {
		field.Name = "x-trailer"
	}
	var block bytes.Buffer
	hpack.NewEncoder(&block).WriteField(field)
	return c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: block.Bytes(), EndStream: end, EndHeaders: true})
}

package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A script is a lean client and the peers that it connects to, in a bubble of
// testing/synctest: its clock is not the world's, and when all goroutines wait,
// whatever was going to happen has happened.
type script struct {
	*testing.T
	client *HTTP2
	// refuse is the error of dials.
	refuse error
	dials  int
	peers  chan *peer
	others *fallback
}

var scriptOrigin = Origin{Scheme: "https", Authority: "push.example.com", Address: "192.0.2.1:443", Local: true}

// play runs a test with a client that has these limits, and checks that nothing
// of it is left.
func play(t *testing.T, l limits, test func(s *script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &script{T: t, peers: make(chan *peer, 100), others: new(fallback)}
		s.client = NewHTTP2(Config{}, s.others)
		s.client.limits = l
		s.client.connect = s.connect
		test(s)
		s.client.Close()
		close(s.peers)
		for p := range s.peers {
			p.nc.Close()
		}
	})
}

func (s *script) connect(context.Context, Origin) (net.Conn, error) {
	s.dials++
	if s.refuse != nil {
		return nil, s.refuse
	}
	client, server := net.Pipe()
	p := &peer{T: s.T, nc: server, framer: http2.NewFramer(server, server)}
	p.framer.AllowIllegalWrites = true
	p.encoder = hpack.NewEncoder(&p.block)
	p.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) { p.fields = append(p.fields, f) })
	s.Cleanup(func() { server.Close() })
	s.peers <- p
	return client, nil
}

// accept returns the next connection's peer, which has sent its SETTINGS.
func (s *script) accept(settings ...http2.Setting) *peer {
	s.Helper()
	p := s.acceptSilent()
	p.framer.WriteSettings(settings...)
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if hello := []string{"SETTINGS", "WINDOW_UPDATE 0 983041", "SETTINGS ack"}; len(p.said) < 3 || !slices.Equal(p.said[:3], hello) {
		s.Fatalf("the client began with %q", p.said)
	}
	p.said = p.said[3:]
	return p
}

// acceptSilent returns the next connection's peer, which has sent nothing.
func (s *script) acceptSilent() *peer {
	s.Helper()
	p := s.acceptDeaf()
	go p.read()
	return p
}

// acceptDeaf returns the next connection's peer, which has read no more than
// the preface.
func (s *script) acceptDeaf() *peer {
	s.Helper()
	select {
	case p := <-s.peers:
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(p.nc, preface); err != nil || string(preface) != http2.ClientPreface {
			s.Fatalf("the client began with %q, %v", preface, err)
		}
		return p
	case <-time.After(time.Minute):
		s.Fatal("the client does not connect")
		return nil
	}
}

// post posts without waiting.
func (s *script) post(ctx context.Context, requests ...Request) *posting {
	p := &posting{T: s.T, outcomes: make([]*outcome, len(requests))}
	s.client.Post(ctx, scriptOrigin, requests, func(i int, r Response, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.outcomes[i] != nil {
			s.Errorf("done was called again for request %d", i)
		}
		p.outcomes[i] = &outcome{r, err}
	})
	return p
}

// pass lets time go by.
func (s *script) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// A posting is what becomes of a Post.
type posting struct {
	*testing.T
	mu       sync.Mutex
	outcomes []*outcome
}

// over returns how many requests are.
func (p *posting) over() int {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, o := range p.outcomes {
		if o != nil {
			n++
		}
	}
	return n
}

// expect checks the outcomes: a status with the body, "pending", or a part of
// an error's text, with "again: " in front where the request may be sent again.
func (p *posting) expect(want ...string) {
	p.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, want := range want {
		got := "pending"
		if o := p.outcomes[i]; o != nil {
			switch {
			case o.err == nil:
				got = strings.TrimSpace(fmt.Sprint(o.Status, " ", string(o.Body)))
			case errors.Is(o.err, ErrNotProcessed):
				got = "again: " + o.err.Error()
			default:
				got = o.err.Error()
			}
		}
		isError := want != "pending" && (want[0] < '0' || want[0] > '9')
		if isError && !strings.Contains(got, want) || !isError && got != want ||
			strings.HasPrefix(got, "again: ") != strings.HasPrefix(want, "again: ") || strings.Contains(got, "secret") {
			p.Errorf("request %d: got %q, want %q", i, got, want)
		}
	}
}

// A peer is the other side of a connection.
type peer struct {
	*testing.T
	nc      net.Conn
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	decoder *hpack.Decoder

	mu   sync.Mutex
	said []string
	// fields are those of all requests, in order.
	fields []hpack.HeaderField
}

// read notes what the client says.
func (p *peer) read() {
	for {
		f, err := p.framer.ReadFrame()
		said := "closed"
		if err == nil {
			said = p.describe(f)
		}
		p.mu.Lock()
		p.said = append(p.said, said)
		p.mu.Unlock()
		if err != nil {
			p.nc.Close()
			return
		}
	}
}

func (p *peer) describe(f http2.Frame) string {
	h := f.Header()
	text := fmt.Sprint(h.Type, " ", h.StreamID)
	switch f := f.(type) {
	case *http2.SettingsFrame:
		text = "SETTINGS"
		if f.IsAck() {
			text += " ack"
		}
	case *http2.PingFrame:
		text = "PING"
		if f.IsAck() {
			text += " ack " + strings.TrimRight(string(f.Data[:]), "\x00")
		}
	case *http2.GoAwayFrame:
		text = "GOAWAY " + f.ErrCode.String()
	case *http2.RSTStreamFrame:
		text += " " + f.ErrCode.String()
	case *http2.WindowUpdateFrame:
		text += fmt.Sprint(" ", f.Increment)
	case *http2.DataFrame:
		text += fmt.Sprint(" ", len(f.Data()))
		if f.StreamEnded() {
			text += " end"
		}
	case *http2.HeadersFrame:
		if f.StreamEnded() {
			text += " end"
		}
		p.decode(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.ContinuationFrame:
		if f.HeadersEnded() {
			text += " end"
		}
		p.decode(f.HeaderBlockFragment(), f.HeadersEnded())
	}
	return text
}

func (p *peer) decode(fragment []byte, ended bool) {
	if _, err := p.decoder.Write(fragment); err != nil {
		p.Error("the client's header: ", err)
	}
	if !ended {
		return
	}
	if err := p.decoder.Close(); err != nil {
		p.Error("the client's header: ", err)
	}
}

// expect checks all that the client has said since the last time.
func (p *peer) expect(want ...string) {
	p.Helper()
	if got := p.heard(); !slices.Equal(got, want) {
		p.Errorf("the client said\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// heard returns what the client has said since the last time.
func (p *peer) heard() []string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	said := p.said
	p.said = nil
	return said
}

// headers sends a header of name and value pairs.
func (p *peer) headers(id uint32, end bool, pairs ...string) {
	p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.encode(pairs...), EndStream: end, EndHeaders: true})
}

// answer answers with a status alone.
func (p *peer) answer(id uint32, status string) { p.headers(id, true, ":status", status) }

func (p *peer) encode(pairs ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		p.encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

func (p *peer) windowUpdate(id, n uint32)              { p.framer.WriteWindowUpdate(id, n) }
func (p *peer) reset(id uint32, code http2.ErrCode)    { p.framer.WriteRSTStream(id, code) }
func (p *peer) goAway(last uint32, code http2.ErrCode) { p.framer.WriteGoAway(last, code, nil) }
func (p *peer) data(id uint32, end bool, data string)  { p.framer.WriteData(id, end, []byte(data)) }
func (p *peer) settings(settings ...http2.Setting)     { p.framer.WriteSettings(settings...) }
func (p *peer) raw(t http2.FrameType, f http2.Flags, id uint32, payload string) {
	p.framer.WriteRawFrame(t, f, id, []byte(payload))
}

// A fallback notes what it was given, and answers 299.
type fallback struct {
	requests int
	closed   bool
}

func (f *fallback) Post(_ context.Context, _ Origin, requests []Request, done func(int, Response, error)) {
	for i := range requests {
		f.requests++
		done(i, Response{Status: 299}, nil)
	}
}

func (f *fallback) Close() { f.closed = true }

// secret is a request of ten bytes; its path must never be told.
var secret = Request{Path: "/secret", Fields: []Field{{"ttl", "60"}}, Body: []byte("0123456789")}

// secrets returns n of them.
func secrets(n int) []Request { return slices.Repeat([]Request{secret}, n) }

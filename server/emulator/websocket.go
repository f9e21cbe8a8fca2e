package emulator

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const (
	subprotocol = "push-notification"
	// maxFrame is far more than Firefox sends, in bytes.
	maxFrame = 64 << 10
	// helloLimit is how long a connection may stay silent at first, as with
	// autopush's hello timeout; writeLimit how long the browser may not read.
	helloLimit = 30 * time.Second
	writeLimit = 30 * time.Second
)

// socket is a Firefox that is connected.
type socket struct {
	emulator *Emulator
	conn     *websocket.Conn
	browser  *browser
	origin   string // of the endpoints that it is given
	more     chan struct{}
	cancel   context.CancelCauseFunc
}

func (s *socket) wake() {
	select {
	case s.more <- struct{}{}:
	default: // it will look anyway
	}
}

func (s *socket) cut(reason string) {
	s.cancel(errors.New(reason))
}

// serveWebsocket speaks Mozilla's push protocol with one browser until either
// side ends it.
func (e *Emulator) serveWebsocket(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	refuse := !e.online || e.closed
	e.mu.Unlock()
	if refuse {
		problem(w, http.StatusServiceUnavailable, "offline", "The emulator was told to take no browsers: POST /api/browser.")
		return
	}
	// The guard has looked at Origin; Firefox names its server's URL there.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &socket{emulator: e, conn: conn, origin: e.originOf(r), more: make(chan struct{}, 1), cancel: cancel}
	err = s.serve(ctx)
	if s.browser != nil {
		e.detach(s.browser, s)
	}
	cancel(nil)
	switch {
	case context.Cause(ctx) != context.Canceled:
		// Cut on purpose: the browser sees the connection break, as when the
		// network goes.
		conn.CloseNow()
	default:
		conn.Close(websocket.StatusPolicyViolation, closeReason(err))
	}
}

// closeReason fits an error into a close frame, which holds 123 bytes.
func closeReason(err error) string {
	reason := []rune(err.Error())
	for len(string(reason)) > 120 {
		reason = reason[:len(reason)-1]
	}
	return string(reason)
}

func (s *socket) serve(ctx context.Context) error {
	hello, err := s.read(ctx, helloLimit)
	if err != nil {
		return err
	}
	if hello.MessageType != frameHello {
		return errors.New("the first frame must be hello")
	}
	s.browser = s.emulator.attach(hello.UAID, s)
	if s.browser == nil {
		return errors.New("the emulator takes no browsers now")
	}
	if err := s.write(ctx, helloReply{frameHello, s.browser.uaid, http.StatusOK, true, map[string]string{}}); err != nil {
		return err
	}
	// Messages only after the reply to hello: Firefox expects nothing before.
	go s.deliver(ctx)
	for {
		f, err := s.read(ctx, 0)
		if err != nil {
			return err
		}
		if err := s.answer(ctx, f); err != nil {
			return err
		}
	}
}

// deliver sends what waits for the browser, and then what comes.
func (s *socket) deliver(ctx context.Context) {
	for {
		if m, ok := s.emulator.next(s.browser, s); ok {
			if err := s.write(ctx, newNotificationFrame(m)); err != nil {
				s.cancel(err)
				return
			}
			continue
		}
		select {
		case <-s.more:
		case <-ctx.Done():
			return
		}
	}
}

func (s *socket) answer(ctx context.Context, f frame) error {
	switch f.MessageType {
	case framePing:
		return s.write(ctx, struct{}{})
	case frameHello:
		return errors.New("a second hello")
	case frameRegister:
		reply := channelReply{MessageType: frameRegister, ChannelID: f.ChannelID, Status: http.StatusBadRequest}
		if f.invalid == nil {
			reply.Status = http.StatusInternalServerError
			if sub := s.emulator.register(s.browser, s, f.ChannelID, f.applicationServerKey, s.origin); sub != nil {
				reply.Status, reply.PushEndpoint = http.StatusOK, sub.endpoint
			}
		}
		return s.write(ctx, reply)
	case frameUnregister:
		s.emulator.unregister(s.browser, f.ChannelID, f.Code)
		return s.write(ctx, channelReply{MessageType: frameUnregister, ChannelID: f.ChannelID, Status: http.StatusOK})
	case frameAck:
		for _, u := range f.Updates {
			s.emulator.acknowledge(s.browser, u.Version, u.Code)
		}
	case frameNack:
		s.emulator.acknowledge(s.browser, f.Version, f.Code)
	}
	return nil
}

// read waits for a frame, for ever if limit is 0.
func (s *socket) read(ctx context.Context, limit time.Duration) (frame, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	_, data, err := s.conn.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	return parseFrame(data)
}

func (s *socket) write(ctx context.Context, v any) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return wsjson.Write(ctx, s.conn, v)
}

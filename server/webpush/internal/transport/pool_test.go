package transport

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

func TestManyPostsDialOnce(t *testing.T) {
	play(t, defaults, func(s *script) {
		var postings []*posting
		for range 50 {
			postings = append(postings, s.post(s.Context(), secrets(2)...))
		}
		p := s.accept()
		for i := range uint32(100) {
			p.answer(2*i+1, "201")
		}
		for _, posting := range postings {
			posting.expect("201", "201")
		}
		if s.dials != 1 {
			s.Errorf("%d dials", s.dials)
		}
	})
}

func TestConnectionsAreAsFewAsStreamsNeed(t *testing.T) {
	l := defaults
	l.connections = 3
	play(t, l, func(s *script) {
		s.post(s.Context(), secrets(2)...)
		p := s.accept(maxStreams(2))
		p.heard()
		if s.dials != 1 {
			s.Fatalf("%d dials for two requests", s.dials)
		}
		s.post(s.Context(), secrets(10)...)
		second := s.accept(maxStreams(4))
		second.expect("HEADERS 1", "DATA 1 10 end", "HEADERS 3", "DATA 3 10 end", "HEADERS 5", "DATA 5 10 end", "HEADERS 7", "DATA 7 10 end")
		third := s.accept(maxStreams(1))
		third.expect("HEADERS 1", "DATA 1 10 end")
		if s.dials != 3 {
			s.Fatalf("%d dials, of 3 that may be", s.dials)
		}
		p.answer(1, "201")
		p.expect("HEADERS 5", "DATA 5 10 end")
	})
}

func TestOurOwnLimitOfStreams(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.post(s.Context(), secrets(defaults.streams+1)...)
		p := s.accept()
		if n := len(p.heard()); n != 2*defaults.streams {
			s.Errorf("%d frames", n)
		}
		s.accept().expect("HEADERS 1", "DATA 1 10 end")
	})
}

func TestAPeerThatAllowsNoStreams(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept(maxStreams(0))
		p.expect()
		posting.expect("pending")
		if s.dials != 1 {
			s.Errorf("%d dials", s.dials)
		}
		p.settings(maxStreams(1))
		p.expect("SETTINGS ack", "HEADERS 1", "DATA 1 10 end")
	})
}

func TestAFailedDialIsNotRepeatedAtOnce(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.refuse = errors.New("nobody there")
		for range 20 {
			s.post(s.Context(), secrets(3)...).expect("again: connecting to push.example.com: nobody there", "again: ", "again: ")
		}
		if s.dials != 1 {
			s.Errorf("%d dials", s.dials)
		}
		s.pass(defaults.redial)
		s.refuse = nil
		posting := s.post(s.Context(), secret)
		s.accept().answer(1, "201")
		posting.expect("201")
	})
}

func TestAFailedDialLeavesTheOtherConnectionsWork(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.post(s.Context(), secret)
		p := s.accept(maxStreams(1))
		p.expect("HEADERS 1", "DATA 1 10 end")
		s.refuse = errors.New("nobody there")
		posting := s.post(s.Context(), secret)
		posting.expect("pending")
		p.answer(1, "201")
		p.expect("HEADERS 3", "DATA 3 10 end")
		p.answer(3, "202")
		posting.expect("202")
		if s.dials != 2 {
			s.Errorf("%d dials", s.dials)
		}
	})
}

func TestAConnectionThatDoesNotBegin(t *testing.T) {
	for name, test := range map[string]struct {
		peer func(s *script)
		want string
	}{
		"silence":        {func(s *script) { s.acceptSilent(); s.pass(defaults.dial) }, "did not begin HTTP/2 in time"},
		"the end":        {func(s *script) { s.acceptSilent().nc.Close() }, "closed the connection"},
		"an answer":      {func(s *script) { s.acceptSilent().answer(1, "201") }, "did not begin with SETTINGS"},
		"an ack":         {func(s *script) { s.acceptSilent().framer.WriteSettingsAck() }, "did not begin with SETTINGS"},
		"wrong settings": {func(s *script) { s.acceptSilent().settings(initialWindowSize(1 << 31)) }, "FLOW_CONTROL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, defaults, func(s *script) {
				posting := s.post(s.Context(), secret)
				test.peer(s)
				posting.expect("again: connecting to push.example.com: ")
				posting.expect("again: " + posting.outcomes[0].err.Error())
				if s.dials != 1 {
					s.Errorf("%d dials", s.dials)
				}
			})
		})
	}
}

func TestADialThatHangs(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.client.connect = func(ctx context.Context, _ Origin) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithCancel(s.Context())
		cancelled, posting := s.post(ctx, secret), s.post(s.Context(), secret)
		cancel()
		cancelled.expect("again: context canceled")
		posting.expect("pending")
		s.pass(defaults.dial)
		posting.expect("again: connecting to push.example.com: no connection in time")
	})
}

func TestAPeerThatHangsUpOnEveryoneIsNotDialledInALoop(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		for range 2 {
			s.accept(maxStreams(0)).goAway(0, http2.ErrCodeNo)
		}
		posting.expect("again: connecting to push.example.com")
		if s.dials != 2 {
			s.Errorf("%d dials", s.dials)
		}
	})
}

func TestOriginsWithoutHTTP2AreLeftToTheFallback(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.refuse = errNoHTTP2
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		s.post(ctx, secrets(3)...).expect("299", "299", "299")
		s.post(ctx, secret).expect("299")
		if s.dials != 1 || s.others.requests != 4 {
			s.Errorf("%d dials, and %d requests of the fallback", s.dials, s.others.requests)
		}
		s.pass(defaults.http1)
		s.refuse = nil
		posting := s.post(ctx, secret)
		s.accept().answer(1, "201")
		posting.expect("201")
	})
}

func TestWhatIsNotDirectGoesToTheFallback(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example.net:3128")
	t.Setenv("NO_PROXY", "direct.example.com")
	var dialled []string
	others := new(fallback)
	h := NewHTTP2(Config{Dial: func(_ context.Context, to Origin) (net.Conn, error) {
		dialled = append(dialled, to.Authority)
		return nil, errors.New("nobody there")
	}}, others)
	for _, o := range []Origin{
		{Scheme: "http", Authority: "127.0.0.1:1", Address: "127.0.0.1:1", Local: true},
		{Scheme: "https", Authority: "push.example.com", Address: "push.example.com:443"},
	} {
		if o := post(t, h, t.Context(), o, secret)[0]; o.Status != 299 {
			t.Errorf("got %d, %v", o.Status, o.err)
		}
	}
	for _, o := range []Origin{
		{Scheme: "https", Authority: "direct.example.com", Address: "direct.example.com:443"},
		{Scheme: "https", Authority: "local.example.com", Address: "127.0.0.1:1", Local: true},
	} {
		if o := post(t, h, t.Context(), o, secret)[0]; o.err == nil {
			t.Errorf("got %d", o.Status)
		}
	}
	if len(dialled) != 2 || others.requests != 2 {
		t.Errorf("dialled %q", dialled)
	}
	h.Close()
	if !others.closed {
		t.Error("the fallback was not closed")
	}
}

func TestCloseEndsEverything(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secrets(3)...)
		p := s.accept(maxStreams(2))
		p.headers(1, false, ":status", "201")
		p.heard()
		s.client.Close()
		posting.expect("201", "the transport is closed", "again: the transport is closed")
		p.expect("GOAWAY NO_ERROR", "closed")
		s.post(s.Context(), secret).expect("again: the transport is closed")
	})
	play(t, defaults, func(s *script) { // during a dial
		s.client.connect = func(ctx context.Context, _ Origin) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		posting := s.post(s.Context(), secret)
		posting.expect("pending")
		s.client.Close()
		posting.expect("again: the transport is closed")
	})
	play(t, defaults, func(s *script) { // as a dial succeeds
		client, server := net.Pipe()
		s.client.connect = func(ctx context.Context, _ Origin) (net.Conn, error) {
			<-ctx.Done()
			return client, nil
		}
		posting := s.post(s.Context(), secret)
		posting.expect("pending")
		s.client.Close()
		posting.expect("again: the transport is closed")
		if _, err := server.Read(make([]byte, 1)); err == nil {
			s.Error("the connection is open")
		}
	})
}

func TestOriginsAreForgotten(t *testing.T) {
	play(t, defaults, func(s *script) {
		s.refuse = errors.New("nobody there")
		post := func(authority string) {
			s.client.Post(s.Context(), Origin{Scheme: "https", Authority: authority, Local: true}, secrets(1), func(int, Response, error) {})
			s.pass(time.Millisecond)
		}
		post("a.example.com")
		s.pass(defaults.redial)
		s.refuse = errNoHTTP2
		post("b.example.com")
		s.pass(defaults.redial)
		post("c.example.com")
		if n := len(s.client.pools); n != 2 {
			s.Errorf("%d origins are known", n)
		}
		s.pass(defaults.http1)
		post("d.example.com")
		if n := len(s.client.pools); n != 1 {
			s.Errorf("%d origins are known", n)
		}
	})
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

func initialWindowSize(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingInitialWindowSize, Val: n}
}

func maxStreams(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: n}
}

func TestBodiesWaitForWindows(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secrets(2)...)
		p := s.accept(initialWindowSize(4))
		p.expect("HEADERS 1", "DATA 1 4", "HEADERS 3", "DATA 3 4")
		p.windowUpdate(3, 1)
		p.expect("DATA 3 1")
		p.settings(initialWindowSize(1)) // -3 and -3
		p.expect("SETTINGS ack")
		p.windowUpdate(1, 3)
		p.expect()
		p.windowUpdate(1, 1)
		p.expect("DATA 1 1")
		p.settings(initialWindowSize(0))
		p.windowUpdate(1, 1)
		p.expect("SETTINGS ack")
		p.settings(initialWindowSize(100))
		p.expect("SETTINGS ack", "DATA 1 5 end", "DATA 3 5 end")
		p.answer(1, "201")
		p.answer(3, "202")
		posting.expect("201", "202")
	})
}

func TestTheConnectionsWindowIsShared(t *testing.T) {
	play(t, defaults, func(s *script) {
		large := Request{Path: "/secret", Body: make([]byte, 60000)}
		posting := s.post(s.Context(), large, large, secret)
		p := s.accept()
		// The third waits for its stream, since it could not send its body.
		p.expect("HEADERS 1", "DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 10848 end", "HEADERS 3", "DATA 3 5535")
		p.windowUpdate(0, 20000)
		p.expect("DATA 3 16384", "DATA 3 3616")
		p.reset(3, http2.ErrCodeCancel)
		posting.expect("pending", "CANCEL", "pending")
		p.expect("HEADERS 5")
		p.windowUpdate(0, 100000)
		p.expect("DATA 5 10 end")
		p.answer(5, "201")
		posting.expect("pending", "CANCEL", "201")
	})
}

func TestALargeBodyIsNotHeldInMemory(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), Request{Path: "/secret", Body: make([]byte, 1<<20)})
		p := s.accept(initialWindowSize(maxWindow))
		p.windowUpdate(0, maxWindow-initialWindow)
		total := 0
		for _, said := range p.heard() {
			var id, n int
			if _, err := fmt.Sscanf(said, "DATA %d %d", &id, &n); err == nil {
				total += n
			}
		}
		if total != 1<<20 {
			s.Errorf("%d bytes came", total)
		}
		p.answer(1, "201")
		posting.expect("201")
	})
}

func TestAnAnswerBeforeTheEndOfTheBody(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept(initialWindowSize(4))
		p.expect("HEADERS 1", "DATA 1 4")
		p.answer(1, "413")
		posting.expect("413")
		p.expect("RST_STREAM 1 CANCEL")
		p.reset(1, http2.ErrCodeNo)
		p.windowUpdate(1, 6)
		p.expect()
	})
}

func TestOurWindowIsFilledUp(t *testing.T) {
	play(t, defaults, func(s *script) {
		const n = 30
		posting := s.post(s.Context(), secrets(n)...)
		p := s.accept()
		p.heard()
		updated := 0
		for i := range uint32(n) {
			p.headers(2*i+1, false, ":status", "200")
			for range 3 {
				p.data(2*i+1, false, strings.Repeat("x", maxFrameSize))
			}
			p.data(2*i+1, true, "")
			for _, said := range p.heard() {
				var increment int
				if _, err := fmt.Sscanf(said, "WINDOW_UPDATE 0 %d", &increment); err != nil {
					s.Fatalf("the client said %s", said)
				}
				updated += increment
			}
		}
		posting.expect(slices.Repeat([]string{"200 " + strings.Repeat("x", MaxAnswer)}, n)...)
		if sent := n * 3 * maxFrameSize; updated < sent-connectionWindow/2 || updated > sent {
			s.Errorf("windows were filled up by %d of %d bytes", updated, sent)
		}
	})
}

func TestMoreDataThanTheConnectionsWindow(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end")
		p.answer(1, "201")
		posting.expect("201")
		// Nobody reads on a closed stream, but it counts.
		for range connectionWindow / 2 / maxFrameSize {
			p.data(1, false, strings.Repeat("x", maxFrameSize))
		}
		p.expect()
		p.data(1, false, "x")
		p.expect(fmt.Sprint("WINDOW_UPDATE 0 ", connectionWindow/2+1))
	})
}

func TestStreamsAreNotMoreThanThePeerAllows(t *testing.T) {
	l := defaults
	l.connections = 1
	play(t, l, func(s *script) {
		posting := s.post(s.Context(), secrets(6)...)
		p := s.accept(maxStreams(3))
		p.expect("HEADERS 1", "DATA 1 10 end", "HEADERS 3", "DATA 3 10 end", "HEADERS 5", "DATA 5 10 end")
		p.settings(maxStreams(1))
		p.expect("SETTINGS ack")
		p.answer(1, "201")
		p.answer(3, "201")
		p.expect()
		p.answer(5, "201")
		p.expect("HEADERS 7", "DATA 7 10 end")
		p.settings(maxStreams(0))
		p.answer(7, "201")
		p.expect("SETTINGS ack")
		p.settings(maxStreams(100))
		p.expect("SETTINGS ack", "HEADERS 9", "DATA 9 10 end", "HEADERS 11", "DATA 11 10 end")
		posting.expect("201", "201", "201", "201", "pending", "pending")
	})
}

func TestConstantFieldsAreIndexedAndPathsAreNot(t *testing.T) {
	play(t, defaults, func(s *script) {
		p := (*peer)(nil)
		for i := range 4 {
			r := Request{Path: fmt.Sprintf("/secret/%d", i), Fields: []Field{{"authorization", strings.Repeat("v", 300)}, {"topic", fmt.Sprint(i)}, {"ttl", "60"}}}
			s.post(s.Context(), r)
			if p == nil {
				p = s.accept()
			}
			p.expect(fmt.Sprintf("HEADERS %d end", 2*i+1))
			p.answer(uint32(2*i+1), "201")
			for _, f := range p.fields {
				switch f.Name {
				case ":path", "topic":
					if !f.Sensitive {
						s.Errorf("%s of request %d may be put in a table", f.Name, i)
					}
				case "authorization", "ttl", ":authority", "content-length", "user-agent":
					if f.Sensitive != (i == 0) {
						s.Errorf("%s of request %d: never indexed is %v", f.Name, i, f.Sensitive)
					}
				}
			}
			p.fields = nil
		}
	})
}

func TestTheTableIsAsLargeAsThePeerAllows(t *testing.T) {
	play(t, defaults, func(s *script) {
		post := func() {
			s.post(s.Context(), Request{Path: "/secret", Fields: []Field{{"authorization", strings.Repeat("v", 300)}}})
		}
		post()
		p := s.accept(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
		p.decoder.SetAllowedMaxDynamicTableSize(0)
		post()
		post()
		p.expect("HEADERS 1 end", "HEADERS 3 end", "HEADERS 5 end")
		p.decoder.SetAllowedMaxDynamicTableSize(1 << 20)
		p.settings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 100}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 1 << 20})
		p.heard()
		post()
		post()
		p.expect("HEADERS 7 end", "HEADERS 9 end")
	})
}

func TestALargeHeaderIsContinued(t *testing.T) {
	play(t, defaults, func(s *script) {
		value := strings.Repeat("~", 3*maxFrameSize)
		posting := s.post(s.Context(), Request{Path: "/secret", Fields: []Field{{"large", value}}, Body: []byte("x")})
		p := s.accept()
		p.expect("HEADERS 1", "CONTINUATION 1", "CONTINUATION 1", "CONTINUATION 1 end", "DATA 1 1 end")
		if last := p.fields[len(p.fields)-1]; last.Value != value {
			s.Errorf("%s came as %d bytes", last.Name, len(last.Value))
		}
		p.answer(1, "201")
		posting.expect("201")
	})
}

func TestGoAwayGivesBackWhatIsAboveIt(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secrets(3)...)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end", "HEADERS 3", "DATA 3 10 end", "HEADERS 5", "DATA 5 10 end")
		p.goAway(maxWindow, http2.ErrCodeNo)
		p.expect()
		p.goAway(3, http2.ErrCodeNo)
		p.expect()
		next := s.accept()
		next.expect("HEADERS 1", "DATA 1 10 end")
		p.goAway(1, http2.ErrCodeNo)
		next.expect("HEADERS 3", "DATA 3 10 end")
		p.answer(1, "201")
		p.expect("GOAWAY NO_ERROR", "closed")
		// There is no third try.
		next.goAway(1, http2.ErrCodeEnhanceYourCalm)
		next.answer(1, "202")
		next.expect("GOAWAY NO_ERROR", "closed")
		got := posting.over()
		if got != 3 {
			s.Errorf("%d are over", got)
		}
		answers := []int{}
		for _, o := range posting.outcomes {
			if o.err != nil && (!errors.Is(o.err, ErrNotProcessed) || !strings.Contains(o.err.Error(), "ENHANCE_YOUR_CALM")) {
				s.Error(o.err)
			}
			answers = append(answers, o.Status)
		}
		slices.Sort(answers)
		if !slices.Equal(answers, []int{0, 201, 202}) {
			s.Errorf("got %v", answers)
		}
	})
}

func TestADrainHasAnEnd(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end")
		p.goAway(1, http2.ErrCodeNo)
		for range 6 {
			posting.expect("pending")
			p.framer.WritePing(true, [8]byte{})
			s.pass(defaults.tick)
		}
		posting.expect("the connection had to end before")
		p.expect("GOAWAY NO_ERROR", "closed")
	})
}

func TestALostConnectionSaysNothingOfWhatItCarried(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secrets(3)...)
		p := s.accept(maxStreams(2))
		p.expect("HEADERS 1", "DATA 1 10 end", "HEADERS 3", "DATA 3 10 end")
		next := s.accept(maxStreams(2))
		next.expect("HEADERS 1", "DATA 1 10 end")
		p.headers(1, false, ":status", "201")
		p.data(1, false, "crea")
		p.nc.Close()
		posting.expect("201 crea", "the push service closed the connection", "pending")
		next.answer(1, "202")
		posting.expect("201 crea", "the push service closed the connection", "202")
	})
}

func TestADeadPeerIsNoticed(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end")
		for range 3 {
			s.pass(15 * time.Second)
			p.expect("PING")
			p.framer.WritePing(true, [8]byte{})
		}
		s.pass(15 * time.Second)
		p.expect("PING")
		posting.expect("pending")
		s.pass(10 * time.Second)
		posting.expect("the connection is dead")
		p.expect("GOAWAY NO_ERROR", "closed")
	})
}

func TestAPeerThatDoesNotReadIsNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		peer func(s *script, p *peer)
		want string
	}{
		"from the beginning": {func(s *script, p *peer) { s.pass(defaults.write + lastWords) }, "again: connecting to push.example.com: the push service d"},
		"later": {func(s *script, p *peer) {
			p.framer.ReadFrame()
			p.framer.ReadFrame()
			p.framer.WriteSettings()
			s.pass(defaults.write + lastWords)
		}, "the push service does not read what is sent"},
		"but asks": {func(s *script, p *peer) {
			p.framer.ReadFrame()
			p.framer.ReadFrame()
			p.framer.WriteSettings()
			for range 2 * maxUnread / 17 {
				p.framer.WritePing(false, [8]byte{})
			}
		}, "it does not read what it asks for"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, defaults, func(s *script) {
				posting := s.post(s.Context(), secret)
				test.peer(s, s.acceptDeaf())
				posting.expect(test.want)
			})
		})
	}
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end")
		p.answer(1, "201")
		posting.expect("201")
		pings := 0
		for range int(defaults.idle / defaults.tick) {
			for _, said := range p.heard() {
				if said != "PING" {
					s.Fatalf("the client said %s", said)
				}
				pings++
				p.framer.WritePing(true, [8]byte{})
			}
			s.pass(defaults.tick)
		}
		s.pass(defaults.tick)
		said := slices.DeleteFunc(p.heard(), func(said string) bool { return said == "PING" })
		if pings == 0 || !slices.Equal(said, []string{"GOAWAY NO_ERROR", "closed"}) {
			s.Errorf("after %d pings the client said %q", pings, said)
		}
	})
}

func TestAnOldConnectionIsReplaced(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		old, begun := s.accept(), time.Now()
		for id := uint32(1); ; id += 2 {
			if time.Since(begun) > 2*defaults.age {
				s.Fatal("it is never replaced")
			}
			said := old.heard()
			if !slices.Contains(said, fmt.Sprintf("HEADERS %d", id)) {
				break
			}
			s.pass(defaults.tick)
			old.answer(id, "201")
			posting.expect("201")
			posting = s.post(s.Context(), secret)
		}
		if age := time.Since(begun); age < 54*time.Minute || age > 66*time.Minute+defaults.tick {
			s.Errorf("it was replaced after %v", age)
		}
		s.accept().answer(1, "202")
		posting.expect("202")
	})
}

func TestTheEndOfAContextResetsStreams(t *testing.T) {
	play(t, defaults, func(s *script) {
		ctx, cancel := context.WithCancelCause(s.Context())
		posting, other := s.post(ctx, secrets(3)...), s.post(s.Context(), secret)
		p := s.accept(maxStreams(3), initialWindowSize(4))
		p.expect("HEADERS 1", "DATA 1 4", "HEADERS 3", "DATA 3 4", "HEADERS 5", "DATA 5 4")
		p.headers(3, false, ":status", "201")
		p.answer(5, "202")
		p.expect("RST_STREAM 5 CANCEL", "HEADERS 7", "DATA 7 4")
		cancel(errors.New("enough"))
		posting.expect("enough", "201", "202")
		p.expect("RST_STREAM 1 CANCEL", "RST_STREAM 3 CANCEL")
		p.windowUpdate(7, 100)
		p.expect("DATA 7 6 end")
		p.answer(7, "201")
		other.expect("201")
	})
}

func TestStreamIdentifiersRunOut(t *testing.T) {
	play(t, defaults, func(s *script) {
		posting := s.post(s.Context(), secret)
		p := s.accept()
		p.expect("HEADERS 1", "DATA 1 10 end")
		pool := s.client.pool(scriptOrigin)
		pool.mu.Lock()
		pool.conns[0].nextID = lastStreamID - 2
		pool.mu.Unlock()
		last := s.post(s.Context(), secrets(3)...)
		p.expect("HEADERS 2147483645", "DATA 2147483645 10 end", "HEADERS 2147483647", "DATA 2147483647 10 end")
		next := s.accept()
		next.expect("HEADERS 1", "DATA 1 10 end")
		p.answer(1, "201")
		p.answer(lastStreamID-2, "202")
		p.answer(lastStreamID, "203")
		p.expect("GOAWAY NO_ERROR", "closed")
		posting.expect("201")
		last.expect("202", "203", "pending")
	})
}

func TestFloods(t *testing.T) {
	l := defaults
	l.flood = 1000
	for name, flood := range map[string]func(p *peer){
		"SETTINGS":                   func(p *peer) { p.settings() },
		"acks":                       func(p *peer) { p.framer.WriteSettingsAck() },
		"PING":                       func(p *peer) { p.framer.WritePing(false, [8]byte{}) },
		"PING acks":                  func(p *peer) { p.framer.WritePing(true, [8]byte{}) },
		"RST_STREAM":                 func(p *peer) { p.reset(1, http2.ErrCodeCancel) },
		"empty DATA":                 func(p *peer) { p.data(3, false, "") },
		"DATA on a closed stream":    func(p *peer) { p.data(1, false, "x") },
		"HEADERS on a closed stream": func(p *peer) { p.answer(1, "201") },
		"interim answers":            func(p *peer) { p.headers(5, false, ":status", "100") },
		"WINDOW_UPDATE":              func(p *peer) { p.windowUpdate(3, 1) },
		"PRIORITY":                   func(p *peer) { p.framer.WritePriority(1, http2.PriorityParam{}) },
		"unknown":                    func(p *peer) { p.raw(0xfe, 0, 0, "") },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, l, func(s *script) {
				posting := s.post(s.Context(), secrets(3)...)
				p := s.accept()
				p.answer(1, "201")
				p.headers(3, false, ":status", "202")
				for range l.flood + 1 {
					flood(p)
				}
				posting.expect("201", "202", "ENHANCE_YOUR_CALM")
				said := p.heard()
				if end := said[max(0, len(said)-2):]; !slices.Equal(end, []string{"GOAWAY ENHANCE_YOUR_CALM", "closed"}) {
					s.Errorf("the client ended with %q", end)
				}
			})
		})
	}
}

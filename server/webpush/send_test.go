package webpush

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
)

const secretPath = "/wpush/v2/gAAAAABsecretsecretsecret"

// newService starts a push service, and returns a client that reaches it under
// the name push.example.com and a subscription there.
func newService(t *testing.T, h http.HandlerFunc) (*Client, Subscription) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c := NewClient(Options{Services: mustServices(t, "push.example.com="+server.URL, "wns2-x.notify.windows.com="+server.URL), Subject: "mailto:push@example.com"})
	t.Cleanup(c.Close)
	return c, newBrowser(t).subscription(t, "https://push.example.com"+secretPath)
}

func TestSendSaysWhatTheMessageIs(t *testing.T) {
	b, key := newBrowser(t), newKey(t)
	var got *http.Request
	var body []byte
	c, _ := newService(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "https://push.example.com/m/1")
		w.WriteHeader(http.StatusCreated)
	})
	r := c.Send(t.Context(), Message{
		Subscription: b.subscription(t, "https://push.example.com"+secretPath+"?a=b%2Fc"), Payload: []byte("hello"), TTL: KeepFor(90*time.Second + 900*time.Millisecond),
		Urgency: UrgencyHigh, Topic: "Match 42: Ä", Key: key,
	})
	if r.Outcome != Accepted || r.Status != 201 || r.Location != "https://push.example.com/m/1" || r.Reason != "" {
		t.Fatalf("got %+v", r)
	}
	if got.Method != "POST" || got.RequestURI != secretPath+"?a=b%2Fc" || got.Host != "push.example.com" {
		t.Errorf("it came as %s %s to %s", got.Method, got.RequestURI, got.Host)
	}
	for name, want := range map[string]string{
		"TTL": "90", "Urgency": "high", "Content-Encoding": "aes128gcm", "Topic": TopicHeader("Match 42: Ä"), "X-WNS-Cache-Policy": "",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	if claims := verify(t, got.Header.Get("Authorization"), key, time.Now()); claims["aud"] != "https://push.example.com" {
		t.Errorf("aud is %v: it must stay the endpoint's origin", claims["aud"])
	}
	if text := b.decrypt(t, body); string(text) != "hello" {
		t.Errorf("it decrypts to %q", text)
	}
}

func TestSendTellsMicrosoftWhatTTL0Means(t *testing.T) {
	for ttl, want := range map[time.Duration]string{0: "no-cache", 900 * time.Millisecond: "no-cache", time.Second: "cache"} {
		var policy, header string
		c, _ := newService(t, func(_ http.ResponseWriter, r *http.Request) {
			policy, header = r.Header.Get("X-WNS-Cache-Policy"), r.Header.Get("TTL")
		})
		s := newBrowser(t).subscription(t, "https://wns2-x.notify.windows.com/w/?token=x")
		if r := c.Send(t.Context(), Message{Subscription: s, TTL: KeepFor(ttl), Key: newKey(t)}); r.Outcome != Accepted {
			t.Fatalf("got %+v", r)
		}
		if policy != want || header == "" {
			t.Errorf("TTL %v: the policy is %q with TTL %q, want %q", ttl, policy, header, want)
		}
	}
}

func TestSendKeepsToApplesShortestTTL(t *testing.T) {
	for ttl, want := range map[time.Duration]string{0: "1", time.Minute: "60"} {
		var header string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("TTL") }))
		c := NewClient(Options{Services: mustServices(t, "web.push.apple.com="+server.URL), Subject: "mailto:push@example.com"})
		s := newBrowser(t).subscription(t, "https://web.push.apple.com/QGuQyavXutnMH")
		if r := c.Send(t.Context(), Message{Subscription: s, TTL: KeepFor(ttl), Key: newKey(t)}); r.Outcome != Accepted || header != want {
			t.Errorf("TTL %v: it is %q, want %q; %+v", ttl, header, want, r)
		}
		server.Close()
	}
}

func TestTopicHeaderIsWhatEveryServiceTakes(t *testing.T) {
	for _, topic := range []string{"a", "match-42", strings.Repeat("x", 256), "Ä ~", "match-43"} {
		header := TopicHeader(topic)
		if len(header) != 32 || strings.Trim(header, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			t.Errorf("%q gives %q", topic, header)
		}
	}
	if TopicHeader("match-42") == TopicHeader("match-43") || TopicHeader("a") != TopicHeader("a") {
		t.Error("topics are mixed up")
	}
}

func TestSendRefusesBeforeSending(t *testing.T) {
	var asked atomic.Int32
	c, s := newService(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	key := newKey(t)
	elsewhere := newBrowser(t).subscription(t, "https://evil.net/"+strings.Repeat("x", 40))
	for name, c2 := range map[string]struct {
		m    Message
		want Outcome
	}{
		"foreign service": {Message{Subscription: elsewhere, Key: key}, Refused},
		"no key":          {Message{Subscription: s}, Refused},
		"negative TTL":    {Message{Subscription: s, Key: key, TTL: KeepFor(-1)}, Refused},
		"too large":       {Message{Subscription: s, Key: key, Payload: make([]byte, MaxPlaintext+1)}, TooLarge},
	} {
		if r := c.Send(t.Context(), c2.m); r.Outcome != c2.want || r.Status != 0 || r.Reason == "" || r.Meaning == "" || r.Advice == "" || r.Retriable() {
			t.Errorf("%s: got %+v", name, r)
		}
	}
	if asked.Load() > 0 {
		t.Error("a request was sent")
	}
}

func TestSendFollowsNoRedirect(t *testing.T) {
	var elsewhere atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{other.URL, "/elsewhere", "http://%zz", ""} {
			c, s := newService(t, func(w http.ResponseWriter, r *http.Request) {
				if r.RequestURI != secretPath {
					elsewhere.Store(true)
				}
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Refused || r.Status != status {
				t.Errorf("%d to %q: got %+v", status, location, r)
			}
		}
	}
	if elsewhere.Load() {
		t.Error("a redirect was followed")
	}
}

// A hostile service may answer with as much, and as slowly, as it likes.
func TestSendReadsBoundedAnswers(t *testing.T) {
	t.Run("giant", func(t *testing.T) {
		c, s := newService(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			chunk := bytes.Repeat([]byte("x"), 64<<10)
			for r.Context().Err() == nil {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		})
		if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Refused || len(r.Reason) != 500 {
			t.Errorf("got %s with a reason of %d bytes", r.Outcome, len(r.Reason))
		}
	})
	t.Run("giant header", func(t *testing.T) {
		c, s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Padding", strings.Repeat("x", 64<<10))
		})
		if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Unavailable {
			t.Errorf("got %+v", r)
		}
	})
	silent := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	t.Run("silent", func(t *testing.T) {
		c, s := newService(t, silent)
		if c.timeout != requestTimeout {
			t.Errorf("a request may take %v, want %v", c.timeout, requestTimeout)
		}
		c.timeout = 50 * time.Millisecond
		if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Unavailable || r.Reason != "no answer in time" || r.Meaning == "" || r.Advice == "" {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("slow body", func(t *testing.T) {
		c, s := newService(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusGone)
			w.Write([]byte("gon"))
			http.NewResponseController(w).Flush()
			silent(w, r)
		})
		c.timeout = 50 * time.Millisecond
		if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Gone {
			t.Errorf("got %+v: the status had said it", r)
		}
	})
}

func TestReasonsOfTheServiceAndOfTheNetworkHideTheEndpoint(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"error page": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "The requested URL "+r.RequestURI+" was not found", http.StatusNotFound)
		},
		"at the end of what is kept": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, strings.Repeat("x", 480)+r.RequestURI, http.StatusForbidden)
		},
		"broken off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"bad redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://%zz"+r.RequestURI)
			w.WriteHeader(http.StatusMovedPermanently)
		},
	} {
		c, s := newService(t, h)
		r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)})
		if r.Reason == "" || strings.Contains(r.Reason, "gAAAAAB") {
			t.Errorf("%s: the reason is %q", name, r.Reason)
		}
	}
	c, s := newService(t, nil)
	gone := httptest.NewServer(nil)
	gone.Close()
	c.destinations = destinations{services: mustServices(t, "push.example.com="+gone.URL)}
	if r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)}); r.Outcome != Unavailable || r.Reason == "" || strings.Contains(r.Reason, secretPath) {
		t.Errorf("got %+v", r)
	}
}

func TestTheDialRefusesAddressesThatAreNotPublic(t *testing.T) {
	for address, want := range map[string]error{
		"127.0.0.1:443":          ssrf.ErrProhibitedIP,
		"localhost:443":          ssrf.ErrProhibitedIP,
		"[::1]:443":              ssrf.ErrProhibitedIP,
		"[::ffff:127.0.0.1]:443": ssrf.ErrProhibitedIP,
		"0.0.0.0:443":            ssrf.ErrProhibitedIP,
		"10.1.2.3:443":           ssrf.ErrProhibitedIP,
		"192.168.0.1:443":        ssrf.ErrProhibitedIP,
		"169.254.169.254:443":    ssrf.ErrProhibitedIP,
		"100.64.0.1:443":         ssrf.ErrProhibitedIP,
		"[fd00::1]:443":          ssrf.ErrProhibitedIP,
		"[fe80::1]:443":          ssrf.ErrProhibitedIP,
		"127.0.0.1:22":           ssrf.ErrProhibitedPort,
	} {
		conn, err := newGuard().dial(t.Context(), transport.Origin{Address: address})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
		if conn != nil {
			conn.Close()
		}
	}
}

// A listed name may point to this machine (DNS rebinding): the address that it
// resolves to is looked at when it is dialled.
func TestAListedNameThatResolvesToLoopbackIsRefused(t *testing.T) {
	c := NewClient(Options{Services: &Services{rules: []serviceRule{{host: "localhost"}}}})
	s := newBrowser(t).subscription(t, "https://localhost"+secretPath)
	r := c.Send(t.Context(), Message{Subscription: s, Key: newKey(t)})
	if r.Outcome != Unavailable || !strings.Contains(r.Reason, ssrf.ErrProhibitedIP.Error()) {
		t.Fatalf("got %+v", r)
	}
}

func TestConcurrentSends(t *testing.T) {
	var bodies sync.Map
	c, _ := newService(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies.Store(r.URL.Path, body)
		w.WriteHeader(http.StatusCreated)
	})
	key, payload := newKey(t), []byte("the same for all")
	browsers := make([]browser, 40)
	var all sync.WaitGroup
	for i := range browsers {
		browsers[i] = newBrowser(t)
		s := browsers[i].subscription(t, fmt.Sprintf("https://push.example.com/%d", i))
		all.Go(func() {
			if r := c.Send(t.Context(), Message{Subscription: s, Payload: payload, Key: key, TTL: KeepFor(time.Hour)}); r.Outcome != Accepted {
				t.Errorf("got %+v", r)
			}
		})
	}
	all.Wait()
	for i, b := range browsers {
		body, _ := bodies.Load(fmt.Sprintf("/%d", i))
		if text := b.decrypt(t, body.([]byte)); !bytes.Equal(text, payload) {
			t.Errorf("%d got %q", i, text)
		}
	}
}

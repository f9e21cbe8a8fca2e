package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A status is a ResponseWriter that keeps nothing else.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header            { return s.header }
func (s *status) WriteHeader(code int)           { s.code = code }
func (s *status) Write(text []byte) (int, error) { return len(text), nil }

func TestAFloodOfSubscriptionsFromOneAddressIsRefused(t *testing.T) {
	const burst, flood = 5, 50_000
	now := time.Now()
	var log bytes.Buffer
	s := newServer(t, func(o *api.Options) {
		o.PublicRate, o.Now = api.PublicRate{PerSecond: 1, Burst: burst}, func() time.Time { return now }
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	for i := range burst {
		if w := s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint+strings.Repeat("x", i), "")); w.Code != 201 {
			t.Fatalf("the first are answered %d %s", w.Code, w.Body)
		}
	}
	w := s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint+"/more", ""))
	wantProblem(t, w, 429, wire.TooManyRequests, "")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("got %v", w.Header())
	}
	// It does not wait for its answers, which are held.
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, "POST", "http://"+ownHost+"/v1/subscriptions", nil)
	for range flood {
		answer := status{header: http.Header{}}
		if s.ServeHTTP(&answer, r); answer.code != 429 {
			t.Fatalf("one is answered %d", answer.code)
		}
	}
	if list, _, err := s.store.ListSubscriptions(t.Context(), s.site.ID, "", 100); err != nil || len(list) != burst {
		t.Errorf("%d are stored, %v", len(list), err)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 {
		t.Errorf("it is logged %d times: %.500s", lines, log.String())
	}
	// Others are served meanwhile, and so is this one when its time has come.
	other := httptest.NewRequest("GET", "http://"+ownHost+"/v1/config", nil)
	other.RemoteAddr = "[2001:db8::1]:1234"
	answer := httptest.NewRecorder()
	if s.ServeHTTP(answer, other); answer.Code != 200 {
		t.Errorf("another client is answered %d", answer.Code)
	}
	now = now.Add(time.Second)
	if w := s.call("GET", "/v1/config", ""); w.Code != 200 {
		t.Errorf("after the wait it is answered %d", w.Code)
	}
}

// Who makes one mistake after another waits for each answer, and for nothing else.
// Keys cannot be tried at speed.
func TestMistakesBeyondMeasureAreAnsweredSlowly(t *testing.T) {
	now := time.Now()
	s := newServer(t, func(o *api.Options) {
		o.PublicRate, o.Now = api.PublicRate{PerSecond: 1, Burst: 5000}, func() time.Time { return now }
	})
	took := func(method, path, body string, headers ...string) (d time.Duration, status int) {
		began := time.Now()
		status = s.call(method, path, body, headers...).Code
		return time.Since(began), status
	}
	mistakes := []func() (time.Duration, int){
		func() (time.Duration, int) { return took("GET", "/v1/messages", "", withKey+"x") },
		func() (time.Duration, int) { return took("GET", "/wp-login.php", "") },
		func() (time.Duration, int) { return took("POST", "/v1/subscriptions", "{") },
	}
	for i := range 100 {
		if _, status := mistakes[i%len(mistakes)](); status < 400 || status >= 500 {
			t.Fatalf("a mistake is answered %d", status)
		}
	}
	const held = 900 * time.Millisecond
	for i, mistake := range mistakes {
		if d, status := mistake(); d < held || status < 400 || status >= 500 {
			t.Errorf("mistake %d too many is answered %d after %v", i, status, d)
		}
	}
	for what, right := range map[string]func() (time.Duration, int){
		"what it asks rightly": func() (time.Duration, int) { return took("GET", "/v1/config", "") },
		"a file":               func() (time.Duration, int) { return took("GET", "/pushkit.js", "") },
		"a key's holder":       func() (time.Duration, int) { return took("GET", "/v1/messages/nothing", "", withKey) },
		"a back end":           func() (time.Duration, int) { return took("POST", "/v1/subscriptions/check", "{}", withKey) },
	} {
		if d, status := right(); d >= held || status == 401 {
			t.Errorf("%s is answered %d after %v", what, status, d)
		}
	}
	other := httptest.NewRequest("GET", "http://"+ownHost+"/wp-login.php", nil)
	other.RemoteAddr = "[2001:db8::1]:1234"
	began := time.Now()
	if s.ServeHTTP(httptest.NewRecorder(), other); time.Since(began) >= held {
		t.Errorf("another client's mistake is answered after %v", time.Since(began))
	}
	now = now.Add(time.Second)
	if d, _ := mistakes[1](); d >= held {
		t.Errorf("after a rest it is answered after %v", d)
	}
}

// Who has an API key, or the token of a delivery, may call as often as they like.
func TestKeysAndTokensAreNotLimited(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.PublicRate = api.PublicRate{PerSecond: 0.001, Burst: 1} })
	want(t, s.call("GET", "/v1/config", ""), 200)
	token := s.site.Tokens.Token(push.DeliveryID{Message: push.NewID()})
	for range 3 {
		want(t, s.call("GET", "/v1/config", "", withKey), 200)
		wantProblem(t, s.call("GET", "/v1/config", "", withKey+"x"), 429, wire.TooManyRequests, "")
		want(t, s.call("POST", "/v1/events", `[{"token": "`+token+`", "type": "clicked", "at": 1}]`), 202)
		wantProblem(t, s.call("POST", "/v1/events", `[]`), 429, wire.TooManyRequests, "")
		wantProblem(t, s.call("POST", "/v1/events", `[{"token": "`+strings.Repeat("A", push.TokenLength)+`", "type": "clicked", "at": 1}]`), 429, wire.TooManyRequests, "")
		want(t, s.call("GET", "/v1/messages", "", withKey), 200)
	}
}

func TestClientsBehindATrustedProxyAreToldApart(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		var log bytes.Buffer
		s := newServer(t, func(o *api.Options) {
			o.PublicRate = api.PublicRate{PerSecond: 0.001, Burst: 1}
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			if trusted {
				o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // httptest's
			}
		})
		get := func(from string) int { return s.call("GET", "/v1/config", "", "X-Forwarded-For: "+from).Code }
		if first, again := get("203.0.113.1"), get("6.6.6.6, 203.0.113.1"); first != 200 || again != 429 {
			t.Errorf("trusted %v: one client is answered %d and %d", trusted, first, again)
		}
		if second := get("203.0.113.2"); (second == 200) != trusted {
			t.Errorf("trusted %v: another client is answered %d", trusted, second)
		}
		if strings.Contains(log.String(), "--trusted-proxies") == trusted {
			t.Errorf("trusted %v: the log says %s", trusted, log.String())
		}
	}
}

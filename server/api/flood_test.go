package api_test

import (
	"bytes"
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
	r := httptest.NewRequest("POST", "http://"+ownHost+"/v1/subscriptions", nil)
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

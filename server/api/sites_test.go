package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/wire"
)

// publicKey is the current one of a site.
func (s *server) publicKey(site push.Site) string {
	s.t.Helper()
	keys, err := s.store.VAPIDKeys(s.t.Context(), site.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return keys[0].Public()
}

// at makes a request for a host.
func (s *server) at(host, header string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest("GET", "http://"+host+"/v1/config", nil)
	if header != "" {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestAPublicCallFindsItsSite(t *testing.T) {
	public, _ := url.Parse("https://push.example.com")
	for name, change := range map[string]func(*api.Options){
		"without --public-url": func(*api.Options) {}, "with it": func(o *api.Options) { o.PublicURL = public },
	} {
		s := newServer(t, change)
		shop := s.addShop()
		main, other := s.publicKey(s.site), s.publicKey(shop)
		for request, key := range map[[2]string]string{
			{ownHost, "Origin: " + siteOrigin}:            main,
			{ownHost, "Origin: " + shopOrigin}:            other,
			{"shop.example", "Origin: " + siteOrigin}:     main,
			{"shop.example", "Origin: " + shopOrigin}:     other,
			{ownHost, "Origin: https://push.example.com"}: main,
			// Without Origin.
			{ownHost, ""}:             main,
			{"site.example", ""}:      main,
			{"shop.example", ""}:      other,
			{"SHOP.example", ""}:      other,
			{"evil.example", ""}:      main,
			{"shop.example:8443", ""}: main,
			// A back end for its visitors.
			{ownHost, withShop}:                               other,
			{"shop.example", withKey}:                         main,
			{"shop.example", "Authorization: Basic bm9uZQ=="}: other,
		} {
			w := s.at(request[0], request[1])
			if got := want(t, w, 200)["applicationServerKey"]; got != key {
				t.Errorf("%s: %v finds another site", name, request)
			}
		}
		wantProblem(t, s.at("shop.example", "Authorization: Bearer none"), 401, wire.APIKeyInvalid, "")
		for _, origin := range []string{"https://evil.example", "http://shop.example", "https://shop.example:8443", "https://a.shop.example", "null"} {
			w := s.at(ownHost, "Origin: "+origin)
			wantProblem(t, w, 403, wire.OriginNotAllowed, "")
		}
	}
}

// Where a proxy leads a site's own address to the server, its pages' calls have an Origin
// or none, and both are for the site.
func TestTheServersOwnAddressMayBeASites(t *testing.T) {
	s := newServer(t)
	shop := s.addShop()
	if err := s.store.SetOrigins(t.Context(), shop.ID, []string{"https://" + ownHost}); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "Origin: https://" + ownHost, "Origin: http://" + ownHost} {
		if got := want(t, s.at(ownHost, header), 200)["applicationServerKey"]; got != s.publicKey(shop) {
			t.Errorf("%q finds another site", header)
		}
	}
}

func TestPagesOfEverySiteMayAskAndReadAnswers(t *testing.T) {
	s := newServer(t)
	s.addShop()
	for _, origin := range []string{siteOrigin, shopOrigin} {
		w := s.call("OPTIONS", wire.PathMessages, "", "Origin: "+origin, "Access-Control-Request-Method: POST")
		if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %d with %v", origin, w.Code, w.Header())
		}
	}
}

// A back end is not limited for its own visitors; as anybody else for others'.
func TestAKeyIsNoPassForAnotherSitesLimit(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.PublicRate = api.PublicRate{PerSecond: 0.001, Burst: 1} })
	s.addShop()
	want(t, s.call("GET", "/v1/config", ""), 200)
	for range 3 {
		want(t, s.call("GET", "/v1/config", "", "Origin: "+shopOrigin, withShop), 200)
	}
	wantProblem(t, s.call("GET", "/v1/config", "", withShop), 429, wire.TooManyRequests, "")
}

// counting counts how often it is asked which sites there are, and may fail.
type counting struct {
	push.Store
	asked atomic.Int32
	away  atomic.Bool
}

func (c *counting) ListSites(ctx context.Context) ([]push.Site, error) {
	c.asked.Add(1)
	if c.away.Load() {
		return nil, errors.New("away")
	}
	return c.Store.ListSites(ctx)
}

// The sites are kept in memory, and what another process changes of them is seen within
// seconds; a new site's key opens it at once.
func TestChangedSitesAreSeenWithoutAReadForEachRequest(t *testing.T) {
	clock, store := pushtest.NewClock(), new(counting)
	s := newServer(t, func(o *api.Options) {
		store.Store, o.Store, o.Now = o.Store, store, clock.Now
	})
	for range 100 {
		want(t, s.call("GET", "/v1/config", ""), 200)
		want(t, s.call("GET", "/v1/messages", "", withKey), 200)
	}
	if n := store.asked.Load(); n != 1 {
		t.Errorf("200 requests ask %d times", n)
	}
	another, err := sqlite.Open(t.Context(), s.path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	shop := push.NewSite("shop")
	shop.Origins = []string{shopOrigin}
	if shop, err = another.CreateSite(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	if _, err := another.AddAPIKey(t.Context(), shop.ID, "", push.Scopes{push.ScopeRead}, push.HashAPIKey(shopKey)); err != nil {
		t.Fatal(err)
	}
	want(t, s.call("GET", "/v1/messages", "", withShop), 200)
	if got := want(t, s.call("GET", "/v1/config", "", "Origin: "+shopOrigin), 200)["applicationServerKey"]; got != s.publicKey(shop) {
		t.Error("the new site's pages get another's key")
	}
	if err := another.SetOrigins(t.Context(), shop.ID, []string{"https://new.example"}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(3 * time.Second)
	wantProblem(t, s.call("GET", "/v1/config", "", "Origin: "+shopOrigin), 403, wire.OriginNotAllowed, "")
	want(t, s.call("GET", "/v1/config", "", "Origin: https://new.example"), 200)

	// Where the store does not say, they are those of before, and not every request asks.
	store.away.Store(true)
	clock.Advance(time.Hour)
	before := store.asked.Load()
	for range 10 {
		w := s.call("OPTIONS", wire.PathSubscriptions, "", "Origin: https://new.example", "Access-Control-Request-Method: POST")
		if w.Code != 204 {
			t.Errorf("got %d", w.Code)
		}
	}
	if n := store.asked.Load() - before; n != 1 {
		t.Errorf("a store that is away is asked %d times for 10 requests", n)
	}
}

// A VAPID key that is remembered is one site's.
func TestEachSiteHasItsOwnApplicationServerKey(t *testing.T) {
	s := newServer(t)
	shop := s.addShop()
	for range 3 {
		for origin, site := range map[string]push.Site{siteOrigin: s.site, shopOrigin: shop} {
			if got := want(t, s.call("GET", "/v1/config", "", "Origin: "+origin), 200)["applicationServerKey"]; got != s.publicKey(site) {
				t.Errorf("%s gets another's key", origin)
			}
		}
	}
}

// A message takes its site's origin and hours.
func TestAMessageIsOfItsSite(t *testing.T) {
	s := newServer(t)
	s.addShop()
	message := func(origin, header string) (payload string) {
		t.Helper()
		id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint+origin, ""), "Origin: "+origin), 201)["id"]
		before := len(s.dispatcher.batches)
		want(t, s.call("POST", "/v1/messages", fmt.Sprintf(`{"audience": {"subscriptions": [%q]}, "notification": {"title": "x", "navigate": "/live"}}`, id), header), 202)
		if len(s.dispatcher.batches) == before {
			return ""
		}
		return string(s.dispatcher.batches[before].Deliveries[0].Message.Payload.Template())
	}
	if payload := message(shopOrigin, withShop); !strings.Contains(payload, `"navigate":"https://shop.example/live"`) {
		t.Errorf("the payload is %s", payload)
	}
	minute := time.Now().UTC().Hour()*60 + time.Now().UTC().Minute()
	quiet := push.QuietHours{From: (minute + 23*60) % (24 * 60), To: (minute + 60) % (24 * 60)}
	s = newServer(t)
	shop := s.addShop()
	if err := s.store.SetHours(t.Context(), shop.ID, push.Hours{TimeZone: "UTC", Quiet: quiet}); err != nil {
		t.Fatal(err)
	}
	if payload := message(shopOrigin, withShop); payload != "" {
		t.Errorf("it does not wait for the end of its site's quiet hours: %s", payload)
	}
	if payload := message(siteOrigin, withKey); payload == "" {
		t.Error("it waits for the end of another site's quiet hours")
	}
}

// What every visitor's page asks first costs no more with many sites. The store is asked
// for them once in two seconds.
func BenchmarkPublicCall(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("%d sites", n), func(b *testing.B) {
			s := newServer(b)
			for i := range n - 1 {
				site := push.NewSite(fmt.Sprint("site-", i))
				site.Origins = []string{fmt.Sprintf("https://site-%d.example", i), fmt.Sprintf("https://www.site-%d.example", i)}
				if _, err := s.store.CreateSite(b.Context(), site); err != nil {
					b.Fatal(err)
				}
			}
			r := httptest.NewRequest("GET", "http://"+ownHost+wire.PathConfig, nil)
			r.Header.Set("Origin", siteOrigin)
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

// hanging is a store that does not say which sites there are until it is released.
type hanging struct {
	push.Store
	release chan struct{}
}

func (h hanging) ListSites(ctx context.Context) ([]push.Site, error) {
	select {
	case <-h.release:
		return h.Store.ListSites(ctx)
	case <-ctx.Done():
		return nil, push.ErrUnavailable(ctx.Err())
	}
}

// Requests that wait for a store which hangs wait together, and not one after the other.
func TestAStoreThatHangsHoldsNobodyUpForTheOthers(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, func(o *api.Options) { o.Store = hanging{o.Store, release} })
	began := time.Now()
	answers := make(chan int)
	const n = 10
	for range n {
		go func() { answers <- s.call("GET", "/v1/config", "").Code }()
	}
	for range n {
		if got := <-answers; got != 503 {
			t.Errorf("got %d", got)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%d requests took %v", n, took)
	}
	close(release)
	want(t, s.call("GET", "/v1/config", ""), 200)
}

package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	shopOrigin = "https://shop.example"
	shopKey    = "a key of the shop's"
	withShop   = "Authorization: Bearer " + shopKey
)

// addShop adds a site beside the one that there is, with an admin's key.
func (s *server) addShop() push.Site {
	s.t.Helper()
	shop := push.NewSite("shop")
	shop.Origins = []string{shopOrigin}
	shop, err := s.store.CreateSite(s.t.Context(), shop)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.store.AddAPIKey(s.t.Context(), shop.ID, "", push.Scopes{push.ScopeAdmin}, push.HashAPIKey(shopKey)); err != nil {
		s.t.Fatal(err)
	}
	return shop
}

// What a site has of everything that calls are about, with words by which it would be
// known in an answer.
type possessions struct {
	subscription, message, webhook, user, token string
}

const (
	hisEndpoint = someEndpoint + "/his"
	hisChannel  = "his-channel"
	hisWebhook  = "https://example.com/his-hook"
)

func (s *server) possess(t *testing.T) possessions {
	t.Helper()
	p := possessions{user: "his-user"}
	sub := s.subscribeAs(p.user, hisEndpoint)
	p.subscription = sub.ID.String()
	want(t, s.call("POST", "/v1/subscriptions", subscribeBody(hisEndpoint, `, "channels": ["`+hisChannel+`"]`)), 200)
	want(t, s.call("PUT", "/v1/users/"+p.user, `{"attributes": {"name": "his-name"}}`, withKey), 204)
	want(t, s.call("POST", "/v1/users/"+p.user+wire.PathClose, `{"tags": ["his-tag"]}`, withKey), 200)
	p.message = want(t, s.call("POST", "/v1/messages", `{"audience": {"subscriptions": ["`+p.subscription+`"]}, "notification": {"title": "x"}}`, withKey, "Idempotency-Key: k"), 202)["id"].(string)
	d := s.dispatcher.batches[0].Deliveries[0]
	p.token = d.Token
	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{{Delivery: d, Outcome: push.DeliveryFailed, Status: 400, Reason: "his-reason"}}); err != nil {
		t.Fatal(err)
	}
	p.webhook = want(t, s.call("POST", wire.PathWebhooks, strings.Replace(someWebhook, "https://example.com/hooks", hisWebhook, 1), withKey), 201)["id"].(string)
	s.subscribeAs("", someEndpoint+"/lost")
	if err := s.store.RemoveSubscription(t.Context(), s.site.ID, someEndpoint+"/lost"); err != nil {
		t.Fatal(err)
	}
	return p
}

// marks are what tells of them.
func (p possessions) marks() []string {
	return []string{p.subscription, p.message, p.webhook, p.user, p.token, hisEndpoint, hisChannel, hisWebhook, "his-name", "his-reason", "his-tag", `"reason":"unsubscribed"`, `site="default"`, "go_goroutines"}
}

// look is all that the site's own key is shown.
func (s *server) look(p possessions) string {
	s.t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/v1/subscriptions", "/v1/subscriptions/losses", "/v1/messages", "/v1/messages/" + p.message, "/v1/messages/" + p.message + "/deliveries?state=failed",
		"/v1/users/" + p.user, "/v1/webhooks", "/v1/webhooks/" + p.webhook + "/failures",
	} {
		w := s.call("GET", path, "", withKey)
		if w.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		fmt.Fprintf(&all, "%s: %s\n", path, w.Body)
	}
	return all.String()
}

// Every call that needs a key, those of the router that the description has, is made with
// another site's, an admin's, for what this site has. It is answered nothing of it and
// changes nothing of it.
func TestAKeyOfAnotherSiteOpensNothingOfThisOne(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.Metrics = metrics.New(metrics.Options{Store: o.Store}) })
	s.addShop()
	p := s.possess(t)
	his := func(template string) string {
		for beginning, id := range map[string]string{wire.PathSubscriptions: p.subscription, wire.PathMessages: p.message, wire.PathWebhooks: p.webhook, wire.PathUsers: p.user} {
			if strings.HasPrefix(template, beginning+"/{id}") {
				return strings.Replace(template, "{id}", id, 1)
			}
		}
		return strings.Replace(template, "{profile}", "heap", 1)
	}
	toHim := `{"audience": {"subscriptions": ["` + p.subscription + `"]}, "notification": {"title": "x"}}`
	// The bodies of calls that have one; of a message there are several.
	sent := map[string][]string{
		"POST /v1/messages": {
			toHim, `{"audience": {"all": true}, "notification": {"title": "x"}}`,
			`{"audience": {"users": ["` + p.user + `"]}, "notification": {"title": "x"}}`, `{"audience": {"channels": ["` + hisChannel + `"]}, "notification": {"title": "x"}}`,
		},
		"POST /v1/subscriptions/import": {`{"subscriptions": [` + subscribeBody(hisEndpoint, `, "channels": ["other"], "user": "other"`) + `]}`},
		"POST /v1/webhooks":             {someWebhook},
		"PUT /v1/users/{id}":            {`{"attributes": {"name": "another"}}`},
		"POST /v1/users/{id}/close":     {`{"tags": ["other-tag"]}`},
	}
	before, calls := s.look(p), 0
	for _, operation := range openapi.Load().Operations() {
		if !operation.NeedsKey() {
			continue
		}
		call := operation.Method + " " + operation.Path
		if operation.RequestBody != nil && sent[call] == nil {
			t.Fatalf("what would %s do to another site? Give it a body here", call)
		}
		path := his(operation.Path)
		if strings.Contains(path, "{") {
			t.Fatalf("what has another site at %s? Say it here", path)
		}
		for _, query := range []string{"", "?failing=0d", "?state=failed"} {
			if query != "" && operation.Method != http.MethodGet {
				continue
			}
			for _, body := range append(sent[call], "")[:max(len(sent[call]), 1)] {
				calls++
				w := s.call(operation.Method, path+query, body, withShop, "Origin: ", "Idempotency-Key: k"+fmt.Sprint(len(body)))
				// Whom the other site's own messages are to, it has said itself.
				told := strings.ReplaceAll(w.Body.String(), `"audience":{"channels":["`+hisChannel+`"]}`, "")
				for _, mark := range p.marks() {
					if strings.Contains(told, mark) {
						t.Errorf("%s tells %s: %s", call, mark, told)
					}
				}
				// A user's id is each site's own to give.
				isUser := strings.HasPrefix(path, wire.PathUsers)
				if id := strings.Contains(operation.Path, "{id}"); id && operation.Method != http.MethodDelete && !(isUser && body != "") && w.Code != http.StatusNotFound {
					t.Errorf("%s of what another site has is answered %d", call, w.Code)
				}
				if w.Code >= 400 && w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
					t.Errorf("%s is answered %d %s", call, w.Code, w.Body)
				}
				if after := s.look(p); after != before {
					t.Fatalf("%s changes what another site has, from\n%s\nto\n%s", call, before, after)
				}
			}
		}
	}
	if calls < 20 {
		t.Errorf("only %d calls were made", calls)
	}
	for _, batch := range s.dispatcher.batches[1:] {
		for _, d := range batch.Deliveries {
			if d.Site == s.site.ID {
				t.Errorf("another site's message goes to %v", d.SubscriberID)
			}
		}
	}
	if len(s.dispatcher.cancelled) > 0 {
		t.Error("another site's message was cancelled")
	}
	// The same Idempotency-Key and body is another message there.
	again := want(t, s.call("POST", "/v1/messages", toHim, withShop, "Idempotency-Key: k"), 202)
	if again["id"] == p.message {
		t.Error("an Idempotency-Key of another site gives its answer")
	}
	for _, path := range []string{"/debug/pprof/heap", "/debug/pprof/goroutine"} {
		wantProblem(t, s.call("GET", path, "", withShop), 403, wire.APIKeyLacksScope, "")
	}
	if metrics := s.call("GET", "/metrics", "", withShop).Body.String(); !strings.Contains(metrics, `pushkit_subscriptions_failing{site="shop"} 0`) {
		t.Errorf("the shop's metrics are %s", metrics)
	}
	if metrics := s.call("GET", "/metrics", "", withKey).Body.String(); !strings.Contains(metrics, `pushkit_subscriptions_failing{site="shop"} 0`) || !strings.Contains(metrics, "go_goroutines") {
		t.Errorf("the operator's metrics are %s", metrics)
	}
}

// What pages of another site say of this one's subscribers, whose endpoints, tokens and
// secrets they may even know, is said of their own.
func TestAPageOfAnotherSiteChangesNothingOfThisOne(t *testing.T) {
	s := newServer(t)
	shop := s.addShop()
	p := s.possess(t)
	key := s.key(t)
	signed := func(site push.Site, aud string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Subject: p.user, Audience: jwt.ClaimStrings{aud}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		}).SignedString([]byte(site.UserSecret.String()))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	calls := map[string]map[string]string{ // bodies, and how they are answered
		"GET /v1/config": {"": "200"},
		"POST /v1/subscriptions": {
			subscribeBody(hisEndpoint, `, "channels": []`):                                                    "201",
			subscribeBody(someEndpoint, `, "replaces": "`+hisEndpoint+`"`):                                    "201",
			subscribeBody(someEndpoint, `, "userToken": "`+signed(s.site, siteOrigin)+`"`):                    "400 invalid-user-token",
			subscribeBody(someEndpoint, `, "userToken": "`+signed(s.site, shopOrigin)+`"`):                    "400 invalid-user-token",
			subscribeBody(someEndpoint, `, "userToken": "`+signed(shop, siteOrigin)+`"`):                      "400 invalid-user-token",
			subscribeBody(someEndpoint+"/user", `, "userToken": "`+signed(shop, "shop")+`"`):                  "201",
			subscribeBody(someEndpoint+"/key", `, "applicationServerKey": "`+key+`"`):                         "400 invalid-field",
			subscribeBody(hisEndpoint+"/x", `, "channels": [], "replaces": "`+someEndpoint+"/none"+`"`):       "201",
			subscribeBody(someEndpoint+"/user2", `, "userToken": "`+signed(shop, push.DefaultSite)+`"`):       "400 invalid-user-token",
			subscribeBody(someEndpoint+"/user3", `, "userToken": "`+signed(push.NewSite("x"), "shop")+`"`):    "400 invalid-user-token",
			subscribeBody(someEndpoint+"/user4", `, "userToken": "`+signed(shop, "https://shop.example")+`"`): "201",
		},
		"POST /v1/subscriptions/check":    {fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, hisEndpoint, key): "410 endpoint-gone"},
		"POST /v1/subscriptions/closings": {`{"endpoint": "` + hisEndpoint + `"}`: "404 subscription-unknown"},
		"POST /v1/subscriptions/test":     {`{"endpoint": "` + hisEndpoint + `"}`: "404 subscription-unknown"},
		"POST /v1/subscriptions/remove":   {`{"endpoint": "` + hisEndpoint + `"}`: "204"},
		"DELETE /v1/subscriptions":        {`{"endpoint": "` + hisEndpoint + `"}`: "204"},
		"POST /v1/events":                 {`[{"token": "` + p.token + `", "type": "clicked", "at": 1}]`: "202"},
	}
	before := s.look(p)
	for _, operation := range openapi.Load().Operations() {
		if operation.NeedsKey() || !strings.HasPrefix(operation.Path, "/v1/") {
			continue
		}
		call := operation.Method + " " + operation.Path
		if calls[call] == nil {
			t.Fatalf("what would %s do to another site? Give it a body here", call)
		}
		for _, body := range slices.Sorted(maps.Keys(calls[call])) {
			w := s.call(operation.Method, operation.Path, body, "Origin: "+shopOrigin)
			if got := strings.TrimSpace(fmt.Sprint(w.Code, " ", problemOf(w).Code)); got != calls[call][body] {
				t.Errorf("%s %s is answered %s, want %s: %s", call, body, got, calls[call][body], w.Body)
			}
			for _, mark := range append(p.marks(), key) {
				if strings.Contains(w.Body.String(), mark) {
					t.Errorf("%s tells %s: %s", call, mark, w.Body)
				}
			}
			if after := s.look(p); after != before {
				t.Fatalf("%s changes what another site has, from\n%s\nto\n%s", call, before, after)
			}
		}
	}
	// The site's own page is heard.
	want(t, s.call("POST", "/v1/events", `[{"token": "`+p.token+`", "type": "clicked", "at": 1}]`), 202)
	if s.look(p) == before {
		t.Error("a click that the site's own page tells is not counted")
	}
}

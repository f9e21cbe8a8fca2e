package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// Each malformed body is answered with what is wrong with it.
func TestMalformedBodiesNameTheField(t *testing.T) {
	s := newServer(t)
	long := strings.Repeat("x", 3000)
	for _, c := range []struct {
		path, body string
		status     int
		code       wire.Code
		field      string
	}{
		{"/v1/subscriptions", ` `, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `{`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `{"endpoint": "\`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `nonsense`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", "\xff\xfe", 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `[]`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `"x"`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", strings.Repeat(`[`, 20_000), 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", subscribeBody(someEndpoint, ``) + `{}`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions", `null`, 400, wire.InvalidField, "endpoint"},
		{"/v1/subscriptions", `{}`, 400, wire.InvalidField, "endpoint"},
		{"/v1/subscriptions", `{"endpoint": 1}`, 400, wire.InvalidField, "endpoint"},
		{"/v1/subscriptions", `{"keys": {"p256dh": 1}}`, 400, wire.InvalidField, "keys.p256dh"},
		{"/v1/subscriptions", `{"keys": []}`, 400, wire.InvalidField, "keys"},
		{"/v1/subscriptions", `{"channels": "news"}`, 400, wire.InvalidField, "channels"},
		{"/v1/subscriptions", `{"expirationTime": 1e999}`, 400, wire.InvalidField, "expirationTime"},
		{"/v1/subscriptions", subscribeBody(someEndpoint, `, "channels": [""]`), 400, wire.InvalidField, "channels"},
		{"/v1/subscriptions", subscribeBody(someEndpoint, `, "channels": ["`+long+`"]`), 400, wire.InvalidField, "channels"},
		{"/v1/subscriptions", subscribeBody(someEndpoint, `, "userToken": "x.y.z"`), 400, wire.InvalidUserToken, "userToken"},
		{"/v1/subscriptions", subscribeBody(someEndpoint, `, "applicationServerKey": "`+pushtest.P256dh+`"`), 400, wire.InvalidField, "applicationServerKey"},
		{"/v1/subscriptions", subscribeBody("https://evil.net/x", ``), 400, wire.PushServiceNotAllowed, "endpoint"},
		{"/v1/subscriptions", subscribeBody("http://127.0.0.1/x", ``), 400, wire.PushServiceNotAllowed, "endpoint"},
		{"/v1/subscriptions", subscribeBody("https://permanently-removed.invalid/x", ``), 400, wire.EndpointRemoved, "endpoint"},
		{"/v1/subscriptions", subscribeBody(someEndpoint+strings.Repeat("x", wire.MaxBody), ``), 413, wire.BodyTooLarge, ""},

		{"/v1/subscriptions/check", `{}`, 400, wire.InvalidField, "endpoint"},
		{"/v1/subscriptions/check", `[1]`, 400, wire.InvalidJSON, ""},
		{"/v1/subscriptions/check", `{"endpoint": "` + someEndpoint + `"}`, 410, wire.EndpointGone, "applicationServerKey"},
		{"/v1/subscriptions/check", `{"endpoint": "` + someEndpoint + `", "channels": 1}`, 400, wire.InvalidField, "channels"},
		{"/v1/subscriptions/remove", `{}`, 400, wire.InvalidField, "endpoint"},
		{"/v1/subscriptions/remove", `{"endpoint": {}}`, 400, wire.InvalidField, "endpoint"},
		{"/v1/events", `{}`, 400, wire.InvalidJSON, ""},
		{"/v1/events", `[1]`, 400, wire.InvalidJSON, ""},
		{"/v1/events", `[{}]`, 400, wire.InvalidField, "[0].token"},
		{"/v1/events", `[{"token": "` + strings.Repeat("A", 44) + `", "type": "seen"}]`, 400, wire.InvalidField, "[0].type"},
		{"/v1/events", `[` + strings.TrimSuffix(strings.Repeat(`{},`, wire.MaxEvents+1), ",") + `]`, 400, wire.InvalidField, ""},
		{"/v1/events", `[{"token": "x", "at": "now"}]`, 400, wire.InvalidField, "at"},

		{"/v1/messages", ` `, 400, wire.InvalidJSON, ""},
		{"/v1/messages", `{}`, 400, wire.InvalidField, "audience"},
		{"/v1/messages", `{"notification": {"titel": "x"}}`, 400, wire.InvalidField, "titel"},
		{"/v1/messages", `{"audience": {"all": "yes"}}`, 400, wire.InvalidField, "audience.all"},
		{"/v1/messages", `{"audience": {"all": true}, "notification": {"title": 1}}`, 400, wire.InvalidField, "notification.title"},
		{"/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}, "ttl": 1.5}`, 400, wire.InvalidField, "ttl"},
		{"/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}, "ttl": 1e99}`, 400, wire.InvalidField, "ttl"},
		{"/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}, "appBadge": -1}`, 400, wire.InvalidField, "appBadge"},
		{"/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x", "body": "` + long + long + `"}}`, 413, wire.MessageTooLarge, "notification"},
		{"/v1/messages", `{"x": "` + strings.Repeat("x", wire.MaxMessageBody) + `"}`, 413, wire.BodyTooLarge, ""},
	} {
		t.Run(c.path+" "+c.body[:min(len(c.body), 60)], func(t *testing.T) {
			wantProblem(t, s.call("POST", c.path, c.body, withKey), c.status, c.code, c.field)
		})
	}
}

func TestQueriesNameTheField(t *testing.T) {
	s := newServer(t)
	for query, field := range map[string]string{
		"?limit=0": "limit", "?limit=1001": "limit", "?limit=x": "limit", "?limit=-1": "limit", "?cursor=%00": "cursor", "?cursor=x": "cursor",
	} {
		for _, path := range []string{wire.PathSubscriptions, wire.PathMessages} {
			wantProblem(t, s.call("GET", path+query, "", withKey), 400, wire.InvalidField, field)
		}
	}
}

func TestOnlyJSONIsTaken(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/v1/subscriptions", "/v1/subscriptions/check", "/v1/subscriptions/remove", "/v1/events", "/v1/messages"} {
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ";"} {
			wantProblem(t, s.call("POST", path, "{}", withKey, "Content-Type: "+kind), 415, wire.UnsupportedMediaType, "")
		}
	}
	want(t, s.call("POST", "/v1/events", "[]", "Content-Type: application/json; charset=utf-8", "Content-Encoding: identity"), 202)
}

func TestPathsAndMethodsThatAreNotThere(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/v1/nothing", "/v1/", "/nothing", "/pushkit.js.br", "/.gitignore", "/v1/messages/a/b", "/demolition"} {
		wantProblem(t, s.call("GET", path, "", withKey), 404, wire.NotFound, "")
	}
	for call, allow := range map[string]string{
		"PUT /v1/subscriptions": "GET, POST, DELETE", "GET /v1/events": "POST", "POST /v1/config": "GET",
		"DELETE /v1/messages": "GET, POST", "POST /pushkit.js": "GET, HEAD",
	} {
		method, path, _ := strings.Cut(call, " ")
		w := s.call(method, path, "{}", withKey)
		wantProblem(t, w, 405, wire.MethodNotAllowed, "")
		if got := w.Header().Get("Allow"); got != allow {
			t.Errorf("%s: Allow is %q, want %q", call, got, allow)
		}
	}
	if w := s.call("GET", "/healthz", "", "Origin: "); w.Code != 200 {
		t.Errorf("/healthz answers %d", w.Code)
	}
	for path, to := range map[string]string{"/": "/demo/", "/demo": "/demo/", "/check": "/check/", "/docs/": "/docs"} {
		if w := s.call("GET", path, ""); w.Code != 303 || w.Header().Get("Location") != to {
			t.Errorf("%s answers %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestAServerWithoutADemo(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.NoDemo, o.NoCheck = true, true })
	for _, path := range []string{"/demo/", "/demo", "/demo/app.js", "/demo/pushkit-sw.js", "/check", "/check/", "/check/page.js"} {
		wantProblem(t, s.call("GET", path, ""), 404, wire.NotFound, "")
	}
	if w := s.call("GET", "/", ""); w.Code != 303 || w.Header().Get("Location") != "/docs" {
		t.Errorf("/ answers %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// Whatever a stranger posts, the answer is one, and never that we have failed.
func FuzzPublicCalls(f *testing.F) {
	s := newServer(f)
	calls := []string{"POST /v1/subscriptions", "DELETE /v1/subscriptions", "POST /v1/subscriptions/check", "POST /v1/subscriptions/remove", "POST /v1/subscriptions/closings", "POST /v1/users/u/close", "POST /v1/events", "POST /v1/messages", "POST /v1/subscriptions/import", "POST /v1/webhooks"}
	for i := range calls {
		for _, body := range []string{
			subscribeBody(someEndpoint, `, "channels": ["a"], "replaces": "x"`), `{"endpoint": "` + someEndpoint + `"}`,
			`[{"token": "` + strings.Repeat("A", 44) + `", "type": "clicked", "at": 1}]`,
			`{"audience": {"channels": ["a"]}, "notification": {"title": "x"}, "ttl": 0}`, `null`, "\xff",
			`{"url": "https://example.com/x", "types": ["message.sent"]}`, `{"tags": ["a", "b"]}`,
			`{"subscriptions": [` + subscribeBody(someEndpoint, `, "user": "u", "createdAt": "2026-01-02T03:04:05Z"`) + `, {}], "writtenAt": "x"}`,
		} {
			f.Add(i, []byte(body), "")
		}
	}
	f.Fuzz(func(t *testing.T, call int, body []byte, query string) {
		method, path, _ := strings.Cut(calls[uint(call)%uint(len(calls))], " ")
		r := httptest.NewRequest(method, "http://"+ownHost+path, strings.NewReader(string(body)))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+apiKey)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %s %q: %d %s", method, path, body, w.Code, w.Body)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Fatalf("%s %s %q: %d %s", method, path, body, w.Code, w.Body)
		}
	})
}

package api_test

import (
	"bytes"
	"compress/gzip"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// A page whose name was rebound to the server's address (DNS rebinding) has an Origin
// that fits its Host, but not the public URL.
func TestAPageOfAReboundNameIsRefused(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.PublicURL = &url.URL{Scheme: "https", Host: ownHost} })
	for call, body := range publicCalls {
		method, path, _ := strings.Cut(call, " ")
		r := httptest.NewRequest(method, "http://evil.example"+path, strings.NewReader(body))
		r.Header.Set("Origin", "http://evil.example")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		wantProblem(t, w, 403, wire.OriginNotAllowed, "")
	}
}

// An API key in an address would end in histories, logs and Referer headers.
func TestAKeyInTheAddressOpensNothing(t *testing.T) {
	s := newServer(t)
	for _, call := range []string{"GET /v1/messages", "GET /v1/subscriptions", "GET /metrics", "GET /debug/pprof/heap"} {
		method, path, _ := strings.Cut(call, " ")
		for _, query := range []string{"key", "api_key", "access_token", "authorization"} {
			r := httptest.NewRequest(method, "http://"+ownHost+path+"?"+query+"="+apiKey, nil)
			r.Header.Set("Cookie", query+"="+apiKey)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			wantProblem(t, w, 401, wire.APIKeyMissing, "")
		}
	}
}

// A request is logged on one line whatever is in it, and without its secrets.
func TestARequestCannotForgeALogLine(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, func(o *api.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.store.Close()
	r := httptest.NewRequest("GET", "http://"+ownHost+"/v1/users/x%0Alevel=ERROR%20msg=forged?secret=inquery", nil)
	r.Header.Set("Authorization", "Bearer "+apiKey)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code < 500 || strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), "\nlevel=ERROR msg=forged") {
		t.Errorf("%d, and the log is %q", w.Code, log.String())
	}
	for _, secret := range []string{apiKey, "inquery"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %s: %s", secret, log.String())
		}
	}
}

// Nothing is unpacked: a compressed body is as many bytes as came.
func TestACompressedBodyIsNotUnpacked(t *testing.T) {
	s := newServer(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(subscribeBody(someEndpoint, "")))
	z.Close()
	for _, path := range []string{"/v1/subscriptions", "/v1/messages"} {
		wantProblem(t, s.call("POST", path, packed.String(), withKey, "Content-Encoding: gzip"), 415, wire.UnsupportedMediaType, "")
	}
	// Of lines the description says no more than that they are text.
	r := httptest.NewRequest("POST", "http://"+ownHost+"/v1/messages", &packed)
	r.Header = http.Header{"Authorization": {strings.TrimPrefix(withKey, "Authorization: ")}, "Content-Type": {"application/x-ndjson"}, "Content-Encoding": {"gzip"}}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	wantProblem(t, w, 415, wire.UnsupportedMediaType, "")
}

// Headers and members by which some frameworks let a request be another one.
func TestARequestIsNotTakenForAnother(t *testing.T) {
	s := newServer(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, "")), 201)["id"].(string)
	for _, header := range []string{"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Original-URL: /v1/messages", "X-Rewrite-URL: /v1/messages"} {
		wantProblem(t, s.call("POST", "/v1/subscriptions/"+id, "{}", withKey, header), 405, wire.MethodNotAllowed, "")
		want(t, s.call("GET", "/v1/config", "", header), 200)
	}
	for _, path := range []string{"/v1//messages", "/v1/messages/", "/v1/./messages", "/v1/config/../messages", "/v1/config%2f..%2fmessages", "/V1/messages", "/v1/messages;x", "/v1/messages%00"} {
		r := httptest.NewRequest("GET", "http://"+ownHost+path, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 300 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// Who knows an endpoint and not its keys cannot change what is stored of it, and who
// does not know the endpoint learns nothing of it by its id.
func TestAnothersSubscriptionIsNotTaken(t *testing.T) {
	s := newServer(t)
	mine := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "channels": ["news"]`)), 201)
	id := mine["id"].(string)
	otherAuth := strings.Replace(subscribeBody(someEndpoint, `, "channels": ["evil"]`), pushtest.Auth, strings.Repeat("A", 22), 1)
	wantProblem(t, s.call("POST", "/v1/subscriptions", otherAuth), 409, wire.EndpointTaken, "keys")
	// An id is no endpoint, in no call that strangers may make.
	thief := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint+"/thief", `, "replaces": "`+id+`"`)), 201)
	if thief["id"] == id || len(thief["channels"].([]any)) > 0 {
		t.Errorf("%s was carried on by its id: %v", id, thief)
	}
	want(t, s.call("DELETE", "/v1/subscriptions", `{"endpoint": "`+id+`"}`), 204)
	wantProblem(t, s.call("DELETE", "/v1/subscriptions/"+id, "", "Authorization: "), 401, wire.APIKeyMissing, "")
	sub, err := s.store.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	if err != nil || sub.ID.String() != id || len(sub.Channels) != 1 || sub.Channels[0] != "news" {
		t.Errorf("it is %+v now, %v", sub, err)
	}
	// Nobody is shown the endpoint, which would be the way in.
	if list := s.call("GET", "/v1/subscriptions", "", withKey).Body.String(); strings.Contains(list, "/fcm/send/") {
		t.Errorf("the list shows endpoints: %s", list)
	}
}

// A Host is anybody's text, and a script that is served must not hold it unless it is
// a plain one.
func TestTheDemoShowsNoHostileHost(t *testing.T) {
	s := newServer(t)
	for _, host := range []string{`a";alert(1);"`, `a'+alert(1)+'`, "a;x", `a"><script>alert(1)</script>`} {
		for _, path := range []string{"/demo/", "/demo/app.js", "/demo/pushkit-sw.js"} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == 200 && strings.Contains(w.Body.String(), host) {
				t.Errorf("%s holds the host %s", path, host)
			}
		}
	}
}

// No page of the server's own can be framed, and none takes a script that is not a file.
func TestPagesCannotBeFramedAndRunFilesAlone(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/demo/", "/check/", "/docs"} {
		policy := s.call("GET", path, "").Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") ||
			!strings.Contains(policy, "base-uri 'none'") || !strings.Contains(policy, "form-action 'none'") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
}

// Whatever stands in a query or a header, the answer is one, and never that we have failed.
func FuzzKeyedCalls(f *testing.F) {
	s := newServer(f)
	paths := []string{
		wire.PathSubscriptions, wire.PathSubscriptionsLosses, wire.PathMessages, wire.PathUsers + "/x", wire.PathWebhooks, wire.PathWebhooks + "/" + push.NewID().String() + wire.PathFailures, "/metrics", "/pushkit.js",
		wire.PathMessages + "/" + push.NewID().String() + wire.PathDeliveries,
	}
	for i := range paths {
		f.Add(i, "limit=1&cursor=x", "br;q=0.5, gzip", "203.0.113.1, [::1]:80", "key")
		f.Add(i, "failing=30d&from=2026-01-01&to=2026-01-02&days=7&state=failed", "", "", "")
		f.Add(i, "%zz&;=;&limit=99999999999999999999", "*;q=", "x", "\"a\"")
	}
	f.Fuzz(func(t *testing.T, path int, query, encoding, forwarded, idempotencyKey string) {
		r := httptest.NewRequest("GET", "http://"+ownHost+paths[uint(path)%uint(len(paths))], nil)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("X-Forwarded-For", forwarded)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s: %d %s", r.URL, w.Code, w.Body)
		}
		r = httptest.NewRequest("POST", "http://"+ownHost+wire.PathMessages, strings.NewReader(`{"audience": {"all": true}, "notification": {"title": "x"}, "dryRun": true}`))
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", idempotencyKey)
		w = httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("Idempotency-Key %q: %d %s", idempotencyKey, w.Code, w.Body)
		}
	})
}

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	siteOrigin   = "https://site.example"
	ownHost      = "push.example.com"
	apiKey       = "0123456789abcdef"
	someEndpoint = "https://fcm.googleapis.com/fcm/send/one"
)

// keysByScope are keys of the site that have one scope each.
var keysByScope = map[push.Scope]string{push.ScopeAdmin: apiKey, push.ScopeSend: "a key that sends", push.ScopeRead: "a key that reads"}

// handed is a dispatcher that only remembers.
type handed struct {
	mu      sync.Mutex
	batches []push.Batch
	woken   int
	// sends, where it is set, is what becomes of a batch that is handed over.
	sends func(push.Batch)
	// cancelled are the messages that it was told of.
	cancelled []push.ID
}

func (h *handed) Cancel(id push.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancelled = append(h.cancelled, id)
}

func (h *handed) Hand(batches []push.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sends == nil {
		h.batches = append(h.batches, batches...)
		return
	}
	for _, batch := range batches {
		h.sends(batch)
	}
}

// sendsAs has the deliveries of batches end so.
func (s *server) sendsAs(result push.DeliveryResult) {
	s.dispatcher.sends = func(batch push.Batch) {
		for _, d := range batch.Deliveries {
			result.Delivery = d
			if _, err := s.store.Record(s.t.Context(), []push.DeliveryResult{result}); err != nil {
				s.t.Error(err)
			}
		}
	}
}

// IsAlive is so, of a dispatcher that does nothing.
func (h *handed) IsAlive() bool { return true }

func (h *handed) Wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.woken++
}

type server struct {
	http.Handler
	t          testing.TB
	path       string // of the store's file
	store      *sqlite.Store
	site       push.Site
	dispatcher *handed
}

func newServer(t testing.TB, change ...func(*api.Options)) *server {
	t.Helper()
	path := sqlitetest.Path(t)
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &server{t: t, path: path, store: store, dispatcher: new(handed)}
	if s.site, err = store.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	s.site.Origins = []string{siteOrigin}
	if err := store.SetOrigins(t.Context(), s.site.ID, s.site.Origins); err != nil {
		t.Fatal(err)
	}
	for scope, key := range keysByScope {
		if _, err := store.AddAPIKey(t.Context(), s.site.ID, "", push.Scopes{scope}, push.HashAPIKey(key)); err != nil {
			t.Fatal(err)
		}
	}
	options := api.Options{
		Store: store, Dispatcher: s.dispatcher, Services: pushtest.Services(t), Log: slog.New(slog.DiscardHandler),
		Files: fstest.MapFS{
			"pushkit.js": {Data: []byte("loader")}, "pushkit.js.br": {Data: []byte("loader in brotli")},
			"pushkit-sw.js": {Data: []byte("worker")}, "pushkit.classic.js": {Data: []byte("classic")},
			"pushkit.9c8294343faa.wasm.br": {Data: inBrotli("\x00asm")}, "wasm_exec.630fa12cb16f.js": {Data: []byte("go")},
			".gitignore": {Data: []byte("*")},
		},
	}
	for _, f := range change {
		f(&options)
	}
	if s.Handler, err = api.New(options); err != nil {
		t.Fatal(err)
	}
	return s
}

func inBrotli(text string) []byte {
	var compressed bytes.Buffer
	w := brotli.NewWriter(&compressed)
	w.Write([]byte(text))
	w.Close()
	return compressed.Bytes()
}

// call makes a request of a page of the site; header lines replace the usual
// ones, and an empty value takes one away. Request and answer are held against
// the API's description.
func (s *server) call(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+ownHost+path, strings.NewReader(body))
	r.Header.Set("Origin", siteOrigin)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	holdAgainstDescription(s.t, r, body, w)
	return w
}

const withKey = "Authorization: Bearer " + apiKey

// want expects a status and returns the JSON body.
func want(t *testing.T, w *httptest.ResponseRecorder, status int) map[string]any {
	t.Helper()
	if w.Code != status {
		t.Fatalf("the answer is %d %s, want %d", w.Code, w.Body, status)
	}
	var body map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("the body is %q: %v", w.Body, err)
		}
	}
	return body
}

// wantProblem expects problem details (RFC 9457).
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code wire.Code, field string) {
	t.Helper()
	var problem wire.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("the answer is %d %q: %v", w.Code, w.Body, err)
	}
	if w.Code != status || problem.Status != status || problem.Code != code || problem.Field != field || problem.Detail == "" || problem.Title == "" {
		t.Errorf("got %d %+v, want %d %s of %q", w.Code, problem, status, code, field)
	}
}

func subscribeBody(endpoint, more string) string {
	return fmt.Sprintf(`{"endpoint": %q, "expirationTime": null, "keys": {"p256dh": %q, "auth": %q}%s}`, endpoint, pushtest.P256dh, pushtest.Auth, more)
}

func (s *server) key(t *testing.T) string {
	t.Helper()
	return want(t, s.call("GET", "/v1/config", ""), 200)["applicationServerKey"].(string)
}

func TestASubscriptionsLife(t *testing.T) {
	s := newServer(t)
	key := s.key(t)
	check := func(more string) *httptest.ResponseRecorder {
		return s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q%s}`, someEndpoint, key, more))
	}
	wantProblem(t, check(""), 404, wire.SubscriptionUnknown, "endpoint")
	first := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "applicationServerKey": "`+key+`", "channels": ["sport", "news"], "unknownMember": 1`)), 201)
	if fmt.Sprint(first["channels"]) != "[news sport]" {
		t.Errorf("got %v", first)
	}
	if again := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 200); again["id"] != first["id"] || fmt.Sprint(again["channels"]) != "[news sport]" {
		t.Errorf("the refresh gives %v", again)
	}
	want(t, check(""), 204)
	want(t, check(`, "channels": ["news", "sport", "news"]`), 204)
	wantProblem(t, check(`, "channels": ["news"]`), 404, wire.SubscriptionUnknown, "endpoint")
	wantProblem(t, s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, pushtest.P256dh)),
		410, wire.EndpointGone, "applicationServerKey")
	wantProblem(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "keys": {"auth": "AAAAAAAAAAAAAAAAAAAAAA"}`)), 409, wire.EndpointTaken, "keys")

	list := want(t, s.call("GET", "/v1/subscriptions", "", withKey), 200)
	info := list["data"].([]any)[0].(map[string]any)
	if info["id"] != first["id"] || info["pushService"] != "google" || info["state"] != "active" || list["next"] != nil {
		t.Errorf("got %v", list)
	}
	if text := fmt.Sprint(list); strings.Contains(text, "/fcm/send/one") || strings.Contains(text, pushtest.Auth) {
		t.Errorf("the list tells the subscriber's secrets: %v", list)
	}

	for _, method := range []string{"POST /v1/subscriptions/remove", "DELETE /v1/subscriptions"} {
		verb, path, _ := strings.Cut(method, " ")
		want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), map[bool]int{true: 200, false: 201}[verb == "POST"])
		for range 2 {
			want(t, s.call(verb, path, `{"endpoint": "`+someEndpoint+`"}`), 204)
		}
		wantProblem(t, check(""), 404, wire.SubscriptionUnknown, "endpoint")
	}
}

func TestNoChannelsAreAnEmptyList(t *testing.T) {
	s := newServer(t)
	for _, status := range []int{201, 200} {
		if answer := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), status); fmt.Sprint(answer["channels"]) != "[]" {
			t.Errorf("%d has the channels %v", status, answer["channels"])
		}
	}
	list := want(t, s.call("GET", "/v1/subscriptions", "", withKey), 200)
	if info := list["data"].([]any)[0].(map[string]any); fmt.Sprint(info["channels"]) != "[]" {
		t.Errorf("the list has %v", info)
	}
}

func TestADeadEndpointIsToldApart(t *testing.T) {
	s := newServer(t)
	key := s.key(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "channels": ["news"]`)), 201)["id"].(string)
	want(t, s.call("POST", "/v1/messages", `{"audience": {"subscriptions": ["`+id+`"]}, "notification": {"title": "x"}}`, withKey), 202)
	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{{Delivery: s.dispatcher.batches[0].Deliveries[0], Outcome: push.DeliveryGone, Status: 410}}); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 410, wire.EndpointGone, "endpoint")
	wantProblem(t, s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, key)), 410, wire.EndpointGone, "endpoint")
	if next := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint+"2", `, "replaces": "`+someEndpoint+`"`)), 201); next["id"] != id || fmt.Sprint(next["channels"]) != "[news]" {
		t.Errorf("the new one has %v, want id and channels of the old one", next)
	}
}

// What its push service says of another key does not end a subscription, but its
// browser is asked to subscribe anew when it comes by.
func TestAKeyThatThePushServiceDoesNotKnowIsLeftAtTheNextVisit(t *testing.T) {
	s := newServer(t)
	key := s.key(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 201)["id"].(string)
	check := func() *httptest.ResponseRecorder {
		return s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, key))
	}
	for _, c := range []struct {
		said   int
		reason string
		answer int
	}{
		{403, "forbidden", 204},
		{400, "bad request", 204},
		{403, "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.", 410},
	} {
		want(t, s.call("POST", "/v1/messages", `{"audience": {"subscriptions": ["`+id+`"]}, "notification": {"title": "x"}}`, withKey), 202)
		sent := s.dispatcher.batches[len(s.dispatcher.batches)-1].Deliveries[0]
		result := push.DeliveryResult{Delivery: sent, Outcome: push.DeliveryFailed, Status: c.said, Reason: c.reason}
		if _, err := s.store.Record(t.Context(), []push.DeliveryResult{result}); err != nil {
			t.Fatal(err)
		}
		want(t, check(), c.answer)
	}
	if list := want(t, s.call("GET", "/v1/subscriptions", "", withKey), 200); len(list["data"].([]any)) != 1 {
		t.Errorf("it was ended: %v", list)
	}
}

// A browser that is subscribed with a key of before is served, and asked to subscribe
// anew when it comes by.
func TestAReplacedKeyIsLeftAtTheNextVisit(t *testing.T) {
	now := time.Now()
	s := newServer(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	before := s.key(t)
	want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "applicationServerKey": "`+before+`"`)), 201)
	fresh, err := webpush.GenerateVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	check := func() *httptest.ResponseRecorder {
		return s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, before))
	}
	if _, err := s.store.AddVAPIDKey(t.Context(), 1, fresh, push.KeyBeside); err != nil {
		t.Fatal(err)
	}
	want(t, check(), 204)
	if _, err := s.store.AddVAPIDKey(t.Context(), 1, fresh, push.KeyCurrent); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	wantProblem(t, check(), 410, wire.EndpointGone, "applicationServerKey")
	// Who has unsubscribed is not subscribed anew.
	want(t, s.call("POST", "/v1/subscriptions/remove", `{"endpoint": "`+someEndpoint+`"}`), 204)
	wantProblem(t, check(), 404, wire.SubscriptionUnknown, "endpoint")
}

// Nobody is sent away by what is remembered: the key may have been added since.
func TestAKeyIsKnownAtOnce(t *testing.T) {
	s := newServer(t)
	fresh, err := webpush.GenerateVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	check := func() *httptest.ResponseRecorder {
		return s.call("POST", "/v1/subscriptions/check", fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, fresh.Public()))
	}
	wantProblem(t, check(), 410, wire.EndpointGone, "applicationServerKey")
	if _, err := s.store.AddVAPIDKey(t.Context(), 1, fresh, push.KeyBeside); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, check(), 404, wire.SubscriptionUnknown, "endpoint")
}

func TestAMessagesLife(t *testing.T) {
	s := newServer(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 201)["id"].(string)
	body := `{"audience": {"subscriptions": ["` + id + `"]}, "notification": {"title": "Goal!", "navigate": "/live", "data": {"id": 12345678901234567890}}}`
	w := s.call("POST", "/v1/messages", body, withKey, "Idempotency-Key: k")
	sent := want(t, w, 202)
	location := w.Header().Get("Location")
	if location != "/v1/messages/"+sent["id"].(string) || sent["state"] != "sending" || sent["targetedFinal"] != true {
		t.Errorf("got %v at %q", sent, location)
	}
	if len(s.dispatcher.batches) != 1 {
		t.Fatalf("%d batches were handed over", len(s.dispatcher.batches))
	}
	d := s.dispatcher.batches[0].Deliveries[0]
	if payload := string(d.Message.Payload.Template()); !strings.Contains(payload, `"navigate":"https://site.example/live"`) || !strings.Contains(payload, `"id":12345678901234567890`) {
		t.Errorf("the payload is %s", payload)
	}
	if again := want(t, s.call("POST", "/v1/messages", body, withKey, "Idempotency-Key: k"), 202); again["id"] != sent["id"] || len(s.dispatcher.batches) != 1 {
		t.Errorf("the same key gave %v", again)
	}
	wantProblem(t, s.call("POST", "/v1/messages", strings.Replace(body, "Goal", "Tor", 1), withKey, "Idempotency-Key: k"), 422, wire.IdempotencyConflict, "")
	wantProblem(t, s.call("POST", "/v1/messages", body, withKey, "Idempotency-Key: "+strings.Repeat("k", 256)), 400, wire.InvalidField, "Idempotency-Key")

	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{{Delivery: d, Outcome: push.DeliveryAccepted}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		want(t, s.call("POST", "/v1/events", fmt.Sprintf(`[{"token": %q, "type": "displayed", "at": 1}, {"token": %q, "type": "clicked", "action": "a", "at": 2}]`, d.Token, d.Token)), 202)
	}
	counts := want(t, s.call("GET", location, "", withKey), 200)["counts"].(map[string]any)
	if counts["accepted"] != 1.0 || counts["displayed"] != 1.0 || counts["clicked"] != 1.0 || counts["closed"] != 0.0 {
		t.Errorf("got %v", counts)
	}

	want(t, s.call("POST", "/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}}`, withKey), 202)
	if s.dispatcher.woken == 0 {
		t.Error("nobody was woken for the broadcast")
	}
	page := want(t, s.call("GET", "/v1/messages?limit=1", "", withKey), 200)
	if len(page["data"].([]any)) != 1 || page["next"] == nil {
		t.Fatalf("got %v", page)
	}
	page = want(t, s.call("GET", "/v1/messages?limit=1&cursor="+page["next"].(string), "", withKey), 200)
	if last := page["data"].([]any)[0].(map[string]any); last["id"] != sent["id"] || page["next"] != nil {
		t.Errorf("got %v", page)
	}
	for _, path := range []string{"/v1/messages/" + push.NewID().String(), "/v1/messages/x", "/v1/messages/%2e%2e"} {
		wantProblem(t, s.call("GET", path, "", withKey), 404, wire.MessageUnknown, "")
	}
}

func TestAFailureOfOursIsTold(t *testing.T) {
	s := newServer(t)
	s.store.Close()
	wantProblem(t, s.call("GET", "/v1/config", ""), 500, wire.Internal, "")
}

func TestAPanicIsAnAnswer(t *testing.T) {
	s := newServer(t, func(o *api.Options) { o.Now = func() time.Time { panic("the clock is broken") } })
	wantProblem(t, s.call("POST", "/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}}`, withKey), 500, wire.Internal, "")
}

func TestThePublicURLIsTheServersOwnOrigin(t *testing.T) {
	public, _ := url.Parse("https://push.example.com/below")
	s := newServer(t, func(o *api.Options) { o.PublicURL = public })
	want(t, s.call("GET", "/v1/config", "", "Origin: https://push.example.com"), 200)
	wantProblem(t, s.call("GET", "/v1/config", "", "Origin: http://push.example.com"), 403, wire.OriginNotAllowed, "")
	if page := s.call("GET", "/demo/", "").Body.String(); !strings.Contains(page+s.call("GET", "/demo/app.js", "").Body.String(), "https://push.example.com/below") {
		t.Error("the demo does not name the public URL")
	}
}

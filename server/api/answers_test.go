package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// seen are the answers that calls were given: "202" or "400 invalid-json" by
// operation.
type seen map[string][]string

// call makes a request that must be answered so.
func (s seen) call(server *server, answer, method, path, body string, header ...string) *httptest.ResponseRecorder {
	server.t.Helper()
	w := server.call(method, path, body, header...)
	got := strings.TrimSpace(strconv.Itoa(w.Code) + " " + string(problemOf(w).Code))
	if got != answer {
		server.t.Errorf("%s %s %.100s is answered %s, want %s: %s", method, path, body, got, answer, w.Body)
	}
	if operation := operationOf(httptest.NewRequest(method, path, nil)); operation != nil {
		s[operation.OperationID] = append(s[operation.OperationID], got)
	}
	return w
}

// Every answer that is described is given: each status of each operation, and
// each code.
func TestEveryDescribedAnswerIsGiven(t *testing.T) {
	seen := seen{}
	provokeAnswers(t, seen)
	provokeRefusals(t, seen)
	provokeFailures(t, seen)
	provokeLimit(t, seen)
	for _, operation := range openapi.Load().Operations() {
		for _, response := range operation.Responses {
			want := []string{response.Name}
			if codes := codesOf(response.Value); len(codes) > 0 {
				want = nil
				for _, code := range codes {
					want = append(want, response.Name+" "+code)
				}
			}
			for _, answer := range want {
				if !slices.Contains(seen[operation.OperationID], answer) {
					t.Errorf("%s was never answered %s", operation.OperationID, answer)
				}
			}
		}
	}
}

const someWebhook = `{"url": "https://example.com/hooks", "types": ["message.sent"]}`

const someMessage = `{"audience": {"all": true}, "notification": {"title": "x"}}`

// bodies are good ones, by call.
func bodies(key string) map[string]string {
	return map[string]string{
		"POST /v1/subscriptions":        subscribeBody(someEndpoint, ""),
		"POST /v1/subscriptions/check":  fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, key),
		"POST /v1/subscriptions/remove": `{"endpoint": "` + someEndpoint + `"}`,
		"DELETE /v1/subscriptions":      `{"endpoint": "` + someEndpoint + `"}`,
		"POST /v1/events":               `[]`,
		"POST /v1/subscriptions/import": `{"subscriptions": [` + subscribeBody(someEndpoint, "") + `]}`,
		"POST /v1/messages":             someMessage,
		"POST /v1/webhooks":             someWebhook,
		"PUT /v1/users/u1":              `{"attributes": {"name": "Ada"}}`,
		"POST /v1/users/u1/close":       `{"tags": ["chat-42"]}`,

		"POST /v1/subscriptions/test":     `{"endpoint": "` + someEndpoint + `"}`,
		"POST /v1/subscriptions/closings": `{"endpoint": "` + someEndpoint + `"}`,
	}
}

func provokeAnswers(t *testing.T, seen seen) {
	s := newServer(t)
	key := s.key(t)
	body := bodies(key)
	for _, path := range []string{"/healthz", "/readyz", "/v1/config", "/openapi.json", "/docs"} {
		w := seen.call(s, "200", "GET", path, "")
		if etag := w.Header().Get("ETag"); etag != "" {
			seen.call(s, "304", "GET", path, "", "If-None-Match: "+etag)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/heap"} {
		seen.call(s, "200", "GET", path, "", withKey)
	}
	seen.call(s, "404 subscription-unknown", "POST", "/v1/subscriptions/check", body["POST /v1/subscriptions/check"])
	first := seen.call(s, "201", "POST", "/v1/subscriptions", body["POST /v1/subscriptions"])
	seen.call(s, "200", "POST", "/v1/subscriptions", body["POST /v1/subscriptions"])
	seen.call(s, "204", "POST", "/v1/subscriptions/check", body["POST /v1/subscriptions/check"])
	seen.call(s, "409 endpoint-taken", "POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "keys": {"p256dh": "`+pushtest.P256dh+`", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}`))
	seen.call(s, "200", "GET", "/v1/subscriptions?limit=1", "", withKey)
	seen.call(s, "202", "POST", "/v1/events", `[]`)

	id := want(t, first, 201)["id"].(string)
	message := `{"audience": {"subscriptions": ["` + id + `"]}, "notification": {"title": "x"}}`
	sent := seen.call(s, "202", "POST", "/v1/messages", message, withKey, "Idempotency-Key: k")
	seen.call(s, "200", "POST", "/v1/messages", `{"dryRun": true, `+message[1:], withKey)
	seen.call(s, "200", "POST", "/v1/messages", message+"\n{", withKey, "Content-Type: application/x-ndjson")
	seen.call(s, "422 idempotency-conflict", "POST", "/v1/messages", someMessage, withKey, "Idempotency-Key: k")
	seen.call(s, "200", "GET", "/v1/messages/"+want(t, sent, 202)["id"].(string), "", withKey)
	seen.call(s, "200", "GET", "/v1/messages/"+want(t, sent, 202)["id"].(string)+"/deliveries", "", withKey)
	seen.call(s, "404 message-unknown", "GET", "/v1/messages/"+push.NewID().String()+"/deliveries", "", withKey)
	seen.call(s, "200", "POST", "/v1/messages/"+want(t, sent, 202)["id"].(string)+"/cancel", "", withKey)
	seen.call(s, "404 message-unknown", "POST", "/v1/messages/"+push.NewID().String()+"/cancel", "", withKey)
	seen.call(s, "200", "GET", "/v1/messages", "", withKey)
	seen.call(s, "404 message-unknown", "GET", "/v1/messages/"+push.NewID().String(), "", withKey)
	s.subscribeAs("u/1", someEndpoint+"/of-a-user")
	seen.call(s, "204", "PUT", "/v1/users/u%2F1", body["PUT /v1/users/u1"], withKey)
	seen.call(s, "200", "GET", "/v1/users/u%2F1", "", withKey)
	const theirs = `{"endpoint": "` + someEndpoint + `/of-a-user"}`
	seen.call(s, "200", "POST", "/v1/users/u%2F1/close", body["POST /v1/users/u1/close"], withKey)
	seen.call(s, "200", "POST", "/v1/subscriptions/check", strings.Replace(theirs, "}", `, "applicationServerKey": "`+key+`"}`, 1))
	seen.call(s, "200", "POST", "/v1/subscriptions/closings", theirs)
	seen.call(s, "204", "DELETE", "/v1/users/u%2F1", "", withKey)
	seen.call(s, "404 subscription-unknown", "POST", "/v1/subscriptions/test", theirs)
	s.sendsAs(push.DeliveryResult{Outcome: push.DeliveryAccepted})
	seen.call(s, "200", "POST", "/v1/subscriptions/test", body["POST /v1/subscriptions/test"])
	s.dispatcher.sends = nil
	seen.call(s, "404 subscription-unknown", "POST", "/v1/subscriptions/closings", strings.Replace(theirs, "of-a-user", "nobody", 1))
	seen.call(s, "404 user-unknown", "GET", "/v1/users/u%2F1", "", withKey)
	seen.call(s, "200", "GET", "/v1/subscriptions/losses", "", withKey)
	seen.call(s, "200", "POST", "/v1/subscriptions/import", body["POST /v1/subscriptions/import"], withKey)
	seen.call(s, "400 invalid-field", "GET", "/v1/subscriptions/losses?from=x", "", withKey)
	seen.call(s, "204", "DELETE", "/v1/subscriptions/"+push.NewID().String(), "", withKey)
	webhook := wire.PathWebhooks + "/" + want(t, seen.call(s, "201", "POST", wire.PathWebhooks, someWebhook, withKey), 201)["id"].(string)
	seen.call(s, "200", "GET", wire.PathWebhooks, "", withKey)
	seen.call(s, "200", "POST", webhook+wire.PathRotate, "", withKey)
	seen.call(s, "200", "GET", webhook+wire.PathFailures, "", withKey)
	seen.call(s, "204", "POST", webhook+wire.PathEnable, "", withKey)
	seen.call(s, "204", "DELETE", webhook, "", withKey)
	for _, path := range []string{wire.PathRotate, wire.PathEnable} {
		seen.call(s, "404 webhook-unknown", "POST", webhook+path, "", withKey)
	}
	seen.call(s, "404 webhook-unknown", "GET", webhook+wire.PathFailures, "", withKey)
	seen.call(s, "400 webhook-url-not-allowed", "POST", wire.PathWebhooks, strings.Replace(someWebhook, "https", "http", 1), withKey)
	for range push.MaxWebhooks {
		seen.call(s, "201", "POST", wire.PathWebhooks, someWebhook, withKey)
	}
	seen.call(s, "409 too-many-webhooks", "POST", wire.PathWebhooks, someWebhook, withKey)

	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{{Delivery: s.dispatcher.batches[0].Deliveries[0], Outcome: push.DeliveryGone, Status: 410}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/subscriptions", "/v1/subscriptions/check", "/v1/subscriptions/closings", "/v1/subscriptions/test"} {
		seen.call(s, "410 endpoint-gone", "POST", path, body["POST "+path])
	}
	for _, call := range []string{"POST /v1/subscriptions/remove", "DELETE /v1/subscriptions"} {
		method, path, _ := strings.Cut(call, " ")
		seen.call(s, "204", method, path, body[call])
	}
}

func provokeRefusals(t *testing.T, seen seen) {
	s := newServer(t)
	for call, body := range bodies(s.key(t)) {
		method, path, _ := strings.Cut(call, " ")
		seen.call(s, "400 invalid-json", method, path, `{`, withKey)
		invalid := `{}`
		if path == wire.PathEvents {
			invalid = `[{}]`
		}
		seen.call(s, "400 invalid-field", method, path, invalid, withKey)
		seen.call(s, "415 unsupported-media-type", method, path, body, withKey, "Content-Type: text/plain")
		seen.call(s, "413 body-too-large", method, path, body+strings.Repeat(" ", wire.MaxMessageBody), withKey)
		if !operationOf(httptest.NewRequest(method, path, nil)).NeedsKey() {
			seen.call(s, "403 origin-not-allowed", method, path, body, "Origin: https://evil.example")
			seen.call(s, "401 api-key-invalid", method, path, body, "Origin: ", "Authorization: Bearer none")
		}
	}
	seen.call(s, "403 origin-not-allowed", "GET", "/v1/config", "", "Origin: https://evil.example")
	seen.call(s, "401 api-key-invalid", "GET", "/v1/config", "", "Origin: ", "Authorization: Bearer none")
	for _, path := range []string{"/v1/subscriptions", "/v1/subscriptions/check", "/v1/subscriptions/closings", "/v1/subscriptions/test"} {
		seen.call(s, "400 push-service-not-allowed", "POST", path, strings.ReplaceAll(bodies(pushtest.P256dh)["POST "+path], someEndpoint, "https://evil.net/x"))
		seen.call(s, "400 endpoint-permanently-removed", "POST", path, strings.ReplaceAll(bodies(pushtest.P256dh)["POST "+path], someEndpoint, "https://permanently-removed.invalid/x"))
	}
	seen.call(s, "400 invalid-user-token", "POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "userToken": "x.y.z"`))
	seen.call(s, "413 message-too-large", "POST", "/v1/messages", `{"audience": {"all": true}, "notification": {"title": "`+strings.Repeat("x", wire.MaxEncrypted)+`"}}`, withKey)
	seen.call(s, "404 not-found", "GET", "/debug/pprof/cmdline", "", withKey)
	for _, seconds := range []string{"0", "51", "-1", "x", "1e1"} {
		seen.call(s, "400 invalid-field", "GET", "/debug/pprof/heap?seconds="+seconds, "", withKey)
	}
	for _, call := range []string{"POST /v1/webhooks", "GET /v1/webhooks", "GET /v1/webhooks/" + push.NewID().String() + "/failures", "DELETE /v1/webhooks/" + push.NewID().String(), "POST /v1/webhooks/" + push.NewID().String() + "/rotate", "POST /v1/webhooks/" + push.NewID().String() + "/enable",
		"GET /v1/subscriptions/losses", "POST /v1/subscriptions/import", "GET /v1/users/u1", "PUT /v1/users/u1", "POST /v1/users/u1/close", "DELETE /v1/users/u1", "DELETE /v1/subscriptions/" + push.NewID().String(), "GET /metrics", "GET /debug/pprof/heap", "GET /v1/subscriptions", "GET /v1/messages", "POST /v1/messages", "GET /v1/messages/" + push.NewID().String(), "GET /v1/messages/" + push.NewID().String() + "/deliveries", "POST /v1/messages/" + push.NewID().String() + "/cancel"} {
		method, path, _ := strings.Cut(call, " ")
		seen.call(s, "401 api-key-missing", method, path, "")
		seen.call(s, "401 api-key-invalid", method, path, "", withKey+"x")
		for scope, key := range keysByScope {
			if !slices.Contains(operationOf(httptest.NewRequest(method, path, nil)).Scopes(), string(scope)) && scope != push.ScopeAdmin {
				seen.call(s, "403 api-key-lacks-scope", method, path, "", "Authorization: Bearer "+key)
			}
		}
		if method == "GET" && path != wire.PathWebhooks && (strings.Count(path, "/") == 2 || strings.HasSuffix(path, wire.PathDeliveries) || strings.HasSuffix(path, wire.PathFailures)) {
			seen.call(s, "400 invalid-field", method, path+"?limit=0", "", withKey)
		}
	}
}

// provokeFailures makes every call of a server whose store fails, and of one
// whose database is away.
func provokeFailures(t *testing.T, seen seen) {
	for answer, err := range map[string]error{"500 internal": errors.New("the store is broken"), "503 unavailable": errAway} {
		s := newServer(t, func(o *api.Options) { o.Store = failing{o.Store, err} })
		calls := bodies(pushtest.P256dh)
		calls["POST /v1/events"] = `[{"token": "` + s.site.Tokens.Token(push.DeliveryID{Message: push.NewID()}) + `", "type": "clicked", "at": 1}]`
		for _, call := range []string{"GET /v1/webhooks", "GET /v1/webhooks/" + push.NewID().String() + "/failures", "DELETE /v1/webhooks/" + push.NewID().String(), "POST /v1/webhooks/" + push.NewID().String() + "/rotate", "POST /v1/webhooks/" + push.NewID().String() + "/enable",
			"GET /v1/subscriptions/losses", "GET /v1/users/u1", "DELETE /v1/users/u1", "DELETE /v1/subscriptions/" + push.NewID().String(), "GET /metrics", "GET /debug/pprof/heap", "GET /v1/config", "GET /v1/subscriptions", "GET /v1/messages", "GET /v1/messages/" + push.NewID().String(), "GET /v1/messages/" + push.NewID().String() + "/deliveries"} {
			calls[call] = ""
		}
		calls["POST /v1/messages/"+push.NewID().String()+"/cancel"] = ""
		for call, body := range calls {
			method, path, _ := strings.Cut(call, " ")
			seen.call(s, answer, method, path, body, withKey)
		}
		seen.call(s, "503 unavailable", "GET", "/readyz", "")
	}
}

// provokeLimit makes every public call of a client who may make one.
func provokeLimit(t *testing.T, seen seen) {
	s := newServer(t, func(o *api.Options) { o.PublicRate = api.PublicRate{PerSecond: 0.001, Burst: 1} })
	body := bodies(s.key(t))
	seen.call(s, "429 too-many-requests", "GET", "/v1/config", "")
	for call := range body {
		if method, path, _ := strings.Cut(call, " "); !operationOf(httptest.NewRequest(method, path, nil)).NeedsKey() {
			seen.call(s, "429 too-many-requests", method, path, body[call])
		}
	}
}

// As references (RFC 3986), braces would have to be percent-encoded, and be no
// placeholders then.
func TestNoExampleOfAReferenceHasBraces(t *testing.T) {
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range openapi.Load().Operations() {
		if operation.RequestBody == nil {
			continue
		}
		media := operation.RequestBody.Content[0]
		for _, example := range media.Value.Shown() {
			if err := v.check(example.Value.Value, "paths", operation.Path, strings.ToLower(operation.Method), "requestBody", "content", media.Name, "schema"); err != nil {
				t.Errorf("%s %s: %v", operation.OperationID, example.Name, err)
			}
		}
	}
}

func TestTheServerTakesTheExamples(t *testing.T) {
	for _, operation := range openapi.Load().Operations() {
		if operation.RequestBody == nil {
			continue
		}
		for _, example := range operation.RequestBody.Content[0].Value.Shown() {
			s := newServer(t)
			body := regexp.MustCompile(`("applicationServerKey":)"[^"]*"`).ReplaceAllString(string(example.Value.Value), `$1"`+s.key(t)+`"`)
			if w := s.call(operation.Method, operation.Path, body, withKey); w.Code >= 400 && problemOf(w).Code != wire.SubscriptionUnknown {
				t.Errorf("%s: the example is answered %d %s", operation.OperationID, w.Code, w.Body)
			}
		}
	}
}

func TestTheExamplesOfAnswersAreOnes(t *testing.T) {
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range openapi.Load().Operations() {
		for _, response := range operation.Responses {
			for _, media := range response.Value.Content {
				for _, example := range media.Value.Shown() {
					at := operation.OperationID + " " + response.Name + " " + example.Name
					status, _ := strconv.Atoi(response.Name)
					if err := v.checkAnswer(operation, status, exampleHeader(response.Value, media.Name), example.Value.Value); err != nil {
						t.Errorf("%s: %v", at, err)
					}
					if media.Value.Problem() {
						checkProblemExample(t, at, status, example.Name, example.Value.Value)
					}
				}
			}
		}
	}
	for _, response := range openapi.Load().Untied() {
		status, err := response.Status()
		if err != nil {
			t.Fatal(err)
		}
		example := response.Content[0].Value.Examples[0]
		checkProblemExample(t, example.Name, status, example.Name, example.Value.Value)
	}
}

func exampleHeader(response *openapi.Response, contentType string) http.Header {
	all := http.Header{"Content-Type": {contentType}}
	for _, header := range response.Headers {
		var text string
		if err := json.Unmarshal(header.Value.Example, &text); err != nil {
			text = string(header.Value.Example)
		}
		all.Set(header.Name, text)
	}
	return all
}

// checkProblemExample: the name of an example is its code, and it tells the
// status that it comes with.
func checkProblemExample(t *testing.T, at string, status int, name string, example []byte) {
	t.Helper()
	var problem wire.Problem
	if err := json.Unmarshal(example, &problem); err != nil {
		t.Fatal(err)
	}
	if problem.Status != status || problem.Title != http.StatusText(status) || string(problem.Code) != name {
		t.Errorf("%s: the example is %+v", at, problem)
	}
}

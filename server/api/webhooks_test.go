package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
	"github.com/pushkit/pushkit/server/wire"
)

// A webhook's secret is shown when it is made, and never again.
func TestAWebhooksLife(t *testing.T) {
	hosts, err := webhook.ParseHosts([]string{"backend.internal:3000"})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, func(o *api.Options) { o.WebhookHosts = hosts })
	made := want(t, s.call("POST", "/v1/webhooks", `{"url": "http://backend.internal:3000/hooks", "types": ["subscription.gone", "message.sent", "message.sent"]}`, withKey), 201)
	secret, _ := made["secret"].(string)
	if !strings.HasPrefix(secret, "whsec_") || fmt.Sprint(made["types"]) != "[message.sent subscription.gone]" {
		t.Fatalf("got %v", made)
	}
	path := "/v1/webhooks/" + made["id"].(string)
	want(t, s.call("POST", "/v1/messages", `{"audience": {"subscriptions": ["`+push.NewID().String()+`"]}, "notification": {"title": "x"}}`, withKey), 202)
	w := s.call("GET", "/v1/webhooks", "", withKey)
	list := want(t, w, 200)["data"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["waiting"] != 1.0 || list[0].(map[string]any)["id"] != made["id"] || strings.Contains(w.Body.String(), "whsec_") {
		t.Errorf("got %s", w.Body)
	}
	if rotated := want(t, s.call("POST", path+"/rotate", "", withKey), 200); rotated["secret"] == secret || !strings.HasPrefix(rotated["secret"].(string), "whsec_") || rotated["formerSecretUntil"] == nil {
		t.Errorf("got %v", rotated)
	}
	for range 2 {
		want(t, s.call("DELETE", path, "", withKey), 204)
	}
	if list := want(t, s.call("GET", "/v1/webhooks", "", withKey), 200)["data"].([]any); len(list) > 0 {
		t.Errorf("got %v", list)
	}
	for _, path := range []string{path, "/v1/webhooks/x"} {
		wantProblem(t, s.call("POST", path+"/rotate", "", withKey), 404, wire.WebhookUnknown, "")
		wantProblem(t, s.call("POST", path+"/enable", "", withKey), 404, wire.WebhookUnknown, "")
	}
}

func TestAWebhookIsCheckedWhenItIsMade(t *testing.T) {
	s := newServer(t)
	for body, code := range map[string]wire.Code{
		`{"url": "http://example.com", "types": ["message.sent"]}`:                                            wire.WebhookURLNotAllowed,
		`{"url": "https://169.254.169.254/latest/meta-data", "types": ["message.sent"]}`:                      wire.WebhookURLNotAllowed,
		`{"url": "https://localhost:8080/", "types": ["message.sent"]}`:                                       wire.WebhookURLNotAllowed,
		`{"url": "https://example.com", "types": []}`:                                                         wire.InvalidField,
		`{"url": "https://example.com", "types": ["message.sent", "all"]}`:                                    wire.InvalidField,
		`{"url": "https://example.com", "types": ["webhook.test"]}`:                                           wire.InvalidField,
		`{"url": "https://example.com"}`:                                                                      wire.InvalidField,
		`{"types": ["message.sent"]}`:                                                                         wire.InvalidField,
		`{"url": "https://example.com", "types": ["message.sent"], "secret": "whsec_AAAA"}`:                   wire.InvalidField,
		`{"url": "https://example.com/` + strings.Repeat("x", 2048) + `", "types": ["notification.clicked"]}`: wire.InvalidField,
	} {
		if w := s.call("POST", "/v1/webhooks", body, withKey); w.Code != 400 || problemOf(w).Code != code {
			t.Errorf("%s is answered %d %s", body, w.Code, w.Body)
		}
	}
}

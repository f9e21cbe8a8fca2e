package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// subscribeAs adds a subscription that is tied to a user.
func (s *server) subscribeAs(user, endpoint string) push.Subscription {
	s.t.Helper()
	r := pushtest.Subscribe(s.t, pushtest.Services(s.t), endpoint, `"channels": ["news"], "locale": "de", "timeZone": "Europe/Berlin"`)
	r.User = user
	sub, _, err := s.store.PutSubscription(s.t.Context(), s.site.ID, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return sub
}

func TestWhatIsKnownOfAUserIsToldAndForgotten(t *testing.T) {
	s := newServer(t)
	const user, path = "a/b%ü", "/v1/users/a%2Fb%25%C3%BC"
	wantProblem(t, s.call("GET", path, "", withKey), 404, wire.UserUnknown, "")
	sub := s.subscribeAs(user, someEndpoint)
	s.subscribeAs(user, someEndpoint+"/left")
	if err := s.store.RemoveSubscription(t.Context(), s.site.ID, someEndpoint+"/left"); err != nil {
		t.Fatal(err)
	}
	other := s.subscribeAs("a", someEndpoint+"/other")
	answer := want(t, s.call("GET", path, "", withKey), 200)
	here, ended := answer["subscriptions"].([]any), answer["ended"].([]any)
	if answer["id"] != user || len(here) != 1 || len(ended) != 1 {
		t.Fatalf("got %v", answer)
	}
	if info := here[0].(map[string]any); info["id"] != sub.ID.String() || info["pushService"] != "google" || info["locale"] != "de" || info["timeZone"] != "Europe/Berlin" || fmt.Sprint(info["channels"]) != "[news]" {
		t.Errorf("got %v", info)
	}
	if info := ended[0].(map[string]any); info["reason"] != "unsubscribed" || fmt.Sprint(info["channels"]) != "[news]" || info["endedAt"] == "" {
		t.Errorf("got %v", info)
	}
	if text := fmt.Sprint(answer); strings.Contains(text, "/fcm/send") || strings.Contains(text, pushtest.Auth) || strings.Contains(text, pushtest.P256dh) {
		t.Errorf("the answer tells the subscriber's secrets: %v", answer)
	}
	for range 2 {
		want(t, s.call("DELETE", path, "", withKey), 204)
	}
	wantProblem(t, s.call("GET", path, "", withKey), 404, wire.UserUnknown, "")
	if got := want(t, s.call("GET", "/v1/users/a", "", withKey), 200)["subscriptions"].([]any); len(got) != 1 || got[0].(map[string]any)["id"] != other.ID.String() {
		t.Errorf("another user has %v", got)
	}
}

func TestAUsersAttributesAreSetShownAndForgotten(t *testing.T) {
	s := newServer(t)
	const path = "/v1/users/a%2Fb"
	put := func(attributes, header string) *httptest.ResponseRecorder {
		return s.call("PUT", path, `{"attributes": `+attributes+`}`, header)
	}
	want(t, put(`{"name": "Ada", "points": 12345678901234567890, "premium": true}`, "Authorization: Bearer "+keysByScope[push.ScopeSend]), 204)
	w := s.call("GET", path, "", withKey)
	if text := w.Body.String(); !strings.Contains(text, `"attributes":{"name":"Ada","points":12345678901234567890,"premium":true}`) || !strings.Contains(text, `"subscriptions":[]`) {
		t.Errorf("got %d %s", w.Code, text)
	}
	// All of before are replaced, and none are no user's absence.
	want(t, put(`{"city": "Turin"}`, withKey), 204)
	if got := want(t, s.call("GET", path, "", withKey), 200)["attributes"]; fmt.Sprint(got) != "map[city:Turin]" {
		t.Errorf("got %v", got)
	}
	want(t, put(`{}`, withKey), 204)
	if got := want(t, s.call("GET", path, "", withKey), 200)["attributes"]; fmt.Sprint(got) != "map[]" {
		t.Errorf("got %v", got)
	}
	want(t, s.call("DELETE", path, "", withKey), 204)
	wantProblem(t, s.call("GET", path, "", withKey), 404, wire.UserUnknown, "")
}

func TestAttributesThatAreNoneNameTheirField(t *testing.T) {
	s := newServer(t)
	for body, field := range map[string]string{
		`{}`: "attributes", `{"attributes": null}`: "attributes", `{"attributes": {"a-b": 1}}`: "attributes", `{"attributes": {"": 1}}`: "attributes",
		`{"attributes": {"1": 1}}`: "attributes", `{"attributes": {"` + strings.Repeat("x", 65) + `": 1}}`: "attributes",
		`{"attributes": {"a": null}}`: "attributes.a", `{"attributes": {"a": []}}`: "attributes.a", `{"attributes": {"a": {"b": 1}}}`: "attributes.a",
		`{"attributes": {}, "name": "Ada"}`: "name", `{"attributes": {"a": "` + strings.Repeat("ä", 513) + `"}}`: "attributes.a",
	} {
		wantProblem(t, s.call("PUT", "/v1/users/u1", body, withKey), 400, wire.InvalidField, field)
	}
	for _, id := range []string{"%00", "%FF", strings.Repeat("x", 257)} {
		wantProblem(t, s.call("PUT", "/v1/users/"+id, `{"attributes": {}}`, withKey), 400, wire.InvalidField, "id")
	}
	wantProblem(t, s.call("GET", "/v1/users/u1", "", withKey), 404, wire.UserUnknown, "")
}

func TestAMalformedTemplateIsRefusedWithItsPlace(t *testing.T) {
	s := newServer(t)
	w := s.call("POST", "/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x", "body": "Grüße {{name|von"}}`, withKey)
	wantProblem(t, w, 400, wire.InvalidField, "notification.body")
	if detail := problemOf(w).Detail; !strings.Contains(detail, "at character 7 ") {
		t.Errorf("got %q", detail)
	}
}

// No text in the path is more than a user who is not there.
func TestATextThatIsNoUsersIsUnknown(t *testing.T) {
	s := newServer(t)
	for _, id := range []string{"%00", "a%0Ab", "%FF", strings.Repeat("x", 257), "%7Bid%7D"} {
		wantProblem(t, s.call("GET", "/v1/users/"+id, "", withKey), 404, wire.UserUnknown, "")
		want(t, s.call("DELETE", "/v1/users/"+id, "", withKey), 204)
	}
}

func TestASubscriptionIsRemovedByItsID(t *testing.T) {
	s := newServer(t)
	sub := s.subscribeAs("u1", someEndpoint)
	for _, id := range []string{push.NewID().String(), "none", sub.ID.String(), sub.ID.String()} {
		want(t, s.call("DELETE", "/v1/subscriptions/"+id, "", withKey), 204)
	}
	if list := want(t, s.call("GET", "/v1/subscriptions", "", withKey), 200); len(list["data"].([]any)) > 0 {
		t.Errorf("it is still there: %v", list)
	}
	wantProblem(t, s.call("GET", "/v1/users/u1", "", withKey), 404, wire.UserUnknown, "")
}

package api_test

import (
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestADryRunOnlyCounts(t *testing.T) {
	s := newServer(t)
	want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, `, "channels": ["news"]`)), 201)
	post := func(members string) map[string]any {
		t.Helper()
		return want(t, s.call("POST", "/v1/messages", `{"dryRun": true, "notification": {"title": "x"}, `+members+`}`, withKey, "Idempotency-Key: k"), 200)
	}
	for members, targeted := range map[string]float64{
		`"audience": {"all": true}`: 1, `"audience": {"channels": ["news"]}`: 1, `"audience": {"channels": ["sport"]}`: 0, `"audience": {"users": ["u"]}`: 0,
	} {
		if got := post(members); got["targeted"] != targeted || len(got) != 1 {
			t.Errorf("%s: got %v", members, got)
		}
	}
	if got := post(`"audience": {"all": true}, "notification": {"title": "` + strings.Repeat("x", 2800) + `"}`); len(got["warnings"].([]any)) != 1 {
		t.Errorf("got %v", got)
	}
	// What would be refused is refused.
	wantProblem(t, s.call("POST", "/v1/messages", `{"dryRun": true, "notification": {"title": "x"}, "audience": {"all": true}, "spread": -1}`, withKey), 400, wire.InvalidField, "spread")
	if list := want(t, s.call("GET", "/v1/messages", "", withKey), 200); len(list["data"].([]any)) > 0 || len(s.dispatcher.batches) > 0 || s.dispatcher.woken > 0 {
		t.Errorf("something was kept or sent: %v", list)
	}
	// The key is free.
	want(t, s.call("POST", "/v1/messages", someMessage, withKey, "Idempotency-Key: k"), 202)
}

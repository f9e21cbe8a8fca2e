package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestWhatWasReadElsewhereIsClosed(t *testing.T) {
	s := newServer(t)
	const user = "a/b%ü"
	path := wire.PathUsers + "/" + url.PathEscape(user) + wire.PathClose
	s.subscribeAs(user, someEndpoint)
	ask := fmt.Sprintf(`{"endpoint": %q, "applicationServerKey": %q}`, someEndpoint, s.key(t))
	take := fmt.Sprintf(`{"endpoint": %q}`, someEndpoint)
	want(t, s.call("POST", wire.PathSubscriptionsCheck, ask), 204)
	for who, n := range map[string]float64{path: 1, wire.PathUsers + "/nobody" + wire.PathClose: 0, wire.PathUsers + "/%00" + wire.PathClose: 0} {
		if got := want(t, s.call("POST", who, `{"tags": ["chat-42", "chat-42", "b"]}`, withKey), 200)["subscriptions"]; got != n {
			t.Errorf("%s: %v subscriptions, want %v", who, got, n)
		}
	}
	// Asking tells that there is something, and takes nothing.
	for range 2 {
		if got := want(t, s.call("POST", wire.PathSubscriptionsCheck, ask), 200)["closings"]; got != 2.0 {
			t.Errorf("%v wait, want 2", got)
		}
	}
	for _, n := range []int{2, 0} {
		if got := want(t, s.call("POST", wire.PathSubscriptionsClosings, take), 200)["close"].([]any); len(got) != n {
			t.Errorf("got %v, want %d", got, n)
		}
	}
	want(t, s.call("POST", wire.PathSubscriptionsCheck, ask), 204)
	wantProblem(t, s.call("POST", wire.PathSubscriptionsClosings, strings.Replace(take, "one", "two", 1)), 404, wire.SubscriptionUnknown, "endpoint")
	for body, field := range map[string]string{
		`{}`: "tags", `{"tags": []}`: "tags", `{"tags": [""]}`: "tags[0]", `{"tags": ["a", "\u0000"]}`: "tags[1]", `{"tags": 5}`: "tags", `{"tag": ["a"]}`: "tag",
	} {
		wantProblem(t, s.call("POST", path, body, withKey), 400, wire.InvalidField, field)
	}
}

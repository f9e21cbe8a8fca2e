package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// For each delivery that was not accepted there is the push service's own reason,
// what it means, and what to do.
func TestADeliveryHasAVerdict(t *testing.T) {
	s := newServer(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, want(t, s.call("POST", "/v1/subscriptions", subscribeBody(fmt.Sprint(someEndpoint, i), ``)), 201)["id"].(string))
	}
	location := s.call("POST", "/v1/messages", `{"audience": {"subscriptions": ["`+strings.Join(ids, `","`)+`"]}, "notification": {"title": "x"}}`, withKey).Header().Get("Location")
	d := s.dispatcher.batches[0].Deliveries
	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{
		{Delivery: d[0], Outcome: push.DeliveryFailed, Status: 403, Reason: "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions."},
		{Delivery: d[1], Outcome: push.DeliveryGone, Status: 410, Reason: "NotRegistered"},
		{Delivery: d[2], Outcome: push.DeliveryExpired, Status: 503, Reason: "Service Unavailable"},
		{Delivery: d[3], Outcome: push.DeliveryPending, Reason: "no answer in time", RetryAt: time.Now().Add(time.Minute)},
		{Delivery: d[4], Outcome: push.DeliveryFailed, Reason: "the message is empty"},
	}); err != nil {
		t.Fatal(err)
	}
	list := func(query string) map[string]any {
		t.Helper()
		return want(t, s.call("GET", location+"/deliveries"+query, "", withKey), 200)
	}
	for state, verdicts := range map[string]map[string][2]string{
		"failed": {
			d[0].SubscriberID.String(): {"made with another application server key", "Keep the subscription"},
			d[4].SubscriberID.String(): {"was not sent", "Mend what the reason names"},
		},
		"gone":    {d[1].SubscriberID.String(): {"has unsubscribed", "the subscription was deleted"}},
		"expired": {d[2].SubscriberID.String(): {"The TTL ended before the push service took the message.", "longer ttl"}},
		"pending": {d[3].SubscriberID.String(): {"could not be reached", "tried again by itself"}},
	} {
		got := list("?state=" + state)
		if got["total"] != float64(len(verdicts)) || got["bounded"] != false || got["next"] != nil || len(got["data"].([]any)) != len(verdicts) {
			t.Fatalf("%s: got %v", state, got)
		}
		for _, one := range got["data"].([]any) {
			info := one.(map[string]any)
			verdict := verdicts[info["subscription"].(string)]
			if verdict[0] == "" || !strings.Contains(info["meaning"].(string), verdict[0]) || !strings.Contains(info["advice"].(string), verdict[1]) {
				t.Errorf("%s: got %v, want %q", state, info, verdict)
			}
			if info["state"] != state || info["pushService"] != "google" || info["reason"] == "" || (info["nextAttemptAt"] != nil) != (state == "pending") {
				t.Errorf("%s: got %v", state, info)
			}
			if strings.Contains(fmt.Sprint(info), "/fcm/send/") {
				t.Errorf("an endpoint is told: %v", info)
			}
		}
	}
	// Without a state it is those that failed; they come in pages.
	first := list("?limit=1")
	second := list("?limit=1&cursor=" + first["next"].(string))
	if len(first["data"].([]any)) != 1 || len(second["data"].([]any)) != 1 || second["next"] != nil {
		t.Errorf("got %v and %v", first, second)
	}
	wantProblem(t, s.call("GET", location+"/deliveries?state=accepted", "", withKey), 400, wire.InvalidField, "state")
	wantProblem(t, s.call("GET", location+"/deliveries?cursor=x", "", withKey), 400, wire.InvalidField, "cursor")
}

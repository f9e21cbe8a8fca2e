package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// deliveries are all of a message with an outcome, read in pages of a size.
func (s *store) deliveries(t *testing.T, message push.ID, outcome push.Outcome, size int) (all []push.DeliveryStatus) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := s.ListDeliveries(t.Context(), s.site.ID, message, outcome, cursor, size)
		if err != nil || len(page) > size || next != "" && len(page) < size {
			t.Fatalf("%d deliveries and the cursor %q, %v", len(page), next, err)
		}
		all = append(all, page...)
		if cursor = next; next == "" {
			return all
		}
	}
}

// Why deliveries were not accepted can be read, whose they were, and when they are
// tried again.
func testDeliveries(t *testing.T, s *store) {
	const google, apple = "https://fcm.googleapis.com/", "https://web.push.apple.com/"
	s.putMany(t, 7, google, "")
	s.putMany(t, 2, apple, "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	if err := s.RemoveSubscription(t.Context(), s.site.ID, google+"6"); err != nil {
		t.Fatal(err)
	}
	byEndpoint := map[string]push.Delivery{}
	for _, d := range s.claim(t) {
		byEndpoint[d.Subscription.Endpoint()] = d
	}
	later := s.clock.Now().Add(time.Minute)
	results := map[string]push.DeliveryResult{
		google + "0": {Outcome: push.DeliveryAccepted},
		google + "1": {Outcome: push.DeliveryFailed, Status: 403, Reason: "one\x00\xff"},
		google + "2": {Outcome: push.DeliveryGone, Status: 410, Reason: "gone"},
		google + "3": {Outcome: push.DeliveryExpired, Reason: push.ReasonTTLEnded},
		google + "4": {Outcome: push.DeliveryPending, Status: 503, Reason: "busy", RetryAt: later},
		google + "5": {Outcome: push.DeliveryPending, Status: 503, Reason: "busy", RetryAt: later},
		apple + "0":  {Outcome: push.DeliveryFailed, Status: 400, Reason: "two"},
		apple + "1":  {Outcome: push.DeliveryFailed, Status: 400, Reason: "three"},
	}
	record := func(deliveries map[string]push.Delivery, results map[string]push.DeliveryResult) {
		t.Helper()
		var all []push.DeliveryResult
		for endpoint, result := range results {
			result.Delivery = deliveries[endpoint]
			all = append(all, result)
		}
		s.record(t, all...)
	}
	record(byEndpoint, results)
	// want expects the results of endpoints; one that left has none.
	want := func(outcome push.Outcome, endpoints ...string) {
		t.Helper()
		for _, size := range []int{1, 2, 1000} {
			got := s.deliveries(t, message.ID, outcome, size)
			if len(got) != len(endpoints) {
				t.Fatalf("outcome %d, by %d: %d deliveries, want %d", outcome, size, len(got), len(endpoints))
			}
			for _, endpoint := range endpoints {
				delivery, result := byEndpoint[endpoint], results[endpoint]
				i := slices.IndexFunc(got, func(d push.DeliveryStatus) bool { return d.Subscription == delivery.SubscriberID })
				if i < 0 {
					t.Fatalf("outcome %d: %s is not among %+v", outcome, endpoint, got)
				}
				wantReason := result.Reason
				if wantReason == "one\x00\xff" {
					// What a store makes of it is its own.
					wantReason = got[i].Reason
				}
				if d := got[i]; d.Outcome != outcome || d.Status != result.Status || d.Reason != wantReason || !d.RetryAt.Equal(result.RetryAt) ||
					endpoint != google+"6" && d.Service != delivery.Service {
					t.Errorf("outcome %d: got %+v, want %+v", outcome, d, result)
				}
			}
		}
	}
	left := google + "6"
	results[left] = push.DeliveryResult{Reason: push.ReasonUnsubscribed}
	want(push.DeliveryFailed, google+"1", apple+"0", apple+"1")
	want(push.DeliveryGone, google+"2", left)
	want(push.DeliveryExpired, google+"3")
	want(push.DeliveryPending, google+"4", google+"5")
	want(push.DeliveryAccepted)

	// What waits ends, and is listed as what it has become.
	s.clock.Advance(time.Minute)
	for _, d := range s.claim(t) {
		byEndpoint[d.Subscription.Endpoint()] = d
	}
	ended := map[string]push.DeliveryResult{
		google + "4": {Outcome: push.DeliveryAccepted},
		google + "5": {Outcome: push.DeliveryExpired, Status: 503, Reason: "still busy"},
	}
	record(byEndpoint, ended)
	results[google+"5"] = ended[google+"5"]
	s.reopen(t)
	want(push.DeliveryPending)
	want(push.DeliveryExpired, google+"3", google+"5")

	for _, other := range []struct {
		site    push.SiteID
		message push.ID
	}{{s.other, message.ID}, {s.site.ID, push.NewID()}} {
		if page, _, err := s.ListDeliveries(t.Context(), other.site, other.message, push.DeliveryFailed, "", 10); err != nil || len(page) > 0 {
			t.Errorf("%+v has %d deliveries, %v", other, len(page), err)
		}
	}
	_, _, err := s.ListDeliveries(t.Context(), s.site.ID, message.ID, push.DeliveryFailed, "x", 10)
	wantCode(t, err, wire.InvalidField)
}

// A broadcast that fails for many does not keep as many reasons: those of the first,
// by outcome. All are counted.
func testReasonsAreBounded(t *testing.T, s *store) {
	const people = wire.MaxReasons + 150
	s.importMany(t, people, "https://fcm.googleapis.com/", "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	if len(deliveries) != people {
		t.Fatalf("%d deliveries", len(deliveries))
	}
	result := func(d push.Delivery, outcome push.Outcome) push.DeliveryResult {
		return push.DeliveryResult{Delivery: d, Outcome: outcome, RetryAt: s.clock.Now(), Status: 500, Reason: fmt.Sprint("reason ", outcome)}
	}
	// The last ones fail at their second attempt.
	var first []push.DeliveryResult
	for i, d := range deliveries {
		outcome := push.DeliveryFailed
		if i >= people-50 {
			outcome = push.DeliveryPending
		} else if i >= people-60 {
			outcome = push.DeliveryExpired
		}
		first = append(first, result(d, outcome))
	}
	for part := range slices.Chunk(first, 400) {
		s.record(t, part...)
	}
	var second []push.DeliveryResult
	for _, d := range s.claim(t) {
		second = append(second, result(d, push.DeliveryFailed))
	}
	s.record(t, second...)
	if status := s.status(t, message.ID); status.State != wire.MessageSent || status.Counts.Failed != people-10 || status.Counts.Expired != 10 || len(second) != 50 {
		t.Errorf("got %+v after %d second attempts", status, len(second))
	}
	for outcome, want := range map[push.Outcome]int{push.DeliveryFailed: wire.MaxReasons, push.DeliveryExpired: 10, push.DeliveryPending: 0} {
		if got := s.deliveries(t, message.ID, outcome, 1000); len(got) != want {
			t.Errorf("outcome %d: %d reasons are kept, want %d", outcome, len(got), want)
		}
	}
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("an empty queue has something due, %v", err)
	}
}

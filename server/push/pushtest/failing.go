package pushtest

import (
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// failing lists the subscriptions that only fail since a time or longer.
func (s *store) failing(t *testing.T, since time.Time) map[push.ID]*push.Failing {
	t.Helper()
	failing := map[push.ID]*push.Failing{}
	for cursor := ""; ; {
		page, next, err := s.ListFailing(t.Context(), s.site.ID, since, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range page {
			if sub.Failing == nil {
				t.Fatalf("%s fails and does not say so", sub.ID)
			}
			failing[sub.ID] = sub.Failing
		}
		if cursor = next; next == "" {
			break
		}
	}
	if n, err := s.CountFailing(t.Context(), s.site.ID, since); err != nil || n != int64(len(failing)) {
		t.Errorf("%d are counted and %d listed, %v", n, len(failing), err)
	}
	// The list of all tells the same.
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range page {
		want := failing[sub.ID]
		if sub.Failing != nil && sub.Failing.Since.After(since) {
			continue
		}
		if (sub.Failing == nil) != (want == nil) || want != nil && *sub.Failing != *want {
			t.Errorf("%s fails as %+v in one list and as %+v in the other", sub.ID, want, sub.Failing)
		}
	}
	return failing
}

// outcomes sends to everybody and records an outcome for each subscription that
// has one; others are accepted.
func (s *store) outcomes(t *testing.T, results map[push.ID]push.DeliveryResult) {
	t.Helper()
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	for _, d := range s.claim(t) {
		r, ok := results[d.SubscriberID]
		if !ok {
			r.Outcome = push.DeliveryAccepted
		}
		r.Delivery = d
		s.record(t, r)
	}
}

func testFailing(t *testing.T, s *store) {
	ids := s.putMany(t, 10, "https://fcm.googleapis.com/", "")
	apple := s.put(t, "https://web.push.apple.com/one", "").ID
	began := s.clock.Now()
	failed := push.DeliveryResult{Outcome: push.DeliveryFailed, Status: 400, Reason: "Bad\x00\xff"}
	s.outcomes(t, map[push.ID]push.DeliveryResult{
		ids[0]: failed, ids[1]: failed, apple: failed,
		ids[2]: {Outcome: push.DeliveryExpired, Status: 503, Reason: "busy"},
		// About this server, about the message, not attempted: not the subscription's.
		ids[3]: {Outcome: push.DeliveryFailed, Status: 401},
		ids[4]: {Outcome: push.DeliveryFailed, Status: 403},
		ids[5]: {Outcome: push.DeliveryFailed, Status: 413},
		ids[6]: {Outcome: push.DeliveryExpired, Reason: "the TTL ended before it could be sent"},
		ids[7]: {Outcome: push.DeliveryGone, Status: 410},
	})
	failing := s.failing(t, s.clock.Now())
	if len(failing) != 4 || failing[ids[0]] == nil || failing[ids[1]] == nil || failing[ids[2]] == nil || failing[apple] == nil {
		t.Fatalf("%d fail, want 4: %v", len(failing), failing)
	}
	if f := failing[ids[2]]; !f.Since.Equal(began) || !f.LastAt.Equal(began) || f.Failures != 1 || f.Status != 503 || f.Reason != "busy" {
		t.Errorf("got %+v", f)
	}
	if other, _, err := s.ListFailing(t.Context(), s.other, s.clock.Now(), "", 10); err != nil || len(other) > 0 {
		t.Errorf("another site has %d, %v", len(other), err)
	}

	// One does well again, one leaves, and one is new.
	s.clock.Advance(push.FailingFor)
	if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://web.push.apple.com/one"); err != nil {
		t.Fatal(err)
	}
	s.outcomes(t, map[push.ID]push.DeliveryResult{ids[1]: failed, ids[8]: failed, ids[2]: {Outcome: push.DeliveryFailed, Status: 401}})
	s.reopen(t)
	if now := s.failing(t, s.clock.Now()); len(now) != 3 || now[ids[8]] == nil {
		t.Errorf("%d fail, want 3: %v", len(now), now)
	}
	long := s.failing(t, s.clock.Now().Add(-push.FailingFor))
	if f := long[ids[1]]; len(long) != 2 || f == nil || !f.Since.Equal(began) || !f.LastAt.Equal(s.clock.Now()) || f.Failures != 2 {
		t.Errorf("%d fail for long: %v, of which %+v", len(long), long, f)
	}
	// What speaks against us leaves it as it was.
	if f := long[ids[2]]; f == nil || f.Failures != 1 || f.Status != 503 {
		t.Errorf("got %+v", f)
	}
	s.outcomes(t, nil)
	if now := s.failing(t, s.clock.Now()); len(now) > 0 {
		t.Errorf("%d fail still", len(now))
	}

	// Nothing was deleted but by word of the push service or the person.
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 100)
	if err != nil || len(page) != 9 {
		t.Errorf("%d are left, want 9: %v", len(page), err)
	}
}

// Another key speaks against the subscription, and is told of its endpoint.
func testKeyMismatch(t *testing.T, s *store) {
	sub := s.put(t, someEndpoint, "")
	lookUp := func() *push.Failing {
		t.Helper()
		found, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
		if err != nil || found.ID != sub.ID {
			t.Fatalf("got %+v, %v", found, err)
		}
		return found.Failing
	}
	if f := lookUp(); f != nil {
		t.Errorf("got %+v", f)
	}
	const said = "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions."
	s.outcomes(t, map[push.ID]push.DeliveryResult{sub.ID: {Outcome: push.DeliveryFailed, Status: 403, Reason: said}})
	if f := lookUp(); f == nil || !f.IsKeyMismatch(sub.Service) || f.Status != 403 || f.Reason != said || f.Failures != 1 || !f.Since.Equal(s.clock.Now()) || !f.LastAt.Equal(f.Since) {
		t.Errorf("got %+v", f)
	}
	// To post it again mends nothing: the browser is to subscribe anew.
	post := func(endpoint, members string) error {
		_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, endpoint, members))
		return err
	}
	for _, members := range []string{"", `"addChannels": ["news"]`} {
		wantCode(t, post(someEndpoint, members), wire.EndpointGone)
	}
	if found, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint); err != nil || len(found.Channels) > 0 {
		t.Errorf("got %+v, %v", found, err)
	}
	s.outcomes(t, nil)
	if f := lookUp(); f != nil {
		t.Errorf("got %+v, of one that does well again", f)
	}
	if err := post(someEndpoint, ""); err != nil {
		t.Errorf("one that does well again is refused: %v", err)
	}
	// What does not speak of another key is no reason.
	s.outcomes(t, map[push.ID]push.DeliveryResult{sub.ID: {Outcome: push.DeliveryFailed, Status: 403, Reason: "Forbidden"}})
	s.outcomes(t, map[push.ID]push.DeliveryResult{sub.ID: {Outcome: push.DeliveryFailed, Status: 400, Reason: "bad"}})
	if err := post(someEndpoint, ""); err != nil {
		t.Errorf("one that fails otherwise is refused: %v", err)
	}
	s.outcomes(t, map[push.ID]push.DeliveryResult{sub.ID: {Outcome: push.DeliveryFailed, Status: 403, Reason: said}})
	if err := post(someEndpoint+"/anew", `"replaces": "`+someEndpoint+`"`); err != nil {
		t.Errorf("the one that follows is refused: %v", err)
	}
}

// What another node holds by now says nothing.
func testFailingFenced(t *testing.T, s *store) {
	s.put(t, someEndpoint, "")
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	before := s.claim(t)
	if err := s.Forfeit(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := s.claim(t)
	results := []push.DeliveryResult{{Delivery: before[0], Outcome: push.DeliveryFailed, Status: 400}}
	if fenced, err := s.Record(t.Context(), results); err != nil || fenced != 1 {
		t.Fatalf("%d were fenced, %v", fenced, err)
	}
	if failing := s.failing(t, s.clock.Now()); len(failing) > 0 {
		t.Errorf("got %v", failing)
	}
	s.finish(t, after, push.DeliveryAccepted)
}

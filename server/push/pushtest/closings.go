package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

func (s *store) closeTags(t *testing.T, user string, tags ...string) int {
	t.Helper()
	n, err := s.CloseTags(t.Context(), s.site.ID, user, tags)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// waiting are the closings of the next delivery, as tag@minute, none forgotten.
func (s *store) waiting(t *testing.T, subscription push.ID) []string {
	t.Helper()
	var all []string
	_, batches := s.create(t, fmt.Sprintf(`{"audience": {"subscriptions": [%q]}}`, subscription), push.CreateOptions{Lease: true})
	d := batches[0].Deliveries[0]
	sub, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, d.Subscription.Endpoint())
	if err != nil || int(sub.Closings) != len(d.Closings) {
		t.Errorf("%d wait, and %d come with a delivery, %v", sub.Closings, len(d.Closings), err)
	}
	for _, c := range d.Closings {
		all = append(all, fmt.Sprintf("%s@%d", c.Tag, c.Before.Minute()))
	}
	s.finish(t, batches[0].Deliveries, push.DeliveryFailed)
	return all
}

func (s *store) wantWaiting(t *testing.T, subscription push.ID, want ...string) {
	t.Helper()
	if got := s.waiting(t, subscription); !slices.Equal(got, want) {
		t.Errorf("there wait %q, want %q", got, want)
	}
}

// What a user has read elsewhere waits for each of their subscriptions until it rode on
// a push that was accepted, or was asked for.
func testClosings(t *testing.T, s *store) {
	phone, laptop := s.putOf(t, someone, "https://web.push.apple.com/phone", ""), s.putOf(t, someone, "https://fcm.googleapis.com/laptop", "")
	other := s.putOf(t, "another", "https://fcm.googleapis.com/another", "")
	if n := s.closeTags(t, "nobody", "chat-1"); n != 0 {
		t.Errorf("nobody has %d subscriptions", n)
	}
	if n, err := s.CloseTags(t.Context(), s.other, someone, []string{"chat-1"}); err != nil || n != 0 {
		t.Errorf("another site has %d, %v", n, err)
	}
	minute := s.clock.Now().Minute()
	at := func(tag string, later int) string { return fmt.Sprintf("%s@%d", tag, (minute+later)%60) }
	if n := s.closeTags(t, someone, "chat-2", "chat-1"); n != 2 {
		t.Errorf("%d subscriptions, want 2", n)
	}
	s.clock.Advance(time.Minute)
	s.closeTags(t, someone, "ä ' \"", "chat-2")
	s.clock.Advance(time.Minute)
	s.wantWaiting(t, other.ID)
	for _, id := range []push.ID{phone.ID, laptop.ID} {
		s.wantWaiting(t, id, at("chat-1", 0), at("chat-2", 1), at(`ä ' "`, 1))
	}

	// Of a broadcast as well. One of them rides, and meanwhile it is said again of another.
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	s.closeTags(t, someone, "chat-2")
	for i, d := range deliveries {
		if d.SubscriberID == phone.ID {
			deliveries[i].Closings = d.Closings[:2]
		}
	}
	s.finish(t, deliveries, push.DeliveryAccepted)
	s.wantWaiting(t, phone.ID, at(`ä ' "`, 1), at("chat-2", 2))
	s.wantWaiting(t, laptop.ID, at("chat-2", 2))

	taken, err := s.TakeClosings(t.Context(), s.site.ID, phone.ID)
	if err != nil || len(taken) != 2 || taken[1].Tag != "chat-2" || taken[1].Before.UnixMilli() != s.clock.Now().UnixMilli() {
		t.Errorf("%v were taken, %v", taken, err)
	}
	s.wantWaiting(t, phone.ID)
	if taken, err := s.TakeClosings(t.Context(), s.site.ID, phone.ID); err != nil || len(taken) > 0 {
		t.Errorf("%v were taken twice, %v", taken, err)
	}
	s.wantWaiting(t, laptop.ID, at("chat-2", 2))

	// They go with the subscription.
	if err := s.ForgetUser(t.Context(), s.site.ID, someone); err != nil {
		t.Fatal(err)
	}
	if taken, err := s.TakeClosings(t.Context(), s.site.ID, laptop.ID); err != nil || len(taken) > 0 {
		t.Errorf("%v wait for nobody, %v", taken, err)
	}
}

// A delivery that is tried again takes along what waits then.
func testClosingsOfRetries(t *testing.T, s *store) {
	sub := s.putOf(t, someone, someEndpoint, "")
	_, batches := s.create(t, fmt.Sprintf(`{"audience": {"subscriptions": [%q]}}`, sub.ID), push.CreateOptions{Lease: true})
	s.record(t, push.DeliveryResult{Delivery: batches[0].Deliveries[0], Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(time.Minute)})
	s.closeTags(t, someone, "chat-1")
	s.clock.Advance(2 * time.Minute)
	again := s.claim(t)
	if len(again) != 1 || len(again[0].Closings) != 1 {
		t.Fatalf("got %+v", again)
	}
	s.finish(t, again, push.DeliveryAccepted)
	s.wantWaiting(t, sub.ID)
}

// Neither number nor age grows without end.
func testClosingsAreBounded(t *testing.T, s *store) {
	sub := s.putOf(t, someone, someEndpoint, "")
	for i := range push.MaxClosings + 10 {
		s.closeTags(t, someone, fmt.Sprintf("chat-%02d", i))
		s.clock.Advance(time.Second)
	}
	if got := s.waiting(t, sub.ID); len(got) != push.MaxClosings || got[0][:len("chat-10")] != "chat-10" {
		t.Errorf("got %q", got)
	}
	for i := range push.ClosedSubscriptions {
		s.clock.Advance(time.Second)
		s.putOf(t, someone, fmt.Sprintf("https://fcm.googleapis.com/more/%d", i), "")
	}
	// The first one was seen before all others.
	if n := s.closeTags(t, someone, "last"); n != push.ClosedSubscriptions {
		t.Errorf("%d subscriptions close it, want %d", n, push.ClosedSubscriptions)
	}
	if got := s.waiting(t, sub.ID); len(got) != push.MaxClosings || got[push.MaxClosings-1][:len("chat-59")] != "chat-59" {
		t.Errorf("got %q", got)
	}

	s.clock.Advance(push.ClosingMemory - 4*time.Minute)
	for _, want := range []int{0, push.MaxClosings + push.ClosedSubscriptions, 0} {
		if swept, err := s.Sweep(t.Context()); err != nil || swept != want {
			t.Errorf("%d were swept, want %d, %v", swept, want, err)
		}
		s.clock.Advance(5 * time.Minute)
	}
	s.wantWaiting(t, sub.ID)
}

// A browser whose endpoint changes still shows what is to be closed.
func testClosingsAreCarriedOn(t *testing.T, s *store) {
	sub := s.putOf(t, someone, someEndpoint, "")
	s.closeTags(t, someone, "chat-1", "chat-2")
	minute := s.clock.Now().Minute()
	tags := []string{fmt.Sprintf("chat-1@%d", minute), fmt.Sprintf("chat-2@%d", minute)}
	s.clock.Advance(time.Minute)
	// At another push service.
	next := s.put(t, "https://web.push.apple.com/next", `"replaces": "`+someEndpoint+`"`)
	if next.ID != sub.ID {
		t.Fatalf("%s is carried on as %s", sub.ID, next.ID)
	}
	s.wantWaiting(t, next.ID, tags...)
	// By one that is known already.
	known := s.put(t, "https://fcm.googleapis.com/known", "")
	s.put(t, "https://fcm.googleapis.com/known", `"replaces": "https://web.push.apple.com/next"`)
	s.wantWaiting(t, known.ID, tags...)
}

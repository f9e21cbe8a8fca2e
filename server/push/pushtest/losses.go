package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// losses are those of all days, as texts.
func (s *store) losses(t *testing.T) (texts []string) {
	t.Helper()
	losses, err := s.Losses(t.Context(), s.site.ID, 0, push.DayOf(s.clock.Now())+1)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range losses {
		texts = append(texts, fmt.Sprint(l.Day, " ", l.Reason, " ", l.Count))
	}
	return texts
}

func (s *store) wantLosses(t *testing.T, want ...string) {
	t.Helper()
	if got := s.losses(t); !slices.Equal(got, want) {
		t.Errorf("got the losses %v, want %v", got, want)
	}
}

func testLosses(t *testing.T, s *store) {
	s.wantLosses(t)
	first := push.DayOf(s.clock.Now())
	gone := s.putMany(t, 3, "https://fcm.googleapis.com/gone/", "")
	// They are new no more. One is that is, and another that came with a file was
	// somewhere else before.
	s.clock.Advance(push.NewFor)
	fresh := s.put(t, "https://fcm.googleapis.com/fresh", "")
	moved := s.item(t, "https://fcm.googleapis.com/moved", "")
	moved.LastSeenAt = s.clock.Now().Add(-time.Hour)
	s.load(t, []*push.Import{moved}, push.ImportAdded)
	s.clock.Advance(push.NewFor - time.Second)
	results := map[push.ID]push.DeliveryResult{fresh.ID: {Outcome: push.DeliveryGone, Status: 410}}
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10)
	if err != nil || len(page) != 5 {
		t.Fatalf("got %d, %v", len(page), err)
	}
	for _, sub := range page {
		if sub.Endpoint() == moved.Endpoint() {
			gone = append(gone, sub.ID)
		}
	}
	for _, id := range gone {
		results[id] = push.DeliveryResult{Outcome: push.DeliveryGone, Status: 410}
	}
	s.outcomes(t, results)
	// Another carries it on.
	s.put(t, someEndpoint, "")
	s.put(t, "https://fcm.googleapis.com/next", `"replaces": "`+someEndpoint+`"`)
	s.wantLosses(t, fmt.Sprint(first, " gone 4"), fmt.Sprint(first, " refused 1"))
	for _, endpoint := range []string{fresh.Endpoint(), moved.Endpoint()} {
		_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, endpoint)
		wantCode(t, err, wire.EndpointGone)
	}
	// Who is gone and comes back is a new one.
	s.put(t, "https://fcm.googleapis.com/gone/next", `"replaces": "https://fcm.googleapis.com/gone/0"`)
	s.clock.Advance(24 * time.Hour)
	for range 2 {
		for range 2 { // the second time it has ended
			if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://fcm.googleapis.com/next"); err != nil {
				t.Fatal(err)
			}
		}
		s.put(t, "https://fcm.googleapis.com/next", "")
	}
	removed := s.put(t, "https://fcm.googleapis.com/removed", "")
	if err := s.EndSubscription(t.Context(), s.site.ID, removed.ID); err != nil {
		t.Fatal(err)
	}
	s.putOf(t, someone, "https://fcm.googleapis.com/forgotten", "")
	if err := s.ForgetUser(t.Context(), s.site.ID, someone); err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
	s.wantLosses(t, fmt.Sprint(first, " gone 4"), fmt.Sprint(first, " refused 1"), fmt.Sprint(first+1, " removed 2"), fmt.Sprint(first+1, " unsubscribed 2"))
	for of, want := range map[[2]push.Day]int{{first, first}: 2, {first + 1, first + 1}: 2, {first - 5, first - 1}: 0, {first + 2, first + 5}: 0} {
		if got, err := s.Losses(t.Context(), s.site.ID, of[0], of[1]); err != nil || len(got) != want {
			t.Errorf("%v: got %+v, %v", of, got, err)
		}
	}
	if got, err := s.Losses(t.Context(), s.other, 0, first+5); err != nil || len(got) > 0 {
		t.Errorf("another site has %+v, %v", got, err)
	}
}

func testSweepEnded(t *testing.T, s *store) {
	const old = "https://fcm.googleapis.com/old"
	s.sendGone(t, s.put(t, old, `"channels": ["news"]`).ID)
	s.clock.Advance(24 * time.Hour)
	s.sendGone(t, s.put(t, someEndpoint, "").ID)
	s.clock.Advance(push.DefaultRetention - 24*time.Hour - time.Minute)
	sweep := func(want int) {
		t.Helper()
		if swept, err := s.Sweep(t.Context()); err != nil || swept != want {
			t.Errorf("%d were swept, want %d, %v", swept, want, err)
		}
	}
	sweep(0)
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, old)
	wantCode(t, err, wire.EndpointGone)
	s.clock.Advance(2 * time.Minute)
	sweep(1)
	sweep(0)
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, old)
	wantCode(t, err, wire.SubscriptionUnknown)
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	wantCode(t, err, wire.EndpointGone)
	// A day's losses go when the whole day is over for so long.
	s.clock.Advance(24 * time.Hour)
	sweep(1)
	if got := s.losses(t); len(got) > 1 {
		t.Errorf("the losses %v are left", got)
	}
	s.clock.Advance(24 * time.Hour)
	sweep(0)
	s.wantLosses(t)
}

func testRetire(t *testing.T, s *store) {
	old := s.putMany(t, 5, "https://web.push.apple.com/", `"channels": ["news"]`)
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	s.clock.Advance(time.Hour)
	before := s.clock.Now()
	if err := s.TouchSubscription(t.Context(), s.site.ID, "https://web.push.apple.com/4"); err != nil {
		t.Fatal(err)
	}
	s.put(t, someEndpoint, "")
	var endpoints []push.EndpointHash
	services := map[string]int{}
	for cursor, steps := "", 0; ; steps++ {
		found, next, err := s.ScanUnseen(t.Context(), s.site.ID, before, cursor, 2)
		if err != nil || steps > 9 {
			t.Fatal(steps, err)
		}
		for _, u := range found {
			services[u.Service]++
			endpoints = append(endpoints, u.Endpoint)
			if !u.LastSeenAt.Equal(before.Add(-time.Hour)) {
				t.Errorf("last seen at %v", u.LastSeenAt)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	if services["apple"] != 4 || services["google"] != 3 || len(services) != 2 {
		t.Fatalf("found %v", services)
	}
	if n, err := s.RetireSubscriptions(t.Context(), s.other, before, endpoints); err != nil || n != 0 {
		t.Fatalf("another site has retired %d, %v", n, err)
	}
	// One comes back in the moment before, and one ends.
	const seen = "https://web.push.apple.com/0"
	if err := s.TouchSubscription(t.Context(), s.site.ID, seen); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://fcm.googleapis.com/0"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{5, 0} {
		if n, err := s.RetireSubscriptions(t.Context(), s.site.ID, before, endpoints); err != nil || n != want {
			t.Fatalf("%d were retired, want %d, %v", n, want, err)
		}
	}
	day := push.DayOf(s.clock.Now())
	s.wantLosses(t, fmt.Sprint(day, " retired 5"), fmt.Sprint(day, " unsubscribed 1"))
	if _, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, seen); err != nil {
		t.Errorf("one that came back: %v", err)
	}
	// A browser that comes back subscribes anew, and stays who it was.
	const retired, next = "https://web.push.apple.com/1", "https://web.push.apple.com/next"
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, retired)
	wantCode(t, err, wire.EndpointGone)
	_, _, err = s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, retired, ""))
	wantCode(t, err, wire.EndpointGone)
	if sub := s.put(t, next, `"replaces": "`+retired+`"`); sub.ID != old[1] || !slices.Equal(sub.Channels, []string{"news"}) {
		t.Errorf("got %+v", sub)
	}
}

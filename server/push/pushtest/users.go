package pushtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// putOf adds a subscription that is tied to a user.
func (s *store) putOf(t *testing.T, user, endpoint, members string) push.Subscription {
	t.Helper()
	r := Subscribe(t, s.services, endpoint, members)
	r.User = user
	sub, _, err := s.PutSubscription(t.Context(), s.site.ID, r)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

const someone = "u/1 ä"

func testUser(t *testing.T, s *store) {
	const phone, laptop = "https://web.push.apple.com/phone", "https://fcm.googleapis.com/laptop"
	_, err := s.UserByID(t.Context(), s.site.ID, someone)
	wantCode(t, err, wire.UserUnknown)
	dead := s.putOf(t, someone, someEndpoint, `"channels": ["a", "b"]`)
	s.clock.Advance(time.Minute)
	a := s.putOf(t, someone, phone, `"channels": ["news"], "locale": "de", "timeZone": "Europe/Berlin"`)
	s.clock.Advance(time.Minute)
	b := s.putOf(t, someone, laptop, "")
	s.putOf(t, "another", "https://fcm.googleapis.com/another", "")
	s.put(t, "https://fcm.googleapis.com/nobody", "")
	s.sendGone(t, dead.ID)
	endedAt := s.clock.Now()

	user, err := s.UserByID(t.Context(), s.site.ID, someone)
	if err != nil {
		t.Fatal(err)
	}
	if len(user.Subscriptions) != 2 || user.Subscriptions[0].ID != b.ID || user.Subscriptions[1].ID != a.ID {
		t.Fatalf("got %+v", user.Subscriptions)
	}
	if got := user.Subscriptions[1]; got.Service != "apple" || !slices.Equal(got.Channels, []string{"news"}) || got.Locale != "de" || got.TimeZone != "Europe/Berlin" || !got.CreatedAt.Equal(a.CreatedAt) {
		t.Errorf("got %+v", got)
	}
	if len(user.Ended) != 1 || user.Ended[0].ID != dead.ID || user.Ended[0].Reason != push.EndRefused || !slices.Equal(user.Ended[0].Channels, []string{"a", "b"}) || !user.Ended[0].EndedAt.Equal(endedAt) {
		t.Errorf("ended: %+v", user.Ended)
	}
	for _, id := range []string{"", "u/1", "nobody"} {
		_, err := s.UserByID(t.Context(), s.site.ID, id)
		wantCode(t, err, wire.UserUnknown)
	}
	_, err = s.UserByID(t.Context(), s.other, someone)
	wantCode(t, err, wire.UserUnknown)
}

func testAttributes(t *testing.T, s *store) {
	set := func(user string, attributes push.Attributes) {
		t.Helper()
		if err := s.SetAttributes(t.Context(), s.site.ID, user, attributes); err != nil {
			t.Fatal(err)
		}
	}
	want := func(user string, want push.Attributes) {
		t.Helper()
		if got, err := s.UserByID(t.Context(), s.site.ID, user); err != nil || got.Attributes == nil || !maps.Equal(got.Attributes, want) {
			t.Errorf("%s has %v, %v; want %v", user, got.Attributes, err, want)
		}
	}
	pages := func(limit int) (all map[string]push.Attributes) {
		t.Helper()
		all = map[string]push.Attributes{}
		for cursor := ""; ; {
			page, next, err := s.ListAttributes(t.Context(), s.site.ID, cursor, limit)
			if err != nil || len(page) > limit || next != "" && len(page) < limit {
				t.Fatalf("got %d of %d, %q, %v", len(page), limit, next, err)
			}
			for _, user := range page {
				if all[user.User] != nil {
					t.Errorf("%s is listed twice", user.User)
				}
				all[user.User] = user.Attributes
			}
			if cursor = next; next == "" {
				return all
			}
		}
	}
	if got := pages(1); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	// Before they subscribe.
	all := push.Attributes{"name": "Ada \u0000 <ä>", "points": json.Number("12345678901234567890"), "premium": false}
	set(someone, all)
	set("another", push.Attributes{"name": "Bob"})
	s.reopen(t)
	set("Ünal", push.Attributes{"name": "Ünal"})
	for _, limit := range []int{1, 2, 3, 100} {
		if got := pages(limit); len(got) != 3 || !maps.Equal(got[someone], all) || got["Ünal"]["name"] != "Ünal" {
			t.Errorf("%d at once: got %v", limit, got)
		}
	}
	if page, _, err := s.ListAttributes(t.Context(), s.other, "", 10); err != nil || len(page) > 0 {
		t.Errorf("another site has %v, %v", page, err)
	}
	want(someone, all)
	sub := s.putOf(t, someone, someEndpoint, "")
	s.putOf(t, "another", "https://fcm.googleapis.com/another", "")
	s.put(t, "https://fcm.googleapis.com/nobody", "")
	want(someone, all)

	// They are read where a message asks for them, as they are then.
	names := func(notification string) map[push.ID]any {
		t.Helper()
		s.create(t, `{"audience": {"all": true}, "notification": {"title": "x", "body": "`+notification+`"}}`, push.CreateOptions{})
		s.expand(t)
		set("another", push.Attributes{"name": "Bert"})
		got := map[push.ID]any{}
		for _, d := range s.claim(t) {
			got[d.SubscriberID] = d.Attributes["name"]
		}
		if len(got) != 3 {
			t.Errorf("%d deliveries, want 3", len(got))
		}
		return got
	}
	got := names("{{name}}")
	if others := slices.Collect(maps.Values(got)); got[sub.ID] != all["name"] || !slices.Contains(others, any("Bert")) || !slices.Contains(others, nil) {
		t.Errorf("got %v", got)
	}
	for _, name := range names("name") {
		if name != nil {
			t.Errorf("a message without placeholders has %v", name)
		}
	}
	_, batches := s.create(t, `{"audience": {"users": ["`+someone+`"]}, "notification": {"title": "x {{name}}"}}`, push.CreateOptions{Lease: true})
	if len(batches) != 1 || batches[0].Deliveries[0].Attributes["name"] != all["name"] {
		t.Errorf("a message to one has %+v", batches)
	}

	set(someone, push.Attributes{})
	want(someone, push.Attributes{})
	if err := s.ForgetUser(t.Context(), s.site.ID, someone); err != nil {
		t.Fatal(err)
	}
	_, err := s.UserByID(t.Context(), s.site.ID, someone)
	wantCode(t, err, wire.UserUnknown)
	want("another", push.Attributes{"name": "Bert"})
	_, err = s.UserByID(t.Context(), s.other, "another")
	wantCode(t, err, wire.UserUnknown)
}

// More than one step erases, and more than one page shows.
func testForgetUser(t *testing.T, s *store) {
	const many = push.ForgetSize + 5
	for i := range many {
		s.putOf(t, someone, fmt.Sprint("https://fcm.googleapis.com/left/", i), "")
		s.putOf(t, someone, fmt.Sprint("https://fcm.googleapis.com/here/", i), `"channels": ["news"]`)
		if err := s.RemoveSubscription(t.Context(), s.site.ID, fmt.Sprint("https://fcm.googleapis.com/left/", i)); err != nil {
			t.Fatal(err)
		}
	}
	other := s.putOf(t, "another", "https://fcm.googleapis.com/another", `"channels": ["news"]`)
	nobody := s.put(t, "https://fcm.googleapis.com/nobody", "")
	if user, err := s.UserByID(t.Context(), s.site.ID, someone); err != nil || len(user.Subscriptions) != many || len(user.Ended) != many {
		t.Fatalf("%d subscriptions, %d that ended, %v", len(user.Subscriptions), len(user.Ended), err)
	}
	if err := s.ForgetUser(t.Context(), s.other, someone); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetUser(t.Context(), s.site.ID, someone); err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
	_, err := s.UserByID(t.Context(), s.site.ID, someone)
	wantCode(t, err, wire.UserUnknown)
	for _, nobody := range []string{someone, ""} {
		if err := s.ForgetUser(t.Context(), s.site.ID, nobody); err != nil {
			t.Fatal(err)
		}
	}
	for _, endpoint := range []string{"https://fcm.googleapis.com/left/0", "https://fcm.googleapis.com/here/0"} {
		_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, endpoint)
		wantCode(t, err, wire.SubscriptionUnknown)
		// Nothing of it is carried over.
		if sub := s.put(t, endpoint+"/next", `"replaces": "`+endpoint+`"`); sub.User != "" || len(sub.Channels) > 0 {
			t.Errorf("%s is still remembered: %+v", endpoint, sub)
		}
	}
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10)
	ids := make([]push.ID, len(page))
	for i, sub := range page {
		ids[i] = sub.ID
	}
	if err != nil || len(ids) != 4 || !slices.Contains(ids, other.ID) || !slices.Contains(ids, nobody.ID) {
		t.Errorf("%d are left, %v", len(ids), err)
	}
}

func testEndSubscription(t *testing.T, s *store) {
	sub := s.putOf(t, someone, someEndpoint, `"channels": ["news"]`)
	if err := s.EndSubscription(t.Context(), s.other, sub.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint); err != nil {
		t.Fatalf("another site has ended it: %v", err)
	}
	for range 2 {
		if err := s.EndSubscription(t.Context(), s.site.ID, sub.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndSubscription(t.Context(), s.site.ID, push.NewID()); err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	wantCode(t, err, wire.SubscriptionUnknown)
	_, err = s.UserByID(t.Context(), s.site.ID, someone)
	wantCode(t, err, wire.UserUnknown)
	// It is remembered that it was removed, and nothing is carried over.
	results, err := s.ImportSubscriptions(t.Context(), s.site.ID, []*push.Import{{Subscribe: *Subscribe(t, s.services, someEndpoint, "")}})
	if err != nil || push.CodeOf(results[0].Err) != wire.EndpointGone {
		t.Errorf("an import gets %+v, %v", results, err)
	}
	if next := s.put(t, "https://fcm.googleapis.com/next", `"replaces": "`+someEndpoint+`"`); next.ID == sub.ID || len(next.Channels) > 0 || next.User != "" {
		t.Errorf("what was removed is carried over: %+v", next)
	}
	// The person may come back, as a new one.
	if back := s.put(t, someEndpoint, ""); back.ID == sub.ID || len(back.Channels) > 0 || back.User != "" {
		t.Errorf("got %+v", back)
	}
}

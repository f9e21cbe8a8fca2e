package pushtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const someEndpoint = "https://fcm.googleapis.com/fcm/send/one"

func testPut(t *testing.T, s *store) {
	keys, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	began := s.clock.Now()
	r := Subscribe(t, s.services, someEndpoint, `"channels": ["b", "a"], "locale": "de", "timeZone": "Europe/Berlin"`)
	sub, created, err := s.PutSubscription(t.Context(), s.site.ID, r)
	if err != nil || !created {
		t.Fatalf("got %v, %v", created, err)
	}
	s.clock.Advance(time.Hour)
	again, created, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, `"applicationServerKey": "`+keys[0].Public()+`", "locale": "fr"`))
	if err != nil || created {
		t.Fatalf("the refresh: %v, %v", created, err)
	}
	if again.ID != sub.ID || !slices.Equal(again.Channels, []string{"a", "b"}) || again.Locale != "fr" || again.TimeZone != "Europe/Berlin" {
		t.Errorf("the refresh gives %+v", again)
	}
	s.clock.Advance(time.Hour)
	if err := s.TouchSubscription(t.Context(), s.site.ID, someEndpoint); err != nil {
		t.Fatal(err)
	}
	s.wantSeenNow(t)
	for _, members := range []string{"", `"channels": ["a", "b"], "locale": "fr"`} {
		s.clock.Advance(time.Hour)
		sub, created, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, members))
		if err != nil || created || !sub.LastSeenAt.Equal(s.clock.Now()) || !slices.Equal(sub.Channels, []string{"a", "b"}) {
			t.Fatalf("a refresh that changes nothing gives %+v, %v, %v", sub, created, err)
		}
		s.wantSeenNow(t)
	}
	seen := s.clock.Now()
	s.clock.Advance(push.SeenEvery - time.Millisecond)
	if _, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, "")); err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
	got, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != sub.ID || got.Service != "google" || got.Endpoint() != someEndpoint || got.Key != keys[0].ID || !slices.Equal(got.Channels, []string{"a", "b"}) ||
		string(got.P256dh()) != string(r.P256dh()) || string(got.Auth()) != string(r.Auth()) {
		t.Errorf("got %+v", got)
	}
	if !got.CreatedAt.Equal(began) {
		t.Errorf("created %v", got.CreatedAt)
	}
	if !got.LastSeenAt.Equal(seen) {
		t.Errorf("seen at %v, %v before it told nothing new again", got.LastSeenAt, seen)
	}
	if _, err := s.SubscriptionByEndpoint(t.Context(), s.other, someEndpoint); push.CodeOf(err) != wire.SubscriptionUnknown {
		t.Errorf("another site has it: %v", err)
	}
	_, _, err = s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, `"applicationServerKey": "`+P256dh+`"`))
	wantCode(t, err, wire.InvalidField)
}

// wantSeenNow waits until it is stored that the browser was seen now.
func (s *store) wantSeenNow(t *testing.T) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		got, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got.LastSeenAt.Equal(s.clock.Now()) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("last seen at %v; it is %v", got.LastSeenAt, s.clock.Now())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A stored endpoint cannot be taken over with other keys.
func testTaken(t *testing.T, s *store) {
	s.put(t, someEndpoint, `"channels": ["news"]`)
	const otherPoint = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
	for _, keys := range []string{`"auth": "AAAAAAAAAAAAAAAAAAAAAA"`, `"p256dh": "` + otherPoint + `"`} {
		_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, `"channels": ["mine"], "keys": {`+keys+`}`))
		wantCode(t, err, wire.EndpointTaken)
	}
	if sub, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint); err != nil || !slices.Equal(sub.Channels, []string{"news"}) {
		t.Errorf("got %+v, %v", sub.Channels, err)
	}
}

func testReplace(t *testing.T, s *store) {
	const next = "https://web.push.apple.com/two"
	old := s.put(t, someEndpoint, `"channels": ["a", "b"], "locale": "de", "timeZone": "Europe/Berlin"`)
	s.clock.Advance(time.Hour)
	replacing := `"replaces": "` + someEndpoint + `", "addChannels": ["c"], "removeChannels": ["a"]`
	sub := s.put(t, next, replacing)
	if sub.ID != old.ID || !sub.CreatedAt.Equal(old.CreatedAt) || !slices.Equal(sub.Channels, []string{"b", "c"}) || sub.Locale != "de" || sub.TimeZone != "Europe/Berlin" || sub.Service != "apple" {
		t.Errorf("got %+v, want what %+v had", sub, old)
	}
	// A browser whose profile was restored shows what it had replaced.
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	wantCode(t, err, wire.EndpointGone)
	_, _, err = s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, ""))
	wantCode(t, err, wire.EndpointGone)
	// The answer was lost, and the browser asks again.
	if again := s.put(t, next, replacing); again.ID != old.ID {
		t.Error("the same request again made another one")
	}
	// Nobody else can follow it a second time, and get the same id.
	if thief := s.put(t, "https://fcm.googleapis.com/three", `"replaces": "`+someEndpoint+`"`); thief.ID == old.ID || len(thief.Channels) > 0 {
		t.Errorf("a second one follows: %+v", thief)
	}
	if fresh := s.put(t, "https://fcm.googleapis.com/four", `"replaces": "https://fcm.googleapis.com/never-seen"`); fresh.ID == old.ID || fresh.ID == (push.ID{}) {
		t.Errorf("got %+v", fresh)
	}
}

// What a push service has ended is remembered, and carried over.
// Two tabs told of their subscriptions before one of them told that it follows
// the other.
func testReplaceByKnown(t *testing.T, s *store) {
	const next = "https://web.push.apple.com/two"
	s.put(t, someEndpoint, "")
	known := s.put(t, next, "")
	if again := s.put(t, next, `"replaces": "`+someEndpoint+`"`); again.ID != known.ID {
		t.Error("the known one became another one")
	}
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint)
	wantCode(t, err, wire.EndpointGone)
}

func testReplaceEnded(t *testing.T, s *store) {
	old := s.put(t, someEndpoint, `"channels": ["news"]`)
	s.sendGone(t, old.ID)
	_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, ""))
	wantCode(t, err, wire.EndpointGone)
	sub := s.put(t, "https://fcm.googleapis.com/two", `"replaces": "`+someEndpoint+`"`)
	if sub.ID != old.ID || !slices.Equal(sub.Channels, []string{"news"}) {
		t.Errorf("got %+v, want id and channels of %+v", sub, old)
	}
	if twice := s.put(t, "https://fcm.googleapis.com/three", `"replaces": "`+someEndpoint+`"`); twice.ID == old.ID {
		t.Error("one that has ended is carried over twice")
	}
}

// sendGone sends a message to a subscription, and the push service answers that
// it has ended.
func (s *store) sendGone(t *testing.T, id push.ID) {
	t.Helper()
	_, batches := s.create(t, `{"audience": {"subscriptions": ["`+id.String()+`"]}}`, push.CreateOptions{Lease: true})
	s.record(t, push.DeliveryResult{Delivery: batches[0].Deliveries[0], Outcome: push.DeliveryGone, Status: 410})
}

func testEnds(t *testing.T, s *store) {
	const gone, left = "https://fcm.googleapis.com/gone", "https://fcm.googleapis.com/left"
	a, b := s.put(t, gone, `"channels": ["news"]`), s.put(t, left, `"channels": ["news"]`)
	s.sendGone(t, a.ID)
	for range 2 {
		if err := s.RemoveSubscription(t.Context(), s.site.ID, left); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://fcm.googleapis.com/never-seen"); err != nil {
		t.Error(err)
	}
	s.reopen(t)
	_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, gone)
	wantCode(t, err, wire.EndpointGone)
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, left)
	wantCode(t, err, wire.SubscriptionUnknown)
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, "https://fcm.googleapis.com/never-seen")
	wantCode(t, err, wire.SubscriptionUnknown)
	if page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10); err != nil || len(page) > 0 {
		t.Errorf("%d are left, %v", len(page), err)
	}
	// Who unsubscribed may come back, as a new one.
	back, created, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, left, ""))
	if err != nil || !created || back.ID == b.ID || len(back.Channels) > 0 {
		t.Errorf("got %+v, %v, %v", back, created, err)
	}
	// A late 410 about an endpoint that was removed and has come back is still
	// the push service's word.
	s.sendGone(t, back.ID)
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, left)
	wantCode(t, err, wire.EndpointGone)
	// The person's own end of a dead one changes nothing.
	if err := s.RemoveSubscription(t.Context(), s.site.ID, left); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, left, ""))
	wantCode(t, err, wire.EndpointGone)
}

func testChannels(t *testing.T, s *store) {
	for _, step := range []struct {
		members string
		want    []string
	}{
		{`"channels": ["news", "sport"]`, []string{"news", "sport"}},
		{``, []string{"news", "sport"}},
		{`"addChannels": ["ärger"], "removeChannels": ["sport"]`, []string{"news", "ärger"}},
		{`"channels": []`, []string{}},
		{`"addChannels": ["news", "news"]`, []string{"news"}},
	} {
		if sub := s.put(t, someEndpoint, step.members); !slices.Equal(sub.Channels, step.want) {
			t.Errorf("%s: got %v, want %v", step.members, sub.Channels, step.want)
		}
		if sub, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint); err != nil || !slices.Equal(sub.Channels, step.want) {
			t.Errorf("%s: %v are stored, want %v", step.members, sub.Channels, step.want)
		}
	}
	var many []string
	for i := range wire.MaxChannels {
		many = append(many, fmt.Sprintf("%q", fmt.Sprint("c", i)))
	}
	s.put(t, someEndpoint, `"channels": [`+strings.Join(many, ",")+`]`)
	_, _, err := s.PutSubscription(t.Context(), s.site.ID, Subscribe(t, s.services, someEndpoint, `"addChannels": ["one more"], "locale": "xx"`))
	wantCode(t, err, wire.InvalidField)
	if sub, _ := s.SubscriptionByEndpoint(t.Context(), s.site.ID, someEndpoint); len(sub.Channels) != wire.MaxChannels || sub.Locale == "xx" {
		t.Errorf("the refused request has changed it: %+v", sub)
	}
}

func testSubscriptionPages(t *testing.T, s *store) {
	want := s.putMany(t, 7, "https://fcm.googleapis.com/", `"channels": ["news"]`)
	want = append(want, s.putMany(t, 5, "https://web.push.apple.com/", "")...)
	var got []push.ID
	for cursor := ""; ; {
		page, next, err := s.ListSubscriptions(t.Context(), s.site.ID, cursor, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range page {
			got = append(got, sub.ID)
			if (sub.Service == "google") != (len(sub.Channels) == 1) {
				t.Errorf("got %+v", sub)
			}
		}
		if next == "" {
			break
		}
		if len(page) != 4 {
			t.Fatalf("a page of %d that is not the last", len(page))
		}
		cursor = next
	}
	if !sameIDs(got, want) {
		t.Errorf("%d were listed, want each of %d once", len(got), len(want))
	}
	if page, _, err := s.ListSubscriptions(t.Context(), s.other, "", 10); err != nil || len(page) > 0 {
		t.Errorf("another site has %d, %v", len(page), err)
	}
	for _, cursor := range []string{"!", "x", "AAAA====", "____________________________________________"} {
		_, _, err := s.ListSubscriptions(t.Context(), s.site.ID, cursor, 10)
		wantCode(t, err, wire.InvalidField)
	}
}

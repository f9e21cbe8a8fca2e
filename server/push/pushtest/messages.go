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

func testSmallAudience(t *testing.T, s *store) {
	a, b := s.put(t, someEndpoint, ""), s.put(t, "https://web.push.apple.com/two", "")
	keys, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"audience": {"subscriptions": ["` + a.ID.String() + `", "` + b.ID.String() + `", "` + a.ID.String() + `", "` + push.NewID().String() + `"]}, "ttl": 60, "urgency": "high", "topic": "t"}`
	status, batches := s.create(t, body, push.CreateOptions{Lease: true})
	if status.State != wire.MessageSending || !status.TargetedFinal || status.Counts.Targeted != 2 || status.Counts.Pending != 2 {
		t.Errorf("got %+v", status)
	}
	// A batch is for one push service.
	if len(batches) != 2 {
		t.Fatalf("%d batches, want 2", len(batches))
	}
	deliveries := slices.Concat(batches[0].Deliveries, batches[1].Deliveries)
	if !sameIDs(subscribers(deliveries), []push.ID{a.ID, b.ID}) {
		t.Errorf("got %v", subscribers(deliveries))
	}
	for _, d := range deliveries {
		if id, _, ok := s.site.Tokens.ParseToken(d.Token); !ok || id != d.ID || d.ID.Message != status.ID {
			t.Errorf("the token %s names %+v, want %+v", d.Token, id, d.ID)
		}
		if d.Site != s.site.ID || d.Key != keys[0].ID || d.Attempt != 0 || d.Subscription.Endpoint() == "" {
			t.Errorf("got %+v", d)
		}
		if m := d.Message; m.TTL != time.Minute || m.Urgency != "high" || m.Topic != "t" || m.Payload.Size() == 0 {
			t.Errorf("got %+v", m)
		}
	}
	if more := s.claim(t); len(more) > 0 {
		t.Errorf("%d that are leased were claimed again", len(more))
	}
	s.finish(t, deliveries, push.DeliveryAccepted)
	if status := s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Accepted != 2 {
		t.Errorf("got %+v", status)
	}

	// Without a lease somebody else sends it.
	status, batches = s.create(t, body, push.CreateOptions{})
	if len(batches) > 0 {
		t.Errorf("%d batches were leased", len(batches))
	}
	claimed := s.claim(t)
	if len(claimed) != 2 || claimed[0].Message.TTL != time.Minute || string(claimed[0].Message.Payload.Template()) == "" {
		t.Errorf("%d were claimed", len(claimed))
	}
	s.finish(t, claimed, push.DeliveryAccepted)
	s.status(t, status.ID)

	// A user has several devices.
	var devices []push.ID
	for _, endpoint := range []string{"https://fcm.googleapis.com/phone", "https://web.push.apple.com/laptop"} {
		r := Subscribe(t, s.services, endpoint, "")
		r.User = "u1"
		sub, _, err := s.PutSubscription(t.Context(), s.site.ID, r)
		if err != nil || sub.User != "u1" {
			t.Fatalf("got %+v, %v", sub, err)
		}
		devices = append(devices, sub.ID)
	}
	s.create(t, `{"audience": {"users": ["u1", "u2", "u1"]}}`, push.CreateOptions{})
	if claimed := s.claim(t); !sameIDs(subscribers(claimed), devices) {
		t.Errorf("%d deliveries to a user with two devices", len(claimed))
	}

	// Nobody is left: that is an answer, not an error.
	for _, nobody := range []string{`{"subscriptions": ["` + push.NewID().String() + `"]}`, `{"users": ["u2"]}`} {
		status, batches = s.create(t, `{"audience": `+nobody+`}`, push.CreateOptions{Lease: true})
		if status.State != wire.MessageSent || status.Counts != (push.Counts{}) || len(batches) > 0 {
			t.Errorf("got %+v with %d batches", status, len(batches))
		}
	}
	_, err = s.MessageStatus(t.Context(), s.other, status.ID)
	wantCode(t, err, wire.MessageUnknown)
	_, err = s.MessageStatus(t.Context(), s.site.ID, push.NewID())
	wantCode(t, err, wire.MessageUnknown)
}

func testIdempotency(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, "")
	body := `{"audience": {"subscriptions": ["` + a.ID.String() + `"]}}`
	o := push.CreateOptions{Lease: true, IdempotencyKey: "k", RequestHash: [32]byte{1}}
	post := func() (push.MessageStatus, []push.Batch) {
		t.Helper()
		status, batches, err := s.CreateMessage(t.Context(), s.site.ID, Message(t, s.clock.Now(), body), o)
		if err != nil {
			t.Fatal(err)
		}
		return status, batches
	}
	o.Warnings = []string{"a warning"}
	first, batches := post()
	s.finish(t, batches[0].Deliveries, push.DeliveryAccepted)
	s.reopen(t)
	s.clock.Advance(push.IdempotencyTime - time.Second)
	// The answer is that of then, whatever has become of the message, and whatever
	// would be warned of now.
	o.Warnings = nil
	again, more := post()
	if again.ID != first.ID || len(batches) != 1 || len(more) != 0 || again.Counts != first.Counts || first.Counts.Pending != 1 ||
		again.State != first.State || !again.DueAt.Equal(first.DueAt) || !again.CreatedAt.Equal(first.CreatedAt) ||
		!again.TargetedFinal || !slices.Equal(again.Warnings, []string{"a warning"}) {
		t.Errorf("the same request is answered %+v with %d batches, want %+v", again, len(more), first)
	}
	o.RequestHash = [32]byte{2}
	_, _, err := s.CreateMessage(t.Context(), s.site.ID, Message(t, s.clock.Now(), body), o)
	wantCode(t, err, wire.IdempotencyConflict)
	o.IdempotencyKey = "k2"
	if other, _ := s.create(t, body, o); other.ID == first.ID {
		t.Error("another key gave the same message")
	}

	o.IdempotencyKey = "k3"
	s.wantOneOfMany(t, body, o)
}

// A key is kept for a time. After it the same one is that of a new message, also
// where many come at once, and whether it was swept or not.
func testOldIdempotency(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, "")
	body := `{"audience": {"subscriptions": ["` + a.ID.String() + `"]}}`
	sweep := func(want int) {
		t.Helper()
		if swept, err := s.Sweep(t.Context()); err != nil || swept != want {
			t.Errorf("%d keys were swept, %v; want %d", swept, err, want)
		}
	}
	o := push.CreateOptions{Lease: true, IdempotencyKey: "k", RequestHash: [32]byte{1}}
	first, _ := s.create(t, body, o)
	s.clock.Advance(push.IdempotencyTime)
	o.RequestHash = [32]byte{2}
	if second := s.wantOneOfMany(t, body, o); second == first.ID {
		t.Error("a key whose time is over gave the message of then")
	}
	sweep(0)
	o.IdempotencyKey = "young"
	s.clock.Advance(push.IdempotencyTime - time.Second)
	young, _ := s.create(t, body, o)
	s.clock.Advance(time.Second)
	sweep(1)
	sweep(0)
	if again, _ := s.create(t, body, o); again.ID != young.ID {
		t.Error("a key was swept before its time")
	}
	// What was sent stays.
	s.status(t, first.ID)
}

// wantOneOfMany creates a message many times at once with one key, and expects that
// it is one, sent once.
func (s *store) wantOneOfMany(t *testing.T, body string, o push.CreateOptions) (id push.ID) {
	t.Helper()
	ids, sent := make(chan push.ID), make(chan int)
	for range 10 {
		m := Message(t, s.clock.Now(), body)
		go func() {
			status, batches, err := s.CreateMessage(t.Context(), s.site.ID, m, o)
			if err != nil {
				t.Error(err)
			}
			ids <- status.ID
			sent <- len(batches)
		}()
	}
	seen, total := map[push.ID]bool{}, 0
	for range 10 {
		id = <-ids
		seen[id] = true
		total += <-sent
	}
	if len(seen) != 1 || total != 1 {
		t.Errorf("%d messages with %d batches, want one", len(seen), total)
	}
	return id
}

func testMessagePages(t *testing.T, s *store) {
	var want []push.ID
	for i := range 7 {
		status, _ := s.create(t, fmt.Sprintf(`{"audience": {"users": ["u%d"]}}`, i), push.CreateOptions{})
		want = append(want, status.ID)
	}
	slices.Reverse(want)
	var got []push.ID
	for cursor := ""; ; {
		page, next, err := s.ListMessages(t.Context(), s.site.ID, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range page {
			got = append(got, status.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v, the newest first", got, want)
	}
	if page, _, err := s.ListMessages(t.Context(), s.other, "", 3); err != nil || len(page) > 0 {
		t.Errorf("another site has %d, %v", len(page), err)
	}
	_, _, err := s.ListMessages(t.Context(), s.site.ID, "x", 3)
	wantCode(t, err, wire.InvalidField)
}

func testEvents(t *testing.T, s *store) {
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	s.finish(t, deliveries, push.DeliveryAccepted)
	told := func(i int, kinds ...push.EventKind) {
		t.Helper()
		var events []push.Event
		for _, kind := range kinds {
			events = append(events, push.Event{Delivery: deliveries[i].ID, Kind: kind})
		}
		for range 2 {
			if err := s.RecordEvents(t.Context(), s.site.ID, events); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(displayed, clicked, closed int64) {
		t.Helper()
		if c := s.status(t, status.ID).Counts; c.Displayed != displayed || c.Clicked != clicked || c.Closed != closed || c.Accepted != 3 {
			t.Errorf("got %+v, want %d displayed, %d clicked, %d closed", c, displayed, clicked, closed)
		}
	}
	told(0, push.EventDisplayed)
	want(1, 0, 0)
	told(0, push.EventClosed)
	want(1, 0, 1)
	told(0, push.EventClicked)
	want(1, 1, 0)
	told(1, push.EventClicked, push.EventDisplayed, push.EventClosed)
	want(2, 2, 0)
	told(2, push.EventClosed)
	want(2, 2, 1)
	// Unknown deliveries, and those of another site, are passed over.
	known := deliveries[2].ID
	for _, event := range []push.Event{
		{Delivery: push.DeliveryID{Message: push.NewID()}, Kind: push.EventClicked},
		{Delivery: push.DeliveryID{Message: known.Message, Batch: 99}, Kind: push.EventClicked},
		{Delivery: push.DeliveryID{Message: known.Message, Batch: known.Batch, Ordinal: 60_000}, Kind: push.EventClicked},
	} {
		if err := s.RecordEvents(t.Context(), s.site.ID, []push.Event{event}); err != nil {
			t.Errorf("%+v: %v", event, err)
		}
	}
	if err := s.RecordEvents(t.Context(), s.other, []push.Event{{Delivery: known, Kind: push.EventClicked}}); err != nil {
		t.Error(err)
	}
	want(2, 2, 1)
	s.reopen(t)
	want(2, 2, 1)
}

func testScheduled(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, `"channels": ["news"]`)
	sendAt := s.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	var ids []push.ID
	for _, audience := range []string{`{"all": true}`, `{"channels": ["news"]}`, `{"subscriptions": ["` + a.ID.String() + `"]}`} {
		status, batches := s.create(t, `{"audience": `+audience+`, "sendAt": "`+sendAt+`"}`, push.CreateOptions{Lease: true})
		if status.State != wire.MessageScheduled || len(batches) > 0 || status.TargetedFinal {
			t.Errorf("%s: got %+v with %d batches", audience, status, len(batches))
		}
		ids = append(ids, status.ID)
	}
	at, ok, err := s.NextDue(t.Context(), nil, nil)
	if err != nil || !ok || at.UTC().Format(time.RFC3339) != sendAt {
		t.Errorf("the next is due at %v, %v, %v; want %s", at, ok, err, sendAt)
	}
	if early := s.claim(t); len(early) > 0 {
		t.Errorf("%d are sent too early", len(early))
	}
	s.clock.Advance(time.Hour)
	deliveries := s.claim(t)
	if len(deliveries) != 3 {
		t.Errorf("%d are sent, want 3", len(deliveries))
	}
	s.finish(t, deliveries, push.DeliveryAccepted)
	for _, id := range ids {
		if status := s.status(t, id); status.State != wire.MessageSent || status.Counts.Accepted != 1 {
			t.Errorf("got %+v", status)
		}
	}
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("an empty queue has something due, %v", err)
	}
}

// Whoever is active when the message is due gets it, also by a push service that
// was not known when it was accepted.
func testScheduledForNewServices(t *testing.T, s *store) {
	sendAt := s.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	status, _ := s.create(t, `{"audience": {"all": true}, "sendAt": "`+sendAt+`"}`, push.CreateOptions{})
	if status.State != wire.MessageScheduled {
		t.Errorf("got %+v", status)
	}
	a := s.put(t, someEndpoint, "")
	b := s.put(t, "https://web.push.apple.com/two", "")
	s.clock.Advance(time.Hour)
	if deliveries := s.claim(t); !sameIDs(subscribers(deliveries), []push.ID{a.ID, b.ID}) {
		t.Errorf("%d deliveries, want one for each of those who have come", len(deliveries))
	}

	// A site without subscribers: sent to nobody.
	nobody, _ := s.create(t, `{"audience": {"channels": ["`+strings.Repeat("x", 64)+`"]}}`, push.CreateOptions{})
	s.expand(t)
	if status := s.status(t, nobody.ID); status.State != wire.MessageSent || !status.TargetedFinal {
		t.Errorf("got %+v", status)
	}
}

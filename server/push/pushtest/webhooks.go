package pushtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (s *store) addWebhook(t *testing.T, types ...string) push.Webhook {
	t.Helper()
	set, err := push.ParseWebhookTypes("types", types)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.AddWebhook(t.Context(), s.site.ID, push.Webhook{URL: "https://example.com/" + types[0], Types: set, Secret: push.NewWebhookSecret()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// webhook is one as the list has it.
func (s *store) webhook(t *testing.T, id push.ID) push.Webhook {
	t.Helper()
	webhooks, err := s.ListWebhooks(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range webhooks {
		if w.ID == id {
			return w
		}
	}
	t.Fatalf("there is no webhook %s", id)
	return push.Webhook{}
}

// claimEvents leases what is due of a webhook.
func (s *store) claimEvents(t *testing.T, webhook push.ID) []push.WebhookEvent {
	t.Helper()
	_, events, err := s.ClaimWebhookEvents(t.Context(), webhook, 100)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// told are the events that wait for a webhook, as "type data", and are taken.
func (s *store) told(t *testing.T, webhook push.ID) (texts []string) {
	t.Helper()
	events := s.claimEvents(t, webhook)
	for _, e := range events {
		var payload struct {
			Type      string
			Timestamp time.Time
			Data      json.RawMessage
		}
		if err := json.Unmarshal(e.Body, &payload); err != nil || payload.Type != e.Type.String() || !payload.Timestamp.Equal(e.HappenedAt) {
			t.Errorf("the body %s is of %s at %s: %v", e.Body, e.Type, e.HappenedAt, err)
		}
		texts = append(texts, payload.Type+" "+string(payload.Data))
	}
	s.recordEvents(t, webhook, 204, events...)
	return texts
}

func (s *store) recordEvents(t *testing.T, webhook push.ID, status int, events ...push.WebhookEvent) (disabled bool) {
	t.Helper()
	webhooks, err := s.ListWebhooks(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	var results []push.WebhookResult
	for _, e := range events {
		r := push.WebhookResult{WebhookEvent: e, Status: status, Reason: "words"}
		for _, w := range webhooks {
			if w.ID == webhook {
				r.Failures = w.Failures
			}
		}
		results = append(results, r)
	}
	disabled, err = s.RecordWebhookEvents(t.Context(), webhook, results)
	if err != nil {
		t.Fatal(err)
	}
	return disabled
}

func (s *store) wantTold(t *testing.T, webhook push.ID, want ...string) {
	t.Helper()
	got := s.told(t, webhook)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the webhook is told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func sentEvent(t *testing.T, status push.MessageStatus) string {
	t.Helper()
	data, err := json.Marshal(status.Response())
	if err != nil {
		t.Fatal(err)
	}
	return "message.sent " + string(data)
}

func testWebhookOfSentMessages(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, "")
	small := `{"audience": {"subscriptions": ["` + a.ID.String() + `"]}}`
	// Before anybody wants to know.
	early, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	w := s.addWebhook(t, wire.WebhookMessageSent)
	other := s.addWebhook(t, wire.WebhookSubscriptionGone)
	if got := s.status(t, early.ID); got.State != wire.MessageSent {
		t.Errorf("got %+v", got)
	}
	s.wantTold(t, w.ID)

	// To nobody, which is sent as it is accepted.
	nobody, _ := s.create(t, `{"audience": {"subscriptions": ["`+push.NewID().String()+`"]}}`, push.CreateOptions{Lease: true})
	s.wantTold(t, w.ID, sentEvent(t, nobody))

	// To one person, with a second attempt.
	person, _ := s.create(t, small, push.CreateOptions{})
	d := s.claim(t)
	s.record(t, push.DeliveryResult{Delivery: d[0], Outcome: push.DeliveryPending, RetryAt: s.clock.Now(), Status: 503})
	s.wantTold(t, w.ID)
	d = s.claim(t)
	s.finish(t, d, push.DeliveryAccepted)
	s.wantTold(t, w.ID, sentEvent(t, s.status(t, person.ID)))

	// To all, over two push services and a part after the other.
	s.put(t, "https://web.push.apple.com/a", "")
	all, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	d = s.claim(t)
	s.finish(t, d[:1], push.DeliveryAccepted)
	s.wantTold(t, w.ID)
	s.finish(t, d[1:], push.DeliveryFailed)
	s.wantTold(t, w.ID, sentEvent(t, s.status(t, all.ID)))

	// What is told twice of it changes nothing.
	if _, err := s.Record(t.Context(), []push.DeliveryResult{{Delivery: d[0], Outcome: push.DeliveryAccepted}}); err != nil {
		t.Fatal(err)
	}
	// A message that is cancelled is not sent.
	cancelled, _ := s.create(t, small, push.CreateOptions{})
	d = s.claim(t)
	s.cancel(t, cancelled.ID)
	s.finish(t, d, push.DeliveryAccepted)
	s.wantTold(t, w.ID)
	s.wantTold(t, other.ID)
}

func testWebhookOfSubscriptions(t *testing.T, s *store) {
	created, gone := s.addWebhook(t, wire.WebhookSubscriptionCreated), s.addWebhook(t, wire.WebhookSubscriptionGone)
	both := s.addWebhook(t, wire.WebhookSubscriptionCreated, wire.WebhookSubscriptionGone)
	createdEvent := func(sub push.Subscription) string {
		data, err := json.Marshal(sub.Info())
		if err != nil {
			t.Fatal(err)
		}
		return "subscription.created " + string(data)
	}
	goneEvent := func(sub push.Subscription, user, reason string) string {
		data, err := json.Marshal(wire.SubscriptionGone{ID: sub.ID.String(), User: user, PushService: sub.Service, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		return "subscription.gone " + string(data)
	}
	sub := s.putOf(t, someone, someEndpoint, `"channels": ["news"], "locale": "de"`)
	s.wantTold(t, created.ID, createdEvent(sub))
	s.wantTold(t, gone.ID)
	s.wantTold(t, both.ID, createdEvent(sub))
	// A refresh is none, nor is one that carries another on.
	s.put(t, someEndpoint, "")
	s.clock.Advance(time.Minute)
	next := s.put(t, "https://fcm.googleapis.com/next", `"replaces": "`+someEndpoint+`"`)
	s.wantTold(t, both.ID)

	if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://fcm.googleapis.com/next"); err != nil {
		t.Fatal(err)
	}
	dead, removed := s.put(t, "https://fcm.googleapis.com/dead", ""), s.putOf(t, "u2", "https://fcm.googleapis.com/removed", "")
	forgotten, retired := s.putOf(t, "u3", "https://fcm.googleapis.com/forgotten", ""), s.put(t, "https://web.push.apple.com/retired", "")
	s.sendGone(t, dead.ID)
	if err := s.EndSubscription(t.Context(), s.site.ID, removed.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetUser(t.Context(), s.site.ID, "u3"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.RetireSubscriptions(t.Context(), s.site.ID, s.clock.Now().Add(time.Hour), []push.EndpointHash{push.HashEndpoint("https://web.push.apple.com/retired")}); n != 1 || err != nil {
		t.Fatalf("%d are retired, %v", n, err)
	}
	// Of one that was removed, no user: they may be about to be forgotten.
	s.wantTold(t, gone.ID, goneEvent(next, someone, "unsubscribed"), goneEvent(dead, "", "refused"), goneEvent(removed, "", "removed"),
		goneEvent(forgotten, "", "removed"), goneEvent(retired, "", "retired"))
	// One that was gone and comes back is new. What an operator imports is not told.
	s.told(t, created.ID)
	back := s.put(t, "https://fcm.googleapis.com/back", `"replaces": "https://fcm.googleapis.com/dead"`)
	if _, err := s.ImportSubscriptions(t.Context(), s.site.ID, []*push.Import{{Subscribe: *Subscribe(t, s.services, "https://fcm.googleapis.com/imported", "")}}); err != nil {
		t.Fatal(err)
	}
	s.wantTold(t, created.ID, createdEvent(back))
}

func testWebhookOfClicks(t *testing.T, s *store) {
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	d := s.claim(t)
	s.finish(t, d, push.DeliveryAccepted)
	tell := func(events ...push.Event) {
		t.Helper()
		if err := s.RecordEvents(t.Context(), s.site.ID, events); err != nil {
			t.Fatal(err)
		}
	}
	click := func(i int, action string) push.Event {
		return push.Event{Delivery: d[i].ID, Kind: push.EventClicked, Action: action}
	}
	event := func(action string) string {
		if action != "" {
			action = `,"action":"` + action + `"`
		}
		return fmt.Sprintf(`notification.clicked {"message":"%s"%s}`, message.ID, action)
	}
	tell(click(0, "early"))
	w := s.addWebhook(t, wire.WebhookNotificationClicked)
	tell(click(0, "again"), push.Event{Delivery: d[1].ID, Kind: push.EventDisplayed}, push.Event{Delivery: d[1].ID, Kind: push.EventClosed})
	s.wantTold(t, w.ID)
	// A click counts once, in one report or in two.
	tell(click(1, "watch"), click(1, "twice"), click(2, ""))
	tell(click(1, "later"), click(2, "later"))
	stray := d[0].ID
	stray.Ordinal = 500
	tell(push.Event{Delivery: stray, Kind: push.EventClicked})
	s.wantTold(t, w.ID, event("watch"), event(""))

	// Of a message for one alone it is known who that is, as long as they are here.
	phone, laptop := s.putOf(t, someone, "https://fcm.googleapis.com/phone", ""), s.putOf(t, someone, "https://fcm.googleapis.com/laptop", "")
	named := func(id push.ID, members string) string {
		return fmt.Sprintf(`notification.clicked {"message":"%s"%s}`, id, members)
	}
	clickAll := func(body string) push.ID {
		t.Helper()
		status, batches := s.create(t, body, push.CreateOptions{Lease: true})
		for _, batch := range batches {
			s.finish(t, batch.Deliveries, push.DeliveryAccepted)
			for _, delivery := range batch.Deliveries {
				tell(push.Event{Delivery: delivery.ID, Kind: push.EventClicked})
			}
		}
		return status.ID
	}
	user := `,"user":"` + someone + `"`
	one := clickAll(`{"audience": {"subscriptions": ["` + phone.ID.String() + `"]}}`)
	s.wantTold(t, w.ID, named(one, user+`,"subscription":"`+phone.ID.String()+`"`))
	both := clickAll(`{"audience": {"subscriptions": ["` + phone.ID.String() + `", "` + laptop.ID.String() + `"]}}`)
	s.wantTold(t, w.ID, named(both, ""), named(both, ""))
	theirs := clickAll(`{"audience": {"users": ["` + someone + `"]}}`)
	s.wantTold(t, w.ID, named(theirs, user), named(theirs, user))
	status, batches := s.create(t, `{"audience": {"users": ["`+someone+`"]}}`, push.CreateOptions{Lease: true})
	s.finish(t, batches[0].Deliveries, push.DeliveryAccepted)
	if err := s.ForgetUser(t.Context(), s.site.ID, someone); err != nil {
		t.Fatal(err)
	}
	tell(push.Event{Delivery: batches[0].Deliveries[0].ID, Kind: push.EventClicked})
	s.wantTold(t, w.ID, named(status.ID, ""))
}

func testWebhookLeases(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	_, first, err := s.ClaimWebhookEvents(t.Context(), w.ID, 2)
	if err != nil || len(first) != 2 {
		t.Fatalf("got %d, %v", len(first), err)
	}
	other := s.second(t)
	rest := other.claimEvents(t, w.ID)
	if len(rest) != 1 || len(other.claimEvents(t, w.ID)) > 0 || len(s.claimEvents(t, w.ID)) > 0 {
		t.Errorf("%d are left", len(rest))
	}
	if next, err := s.NextWebhooks(t.Context()); err != nil || len(next) > 0 {
		t.Errorf("got %+v, %v", next, err)
	}
	// The first one dies. What it told before is not told again.
	s.recordEvents(t, w.ID, 200, first[0])
	s.clock.Advance(push.LeaseTime)
	other.beat(t)
	again := other.claimEvents(t, w.ID)
	if len(again) != 1 || again[0].ID != first[1].ID || string(again[0].Body) != string(first[1].Body) || again[0].Attempt != 0 {
		t.Fatalf("got %+v, want %+v", again, first[1])
	}
	// It comes back, and says that it had failed: that is no news any more.
	s.recordEvents(t, w.ID, 500, first[1])
	for range 10 {
		s.clock.Advance(push.LeaseTime / 2)
		other.beat(t)
	}
	s.beat(t)
	if got := s.claimEvents(t, w.ID); len(got) > 0 {
		t.Errorf("another node's lease is taken away: %+v", got)
	}
	other.recordEvents(t, w.ID, 200, append(again, rest...)...)
	if got := s.webhook(t, w.ID); got.Waiting != 0 || got.GivenUp != 0 {
		t.Errorf("got %+v", got)
	}
	// Nothing is lost with a process that ends.
	s.put(t, someEndpoint, "")
	s.claimEvents(t, w.ID)
	s.clock.Advance(push.LeaseTime)
	s.reopen(t)
	s.beat(t)
	if got := s.claimEvents(t, w.ID); len(got) != 1 {
		t.Errorf("%d are left", len(got))
	}
}

func testWebhookRetries(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.put(t, someEndpoint, "")
	began := s.clock.Now()
	var e push.WebhookEvent
	attempts := 0
	for ; ; attempts++ {
		next, err := s.NextWebhooks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(next) == 0 {
			break
		}
		if next[0].ID != w.ID || next[0].Failing != (attempts > 0) {
			t.Fatalf("got %+v", next)
		}
		wait := next[0].At.Sub(s.clock.Now())
		if wait > 0 {
			s.clock.Advance(wait - time.Second)
			if got := s.claimEvents(t, w.ID); len(got) > 0 {
				t.Fatalf("it is tried %s too early", time.Second)
			}
			s.clock.Advance(time.Second + time.Millisecond)
			s.beat(t)
		}
		got := s.claimEvents(t, w.ID)
		if len(got) != 1 || got[0].Attempt != attempts || attempts > 0 && (got[0].ID != e.ID || string(got[0].Body) != string(e.Body)) {
			t.Fatalf("the attempt %d is %+v", attempts, got)
		}
		e = got[0]
		if s.recordEvents(t, w.ID, 500, e) {
			attempts++
			break
		}
	}
	took := s.clock.Now().Sub(began)
	if attempts < 12 || attempts > 40 || took > push.WebhookPatience+7*time.Hour {
		t.Errorf("it was tried %d times within %s", attempts, took)
	}
	got := s.webhook(t, w.ID)
	if got.Waiting+got.GivenUp != 1 || got.Failure != "500 words" || !got.FailingSince.Equal(began) || got.Failures != attempts {
		t.Errorf("after %s it is %+v", took, got)
	}
}

func testWebhookDisabled(t *testing.T, s *store) {
	w, other := s.addWebhook(t, wire.WebhookSubscriptionCreated), s.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.put(t, someEndpoint, "")
	if !s.recordEvents(t, w.ID, 410, s.claimEvents(t, w.ID)...) {
		t.Error("410 does not disable it")
	}
	s.put(t, "https://fcm.googleapis.com/unheard", "")
	s.clock.Advance(time.Hour)
	s.beat(t)
	if got := s.webhook(t, w.ID); got.DisabledAt.IsZero() || got.Waiting != 1 || len(s.claimEvents(t, w.ID)) > 0 {
		t.Errorf("got %+v", got)
	}
	if told := s.told(t, other.ID); len(told) != 2 {
		t.Errorf("another webhook is told %v", told)
	}
	if next, err := s.NextWebhooks(t.Context()); err != nil || len(next) > 0 {
		t.Errorf("got %+v, %v", next, err)
	}
	if got, err := s.EnableWebhook(t.Context(), s.site.ID, w.ID); err != nil || !got.DisabledAt.IsZero() {
		t.Fatalf("got %+v, %v", got, err)
	}
	s.put(t, "https://fcm.googleapis.com/heard", "")
	if events := s.claimEvents(t, w.ID); len(events) != 2 {
		t.Errorf("%d events, want the one of before and the new one", len(events))
	}
	for _, id := range []push.ID{push.NewID(), {}} {
		_, err := s.EnableWebhook(t.Context(), s.site.ID, id)
		wantCode(t, err, wire.WebhookUnknown)
	}
	_, err := s.EnableWebhook(t.Context(), s.other, w.ID)
	wantCode(t, err, wire.WebhookUnknown)
}

func testWebhooks(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated, wire.WebhookMessageSent)
	s.reopen(t)
	got := s.webhook(t, w.ID)
	if got.URL != w.URL || got.Types != w.Types || got.Secret != w.Secret || !got.CreatedAt.Equal(s.clock.Now()) || len(got.Secrets(s.clock.Now())) != 1 {
		t.Errorf("got %+v, want %+v", got, w)
	}
	if others, err := s.ListWebhooks(t.Context(), s.other); err != nil || len(others) > 0 {
		t.Errorf("another site has %+v, %v", others, err)
	}
	// Another node, which has not asked since, hears of it with its next beat.
	node := s.second(t)
	secret := push.NewWebhookSecret()
	rotated, err := node.RotateWebhook(t.Context(), s.site.ID, w.ID, secret)
	if err != nil || rotated.Secret != secret || rotated.Former != w.Secret {
		t.Fatalf("got %+v, %v", rotated, err)
	}
	got = s.webhook(t, w.ID)
	if secrets := got.Secrets(s.clock.Now()); !slices.Equal(secrets, []push.WebhookSecret{secret, w.Secret}) {
		t.Errorf("%d secrets sign", len(secrets))
	}
	if secrets := got.Secrets(s.clock.Now().Add(push.FormerTime)); !slices.Equal(secrets, []push.WebhookSecret{secret}) {
		t.Errorf("a day later %d secrets sign", len(secrets))
	}
	_, err = s.RotateWebhook(t.Context(), s.other, w.ID, secret)
	wantCode(t, err, wire.WebhookUnknown)

	s.put(t, someEndpoint, "")
	if n, err := s.CountWebhookEvents(t.Context(), s.site.ID); n != 1 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
	if ok, err := s.DeleteWebhook(t.Context(), s.other, w.ID); ok || err != nil {
		t.Errorf("another site deletes it: %v, %v", ok, err)
	}
	claimed := s.claimEvents(t, w.ID)
	if ok, err := node.DeleteWebhook(t.Context(), s.site.ID, w.ID); !ok || err != nil {
		t.Fatalf("got %v, %v", ok, err)
	}
	// This node does not know yet: nothing is written all the same.
	s.put(t, "https://fcm.googleapis.com/late", "")
	s.recordEvents(t, w.ID, 500, claimed...)
	if n, err := s.CountWebhookEvents(t.Context(), s.site.ID); n != 0 || err != nil || len(s.claimEvents(t, w.ID)) > 0 {
		t.Errorf("%d wait for a webhook that is deleted, %v", n, err)
	}
	if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("%d events have outlived their webhook, %v", n, err)
	}
	if ok, err := s.DeleteWebhook(t.Context(), s.site.ID, w.ID); ok || err != nil {
		t.Errorf("deleted again: %v, %v", ok, err)
	}
	for range push.MaxWebhooks {
		s.addWebhook(t, wire.WebhookMessageSent)
	}
	_, err = s.AddWebhook(t.Context(), s.site.ID, push.Webhook{URL: "https://example.com", Types: push.TypeMessageSent})
	wantCode(t, err, wire.TooManyWebhooks)
}

func testWebhookGivesUp(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated)
	given := func(cursor string, limit int) ([]push.GivenUp, string) {
		t.Helper()
		page, next, err := s.ListGivenUp(t.Context(), s.site.ID, w.ID, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		return page, next
	}
	var events []push.WebhookEvent
	for i := range 3 {
		s.put(t, fmt.Sprint("https://fcm.googleapis.com/", i), "")
		events = append(events, s.claimEvents(t, w.ID)...)
	}
	if page, next := given("", 10); len(page) > 0 || next != "" {
		t.Errorf("got %+v", page)
	}
	// Others are taken meanwhile, so that the webhook is not disabled.
	s.clock.Advance(push.WebhookPatience)
	s.recordEvents(t, w.ID, 422, events...)
	s.recordEvents(t, w.ID, 200, push.WebhookEvent{ID: push.NewID()})
	got := s.webhook(t, w.ID)
	if !got.DisabledAt.IsZero() || got.GivenUp != 3 || got.Waiting != 0 {
		t.Errorf("got %+v", got)
	}
	page, next := given("", 2)
	if len(page) != 2 || page[0].ID != events[2].ID || page[0].Attempt != 1 || page[0].Status != 422 || page[0].Reason != "words" || string(page[0].Body) != string(events[2].Body) || !page[0].HappenedAt.Equal(events[2].HappenedAt) {
		t.Fatalf("got %+v", page)
	}
	if page, next = given(next, 2); len(page) != 1 || page[0].ID != events[0].ID || next != "" {
		t.Errorf("got %+v, next %q", page, next)
	}
	_, _, err := s.ListGivenUp(t.Context(), s.other, w.ID, "", 2)
	wantCode(t, err, wire.WebhookUnknown)
	_, _, err = s.ListGivenUp(t.Context(), s.site.ID, w.ID, "x", 2)
	wantCode(t, err, wire.InvalidField)
	// Enabled, they are sent once more.
	if _, err := s.EnableWebhook(t.Context(), s.site.ID, w.ID); err != nil {
		t.Fatal(err)
	}
	s.beat(t)
	if again := s.claimEvents(t, w.ID); len(again) != 3 {
		t.Errorf("%d are sent once more", len(again))
	}
}

// A webhook that another node, or a command, has made is known with the next beat.
func testWebhookOfAnotherNode(t *testing.T, s *store) {
	node := s.second(t)
	w := node.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.beat(t)
	s.put(t, someEndpoint, "")
	if got := s.claimEvents(t, w.ID); len(got) != 1 {
		t.Errorf("%d events", len(got))
	}
	node.recordEvents(t, w.ID, 410, push.WebhookEvent{ID: push.NewID()})
	s.beat(t)
	if _, err := s.EnableWebhook(t.Context(), s.site.ID, w.ID); err != nil {
		t.Fatal(err)
	}
	node.beat(t)
	node.put(t, "https://fcm.googleapis.com/b", "")
	if got := s.webhook(t, w.ID); got.Waiting != 2 {
		t.Errorf("%d events wait", got.Waiting)
	}
}

// After a clock was set back, nothing waits for longer than it was to.
func testWebhookClockSetBack(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.put(t, someEndpoint, "")
	s.recordEvents(t, w.ID, 500, s.claimEvents(t, w.ID)...)
	s.put(t, "https://fcm.googleapis.com/b", "")
	s.beat(t)
	s.clock.Advance(-time.Hour)
	s.beat(t)
	// The first wait is 7.5 seconds at most, and a lease is what a clock goes by.
	s.clock.Advance(8*time.Second + push.LeaseTime)
	s.beat(t)
	if got := s.claimEvents(t, w.ID); len(got) != 2 {
		t.Errorf("%d events are due, want 2", len(got))
	}
}

func testWebhookSweep(t *testing.T, s *store) {
	w := s.addWebhook(t, wire.WebhookSubscriptionCreated)
	s.put(t, someEndpoint, "")
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.webhook(t, w.ID); got.Waiting != 1 || got.Dropped != 0 {
		t.Errorf("got %+v", got)
	}
	s.clock.Advance(push.WebhookMemory + time.Minute)
	if n, err := s.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("%d are swept, %v", n, err)
	}
	if got := s.webhook(t, w.ID); got.Waiting != 0 {
		t.Errorf("got %+v", got)
	}
}

// WantBounded expects of a store with one webhook, for which 500 events more than the
// bound wait, the oldest first in fill's order, and 200 more were given up than are
// kept, that sweeping drops the oldest of them.
func WantBounded(t *testing.T, s push.Store, fill func(webhook push.ID, waiting, givenUp int)) {
	t.Helper()
	w := &store{Store: s, clock: NewClock()}
	var err error
	if w.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	webhook, idle := w.addWebhook(t, wire.WebhookMessageSent), w.addWebhook(t, wire.WebhookSubscriptionGone)
	fill(webhook.ID, push.MaxWaiting+500, push.MaxGivenUp+200)
	for range 2 {
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.webhook(t, webhook.ID); got.Waiting != push.MaxWaiting || got.GivenUp != push.MaxGivenUp || got.Dropped != 500 {
			t.Errorf("%d wait, %d are given up, %d were dropped", got.Waiting, got.GivenUp, got.Dropped)
		}
	}
	if got := w.webhook(t, idle.ID); got.Dropped != 0 {
		t.Errorf("of another webhook %d were dropped", got.Dropped)
	}
	_, events, err := s.ClaimWebhookEvents(t.Context(), webhook.ID, 1)
	if err != nil || len(events) != 1 || string(events[0].Body) != "500" {
		t.Errorf("the oldest that is left is %+v, %v; want the number 500", events, err)
	}
}

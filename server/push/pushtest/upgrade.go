package pushtest

import (
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// oldKey is an API key of before there were scopes.
const oldKey = "the key of before"

// Wait gives a fresh store one subscription, a message to it that failed, a batch
// for it that waits, a message to all that is scheduled for a time, and an API key
// for everything, for a test that takes the schema back to an older one.
func Wait(t *testing.T, s push.Store) (scheduled time.Time) {
	t.Helper()
	w := &store{Store: s, clock: NewClock(), services: Services(t)}
	var err error
	if w.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	w.addKey(t, "", oldKey, push.ScopeAdmin)
	w.put(t, someEndpoint, "")
	w.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	w.finish(t, w.claim(t), push.DeliveryFailed)
	w.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	w.expand(t)
	scheduled = w.clock.Now().Add(time.Hour).Truncate(time.Second)
	w.create(t, `{"audience": {"all": true}, "sendAt": "`+scheduled.UTC().Format(time.RFC3339)+`"}`, push.CreateOptions{})
	return scheduled
}

// WantWaiting expects of the store, opened anew at the time that Wait returned or
// later, what Wait has left.
func WantWaiting(t *testing.T, s push.Store, scheduled time.Time) {
	t.Helper()
	w := &store{Store: s, clock: NewClock()}
	var err error
	if w.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	messages, _, err := s.ListMessages(t.Context(), w.site.ID, "", 10)
	if err != nil || len(messages) != 3 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if failed := w.deliveries(t, messages[2].ID, push.DeliveryFailed, 10); len(failed) != 1 {
		t.Errorf("%d deliveries of the oldest message failed, want 1", len(failed))
	}
	if key := w.key(t, oldKey); key == nil || !key.Scopes.Allow(push.ScopeAdmin) {
		t.Errorf("the API key became %+v", key)
	}
	deliveries := w.claim(t)
	if len(deliveries) != 2 {
		t.Fatalf("%d deliveries, want 2", len(deliveries))
	}
	for _, d := range deliveries {
		if !d.TTLFrom.Equal(d.Message.DueAt) {
			t.Errorf("the TTL counts from %s, want %s", d.TTLFrom, d.Message.DueAt)
		}
	}
	if !deliveries[0].TTLFrom.Equal(scheduled) && !deliveries[1].TTLFrom.Equal(scheduled) {
		t.Errorf("neither is due at %s", scheduled)
	}
}

package pushtest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// cancel cancels a message, and again: the second time changes nothing.
func (s *store) cancel(t *testing.T, id push.ID) push.MessageStatus {
	t.Helper()
	status, err := s.CancelMessage(t.Context(), s.site.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.CancelMessage(t.Context(), s.site.ID, id)
	if err != nil || !reflect.DeepEqual(again, status) {
		t.Errorf("cancelled again: %+v, %v; want %+v", again, err, status)
	}
	if now := s.status(t, id); !reflect.DeepEqual(now, status) {
		t.Errorf("the answer is %+v, and the state %+v", status, now)
	}
	return status
}

// wantCancelled expects what nothing changes any more.
func (s *store) wantCancelled(t *testing.T, id push.ID, want push.Counts) {
	t.Helper()
	for range 2 {
		status := s.status(t, id)
		if status.State != wire.MessageCancelled || !status.TargetedFinal || status.Counts != want {
			t.Errorf("got %+v, want %+v", status, want)
		}
		s.clock.Advance(push.LeaseTime)
		s.beat(t)
		if left := s.claim(t); len(left) > 0 {
			t.Errorf("%d deliveries of a cancelled message are handed out", len(left))
		}
	}
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("something of it is left to do, %v", err)
	}
}

// A message that is scheduled, that is read halfway, and whose batches wait.
func testCancelBefore(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, "")
	for _, audience := range []string{`{"all": true}`, `{"subscriptions": ["` + a.ID.String() + `"]}`} {
		sendAt := s.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339)
		scheduled, _ := s.create(t, `{"audience": `+audience+`, "sendAt": "`+sendAt+`"}`, push.CreateOptions{})
		if scheduled.State != wire.MessageScheduled {
			t.Errorf("got %+v", scheduled)
		}
		s.cancel(t, scheduled.ID)
		s.clock.Advance(time.Minute)
		s.wantCancelled(t, scheduled.ID, push.Counts{})
	}

	const people = push.BatchSize + 10
	s.importMany(t, people-1, "https://fcm.googleapis.com/", "")
	halfway, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	for range 2 { // by push service, and the first batch
		if _, err := s.Expand(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.cancel(t, halfway.ID)
	s.wantCancelled(t, halfway.ID, push.Counts{Targeted: push.BatchSize, Cancelled: push.BatchSize})

	waiting, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	s.cancel(t, waiting.ID)
	s.wantCancelled(t, waiting.ID, push.Counts{Targeted: people, Cancelled: people})
}

// A node sends, and some of it waits for a further attempt.
func testCancelInTheMiddle(t *testing.T, s *store) {
	s.putMany(t, 9, "https://fcm.googleapis.com/", "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	d := s.claim(t)
	again := func(d push.Delivery, after time.Duration) push.DeliveryResult {
		return push.DeliveryResult{Delivery: d, Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(after), Status: 503, Reason: "busy"}
	}
	s.finish(t, d[:1], push.DeliveryAccepted)
	s.record(t, again(d[1], 0), again(d[2], time.Hour), again(d[3], time.Hour), again(d[4], 0))
	second := s.claim(t)
	if len(second) != 2 {
		t.Fatalf("%d further attempts, want 2", len(second))
	}

	// What waits is cancelled, what this node has is not yet.
	if got := s.cancel(t, message.ID); got.Counts != (push.Counts{Targeted: 9, Accepted: 1, Cancelled: 2, Pending: 6}) {
		t.Errorf("got %+v", got.Counts)
	}
	if ids, err := s.Cancelled(t.Context()); err != nil || !slices.Equal(ids, []push.ID{message.ID}) {
		t.Errorf("the node is told of %v, %v", ids, err)
	}
	// What was under way counts as what it became; there is no further attempt.
	s.finish(t, []push.Delivery{d[5], second[0]}, push.DeliveryAccepted)
	s.record(t, again(d[6], 0), again(second[1], 0))
	if got := s.status(t, message.ID).Counts; got != (push.Counts{Targeted: 9, Accepted: 3, Cancelled: 4, Pending: 2}) {
		t.Errorf("got %+v", got)
	}
	// Told again by a node that does not know whether its record arrived.
	s.record(t, again(d[2], 0), again(d[6], 0))
	s.finish(t, d[7:], push.DeliveryCancelled)
	s.wantCancelled(t, message.ID, push.Counts{Targeted: 9, Accepted: 3, Cancelled: 6})
	if ids, err := s.Cancelled(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("the node is still told of %v, %v", ids, err)
	}
}

// Another node has leases of it, and dies.
func testCancelElsewhere(t *testing.T, s *store) {
	s.putMany(t, 5, "https://fcm.googleapis.com/", "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	d := s.claim(t)
	s.record(t, push.DeliveryResult{Delivery: d[0], Outcome: push.DeliveryPending, RetryAt: s.clock.Now()})
	second := s.claim(t)
	other := s.second(t)
	if got := other.cancel(t, message.ID); got.Counts.Pending != 5 {
		t.Errorf("got %+v: it is the first node's", got.Counts)
	}
	if ids, err := other.Cancelled(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("a node without leases is told of %v, %v", ids, err)
	}
	s.finish(t, d[1:2], push.DeliveryAccepted)
	s.clock.Advance(push.LeaseTime)
	if !other.beat(t) || len(other.claim(t)) > 0 {
		t.Error("the dead node's deliveries are sent, or not freed")
	}
	want := push.Counts{Targeted: 5, Accepted: 1, Cancelled: 4}
	other.wantCancelled(t, message.ID, want)
	// The dead one comes back, and says what became of what it had under way.
	for _, late := range [][]push.Delivery{d[2:3], second} {
		if fenced, err := s.Record(t.Context(), []push.DeliveryResult{{Delivery: late[0], Outcome: push.DeliveryAccepted}}); err != nil || fenced != 1 {
			t.Errorf("%d are fenced off, %v", fenced, err)
		}
	}
	other.wantCancelled(t, message.ID, want)
}

func testCancelAfter(t *testing.T, s *store) {
	s.put(t, someEndpoint, "")
	message, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	if got := s.cancel(t, message.ID); got.State != wire.MessageSent || got.Counts.Accepted != 1 {
		t.Errorf("got %+v", got)
	}
	_, err := s.CancelMessage(t.Context(), s.site.ID, push.NewID())
	wantCode(t, err, wire.MessageUnknown)
	// Another site's is not this one's to cancel.
	waiting, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	_, err = s.CancelMessage(t.Context(), s.other, waiting.ID)
	wantCode(t, err, wire.MessageUnknown)
	if got := s.claim(t); len(got) != 1 {
		t.Errorf("%d deliveries after another site's cancel, want 1", len(got))
	}
}

package pushtest

import (
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A clock that is set back by an hour holds nothing up for an hour.
func testClockSetBack(t *testing.T, s *store) {
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	other := s.second(t)
	leased := other.claim(t) // by a node that dies
	if len(leased) != 3 {
		t.Fatalf("%d are leased", len(leased))
	}
	// This one was read, and waits.
	read, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	other.record(t, push.DeliveryResult{Delivery: leased[0], Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(2 * time.Second)})
	// And this one was not read.
	waiting, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	later, _ := s.create(t, `{"audience": {"all": true}, "sendAt": "`+s.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`, push.CreateOptions{})
	s.clock.Advance(-time.Hour)
	if !s.beat(t) {
		t.Error("the node is not told that there is work")
	}
	claimed := s.claim(t)
	if len(claimed) != 6 {
		t.Errorf("%d of what was due are claimed, want 6", len(claimed))
	}
	for _, d := range claimed {
		if d.TTLFrom.After(s.clock.Now()) {
			t.Errorf("its TTL counts from %v, which is to come", d.TTLFrom)
		}
	}
	s.finish(t, claimed, push.DeliveryAccepted)
	s.clock.Advance(2 * time.Second)
	s.beat(t)
	if retried := s.claim(t); len(retried) != 1 || retried[0].SubscriberID != leased[0].SubscriberID {
		t.Errorf("%d are tried again when it is time", len(retried))
	} else {
		s.finish(t, retried, push.DeliveryAccepted)
	}
	s.clock.Advance(push.LeaseTime)
	s.beat(t)
	taken := s.claim(t)
	if len(taken) != 2 {
		t.Errorf("%d of the dead node's are taken over, want 2", len(taken))
	}
	s.finish(t, taken, push.DeliveryAccepted)
	for _, id := range []push.ID{status.ID, read.ID, waiting.ID} {
		if got := s.status(t, id); got.State != wire.MessageSent || got.Counts.Accepted != 3 {
			t.Errorf("got %+v", got)
		}
	}
	// What is for later is for later by the clock as it is now.
	if got := s.status(t, later.ID); got.State != wire.MessageScheduled {
		t.Errorf("got %+v", got)
	}
}

// A clock that is set ahead ends no lease of a node that lives, and what another
// took over is not lost.
func testClockSetAhead(t *testing.T, s *store) {
	s.putMany(t, 2, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	leased := s.claim(t)
	s.clock.Advance(time.Hour)
	s.beat(t)
	other := s.second(t)
	if other.beat(t) || len(other.claim(t)) > 0 {
		t.Error("the lease of a node that lives was taken")
	}
	s.clock.Advance(time.Hour)
	// The other one is first.
	if !other.beat(t) {
		t.Error("nothing was freed")
	}
	taken := other.claim(t)
	if len(taken) != 2 {
		t.Fatalf("%d are taken over, want 2", len(taken))
	}
	results := []push.DeliveryResult{{Delivery: leased[0], Outcome: push.DeliveryAccepted}, {Delivery: leased[1], Outcome: push.DeliveryAccepted}}
	if fenced, err := s.Record(t.Context(), results); err != nil || fenced != 2 {
		t.Errorf("%d were fenced, %v", fenced, err)
	}
	other.finish(t, taken, push.DeliveryAccepted)
	if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 2 {
		t.Errorf("got %+v", got)
	}
}

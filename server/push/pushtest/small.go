package pushtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// testSmall is of messages to a few people that their node does not send as it
// accepts them: they come later, or from a command.
func testSmall(t *testing.T, s *store) {
	one := s.put(t, someEndpoint, "")
	s.putMany(t, 3, "https://fcm.googleapis.com/fcm/send/many-%d", "")
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.clock.Advance(time.Second)
	at := s.clock.Now().Add(time.Hour)
	toOne := fmt.Sprintf(`{"audience": {"subscriptions": [%q]}`, one.ID)
	s.create(t, fmt.Sprintf(`%s, "sendAt": %q}`, toOne, at.UTC().Format(time.RFC3339)), push.CreateOptions{Lease: true})
	claimSmall := func(want int, except ...push.Lane) {
		t.Helper()
		batches, err := s.ClaimSmall(t.Context(), 10, except)
		if err != nil || len(batches) != want {
			t.Fatalf("got %d, %v; want %d", len(batches), err, want)
		}
		for _, batch := range batches {
			if !sameIDs(subscribers(batch.Deliveries), []push.ID{one.ID}) {
				t.Errorf("got %v", subscribers(batch.Deliveries))
			}
			s.finish(t, batch.Deliveries, push.DeliveryAccepted)
		}
	}

	s.clock.Advance(2 * time.Hour)
	// The audience that was due later is read first.
	if done, err := s.Expand(t.Context()); done || err != nil {
		t.Fatal(done, err)
	}
	claimSmall(0, push.Lane{Service: "google"})
	claimSmall(1)
	s.expand(t)
	s.create(t, toOne+`}`, push.CreateOptions{})
	claimSmall(1)
	claimSmall(0) // the broadcast's batch waits

	s.clock.Advance(time.Second)
	later := s.clock.Now().Add(time.Hour)
	s.create(t, fmt.Sprintf(`%s, "sendAt": %q}`, toOne, later.UTC().Format(time.RFC3339)), push.CreateOptions{})
	s.clock.Advance(2 * time.Hour)
	s.expand(t)
	full := []push.Lane{{Service: "google"}}
	if at, ok, err := s.NextDue(t.Context(), full, nil); !ok || err != nil || at.After(s.clock.Now()) {
		t.Errorf("what is small is due at %s, %v, %v", at, ok, err)
	}
	if _, ok, err := s.NextDue(t.Context(), full, full); ok || err != nil {
		t.Errorf("something is due of a closed push service, %v", err)
	}
	// It needs no claim of its own.
	if got := s.claim(t); len(got) != 5 {
		t.Errorf("%d are left, want 5", len(got))
	}
}

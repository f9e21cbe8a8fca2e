package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// More than one batch at one push service, and several push services.
func testLargeAudience(t *testing.T, s *store) {
	want := s.importMany(t, push.BatchSize+3, "https://fcm.googleapis.com/", "")
	want = append(want, s.putMany(t, 30, "https://web.push.apple.com/", "")...)
	status, batches := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{Lease: true})
	if status.State != wire.MessageSending || status.TargetedFinal || len(batches) > 0 {
		t.Errorf("got %+v", status)
	}
	// A crash in the middle of reading the audience reads nobody twice.
	if _, err := s.Expand(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expand(t.Context()); err != nil {
		t.Fatal(err)
	}
	if halfway := s.status(t, status.ID); halfway.TargetedFinal || halfway.Counts.Targeted == 0 {
		t.Errorf("halfway: %+v", halfway)
	}
	s.reopen(t)
	deliveries := s.claim(t)
	if !sameIDs(subscribers(deliveries), want) {
		t.Errorf("%d deliveries, want each of %d once", len(deliveries), len(want))
	}
	services := map[string]string{}
	for _, d := range deliveries {
		at := fmt.Sprint(d.ID.Batch)
		if origin := d.Subscription.Origin(); services[at] == "" {
			services[at] = origin
		} else if services[at] != origin {
			t.Fatalf("batch %s is for %s and %s", at, services[at], origin)
		}
	}
	if len(services) != 3 {
		t.Errorf("%d batches, want 3", len(services))
	}
	if status = s.status(t, status.ID); !status.TargetedFinal || status.Counts.Targeted != int64(len(want)) || status.Counts.Pending != int64(len(want)) {
		t.Errorf("got %+v", status)
	}
	for part := range slices.Chunk(deliveries, 300) {
		s.finish(t, part, push.DeliveryAccepted)
		s.status(t, status.ID)
	}
	if status = s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Accepted != int64(len(want)) {
		t.Errorf("got %+v", status)
	}
}

func testChannelAudience(t *testing.T, s *store) {
	want := s.putMany(t, 3, "https://fcm.googleapis.com/both", `"channels": ["news", "sport"]`)
	want = append(want, s.putMany(t, 2, "https://web.push.apple.com/news", `"channels": ["news"]`)...)
	sport := s.putMany(t, 2, "https://fcm.googleapis.com/sport", `"channels": ["sport"]`)
	s.putMany(t, 2, "https://fcm.googleapis.com/none", ``)
	left := s.put(t, "https://fcm.googleapis.com/left", `"channels": ["news"]`)
	s.put(t, left.Endpoint(), `"removeChannels": ["news"]`)
	s.create(t, `{"audience": {"channels": ["news"]}}`, push.CreateOptions{})
	if deliveries := s.claim(t); !sameIDs(subscribers(deliveries), want) {
		t.Errorf("news: %d deliveries, want %d", len(deliveries), len(want))
	}
	// Any of the channels, and each person once.
	s.create(t, `{"audience": {"channels": ["news", "sport", "unknown"]}}`, push.CreateOptions{})
	if deliveries := s.claim(t); !sameIDs(subscribers(deliveries), append(want, sport...)) {
		t.Errorf("news and sport: %d deliveries, want %d", len(deliveries), len(want)+len(sport))
	}
}

func testLeaving(t *testing.T, s *store) {
	ids := s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	leave := func(i int) {
		t.Helper()
		if err := s.RemoveSubscription(t.Context(), s.site.ID, fmt.Sprint("https://fcm.googleapis.com/", i)); err != nil {
			t.Fatal(err)
		}
	}
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	// After the audience was read, before the batch is claimed.
	leave(0)
	deliveries := s.claim(t)
	if !sameIDs(subscribers(deliveries), ids[1:]) {
		t.Errorf("%d deliveries, want 2", len(deliveries))
	}
	if c := s.status(t, status.ID).Counts; c.Targeted != 3 || c.Gone != 1 || c.Pending != 2 {
		t.Errorf("got %+v", c)
	}
	// Between two attempts.
	var results []push.DeliveryResult
	for _, d := range deliveries {
		results = append(results, push.DeliveryResult{Delivery: d, Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(time.Minute), Status: 503})
	}
	s.record(t, results...)
	leave(1)
	s.clock.Advance(time.Minute)
	retries := s.claim(t)
	if !sameIDs(subscribers(retries), ids[2:]) {
		t.Errorf("%d retries, want 1", len(retries))
	}
	if c := s.status(t, status.ID).Counts; c.Gone != 2 || c.Pending != 1 {
		t.Errorf("got %+v", c)
	}
	// While it is being sent: its outcome still counts.
	leave(2)
	s.finish(t, retries, push.DeliveryAccepted)
	if status = s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Accepted != 1 {
		t.Errorf("got %+v", status)
	}

	// Everybody has left: nothing is pending for ever.
	s.put(t, "https://fcm.googleapis.com/3", "")
	status, _ = s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	leave(3)
	if none := s.claim(t); len(none) > 0 {
		t.Errorf("%d deliveries to nobody", len(none))
	}
	if status = s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Gone != 1 {
		t.Errorf("got %+v", status)
	}
}

func testRetries(t *testing.T, s *store) {
	a, b := s.put(t, someEndpoint, ""), s.put(t, "https://fcm.googleapis.com/two", "")
	status, batches := s.create(t, `{"audience": {"subscriptions": ["`+a.ID.String()+`", "`+b.ID.String()+`"]}}`, push.CreateOptions{Lease: true})
	deliveries := batches[0].Deliveries
	pending := func(d push.Delivery, after time.Duration) push.DeliveryResult {
		return push.DeliveryResult{Delivery: d, Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(after), Status: 503, Reason: "busy"}
	}
	s.record(t, pending(deliveries[0], time.Minute), pending(deliveries[1], time.Hour))
	if c := s.status(t, status.ID).Counts; c.Pending != 2 {
		t.Errorf("got %+v", c)
	}
	if early := s.claim(t); len(early) > 0 {
		t.Errorf("%d are tried again too early", len(early))
	}
	at, ok, err := s.NextDue(t.Context(), nil, nil)
	if err != nil || !ok || !at.Equal(s.clock.Now().Add(time.Minute)) {
		t.Errorf("the next is due at %v, %v, %v", at, ok, err)
	}
	for attempt := 1; attempt <= 3; attempt++ {
		s.clock.Advance(time.Minute)
		retries := s.claim(t)
		if len(retries) != 1 || retries[0].ID != deliveries[0].ID || retries[0].Token != deliveries[0].Token || retries[0].Attempt != attempt ||
			retries[0].Subscription.Endpoint() != deliveries[0].Subscription.Endpoint() {
			t.Fatalf("attempt %d: got %+v", attempt, retries)
		}
		if twice := s.claim(t); len(twice) > 0 {
			t.Error("a leased retry was claimed again")
		}
		s.record(t, pending(retries[0], time.Minute))
	}
	s.clock.Advance(time.Minute)
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	s.clock.Advance(time.Hour)
	s.finish(t, s.claim(t), push.DeliveryExpired)
	if status = s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Accepted != 1 || status.Counts.Expired != 1 {
		t.Errorf("got %+v", status)
	}
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("an empty queue has something due, %v", err)
	}
	// Only the vendor's word deletes.
	if page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10); err != nil || len(page) != 2 {
		t.Errorf("%d subscriptions are left, %v", len(page), err)
	}
}

// A node that does not know whether its record arrived tells it again. By then
// another one may be at the second attempt.
func testToldTwice(t *testing.T, s *store) {
	s.put(t, someEndpoint, "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	again := push.DeliveryResult{Delivery: s.claim(t)[0], Outcome: push.DeliveryPending, RetryAt: s.clock.Now(), Status: 503}
	s.record(t, again)
	second := s.claim(t)
	s.record(t, again)
	if third := s.claim(t); len(second) != 1 || len(third) > 0 {
		t.Fatalf("%d second attempts, %d more after it was told again", len(second), len(third))
	}
	s.finish(t, second, push.DeliveryAccepted)
	if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 1 {
		t.Errorf("got %+v", got)
	}
}

func testCounts(t *testing.T, s *store) {
	s.putMany(t, 6, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	outcomes := []push.Outcome{push.DeliveryAccepted, push.DeliveryGone, push.DeliveryFailed, push.DeliveryExpired, push.DeliveryCancelled, push.DeliveryAccepted}
	for i, outcome := range outcomes {
		s.finish(t, deliveries[i:i+1], outcome)
		if c := s.status(t, status.ID).Counts; c.Pending != int64(len(outcomes)-i-1) {
			t.Errorf("after %d: %+v", i+1, c)
		}
	}
	want := push.Counts{Targeted: 6, Accepted: 2, Gone: 1, Failed: 1, Expired: 1, Cancelled: 1}
	if status = s.status(t, status.ID); status.Counts != want || status.State != wire.MessageSent {
		t.Errorf("got %+v, want %+v", status, want)
	}
	// Told twice, as after a crash between the answer and its record.
	s.finish(t, deliveries[:1], push.DeliveryAccepted)
	s.finish(t, deliveries[1:2], push.DeliveryGone)
	if again := s.status(t, status.ID); again.Counts != want {
		t.Errorf("told twice: %+v", again.Counts)
	}
	// Gone deletes, and only that.
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10)
	if err != nil || len(page) != 5 {
		t.Errorf("%d subscriptions are left, %v; want 5", len(page), err)
	}
	_, err = s.SubscriptionByEndpoint(t.Context(), s.site.ID, deliveries[1].Subscription.Endpoint())
	wantCode(t, err, wire.EndpointGone)
}

// Whoever dies between claiming and recording leaves leases, which end by
// themselves; what was recorded is not sent again.
func testCrash(t *testing.T, s *store) {
	s.putMany(t, 10, "https://fcm.googleapis.com/", "")
	one := s.put(t, someEndpoint, "")
	s.create(t, `{"audience": {"subscriptions": ["`+one.ID.String()+`"]}}`, push.CreateOptions{Lease: true})
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	if len(deliveries) != 11 {
		t.Fatalf("%d deliveries, want 11", len(deliveries))
	}
	s.finish(t, deliveries[:4], push.DeliveryAccepted)
	s.record(t,
		push.DeliveryResult{Delivery: deliveries[4], Outcome: push.DeliveryPending, RetryAt: s.clock.Now().Add(time.Minute)},
		push.DeliveryResult{Delivery: deliveries[5], Outcome: push.DeliveryPending, RetryAt: s.clock.Now()})
	if leased := s.claim(t); len(leased) != 1 || leased[0].ID != deliveries[5].ID {
		t.Fatalf("%d retries, want 1", len(leased))
	}

	s.reopen(t)
	if early := s.claim(t); len(early) > 0 {
		t.Errorf("%d were claimed before the leases were taken back", len(early))
	}
	s.clock.Advance(push.LeaseTime)
	if !s.beat(t) {
		t.Error("the leases were not taken back")
	}
	again := s.claim(t)
	var ids []push.DeliveryID
	for _, d := range again {
		if d.ID.Message == status.ID {
			ids = append(ids, d.ID)
		}
		if want := map[bool]int{true: 1, false: 0}[d.ID == deliveries[5].ID]; d.Attempt != want {
			t.Errorf("%+v is attempt %d, want %d", d.ID, d.Attempt, want)
		}
	}
	// The message to one, what was not recorded, and the leased retry.
	if len(again) != 1+5+1 || len(ids) != 6 {
		t.Errorf("%d were taken back, %d of them of the broadcast; want 7 and 6", len(again), len(ids))
	}
	for _, d := range deliveries[:5] {
		if slices.Contains(ids, d.ID) {
			t.Errorf("%+v is sent again", d.ID)
		}
	}
	s.finish(t, again, push.DeliveryAccepted)
	s.clock.Advance(time.Minute)
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	if status = s.status(t, status.ID); status.State != wire.MessageSent || status.Counts.Accepted != 11 {
		t.Errorf("got %+v", status)
	}
}

// second opens the same database as another node does.
func (s *store) second(t *testing.T) *store {
	other := *s
	other.reopen(t)
	return &other
}

func (s *store) beat(t *testing.T) (freed bool) {
	t.Helper()
	freed, err := s.Beat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return freed
}

func testDeadNode(t *testing.T, s *store) {
	ids := s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	deliveries := s.claim(t)
	s.finish(t, deliveries[:1], push.DeliveryAccepted)
	s.record(t, push.DeliveryResult{Delivery: deliveries[1], Outcome: push.DeliveryPending, RetryAt: s.clock.Now()})
	if retried := s.claim(t); len(retried) != 1 {
		t.Fatalf("%d are tried again, want 1", len(retried))
	}
	other := s.second(t)
	// While its node calls, a lease holds.
	for range 5 {
		s.clock.Advance(push.LeaseTime * 3 / 4)
		s.beat(t)
		if other.beat(t) || len(other.claim(t)) > 0 {
			t.Fatal("the lease of a node that lives was taken")
		}
	}
	s.clock.Advance(push.LeaseTime)
	if !other.beat(t) {
		t.Error("the dead node's leases were not freed")
	}
	taken := other.claim(t)
	if want := []push.ID{deliveries[1].SubscriberID, deliveries[2].SubscriberID}; len(taken) != 2 || !sameIDs(subscribers(taken), want) {
		t.Fatalf("%d deliveries of %d are taken over, want those without an outcome", len(taken), len(ids))
	}
	other.finish(t, taken, push.DeliveryAccepted)
	if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 3 {
		t.Errorf("got %+v", got)
	}
}

// A node that was away for too long must not write over what another has done.
func testFence(t *testing.T, s *store) {
	s.putMany(t, 3, "https://fcm.googleapis.com/", "")
	status, _ := s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	late := s.claim(t)
	s.record(t, push.DeliveryResult{Delivery: late[2], Outcome: push.DeliveryPending, RetryAt: s.clock.Now()})
	late[2] = s.claim(t)[0]
	s.clock.Advance(push.LeaseTime)
	other := s.second(t)
	taken := other.claim(t)
	if len(taken) != 3 {
		t.Fatalf("%d deliveries are taken over, want 3", len(taken))
	}
	for _, outcome := range []push.Outcome{push.DeliveryFailed, push.DeliveryGone, push.DeliveryPending} {
		var results []push.DeliveryResult
		for _, d := range late {
			results = append(results, push.DeliveryResult{Delivery: d, Outcome: outcome, RetryAt: s.clock.Now()})
		}
		if fenced, err := s.Record(t.Context(), results); err != nil || fenced != 3 {
			t.Fatalf("%d of 3 were fenced off, %v", fenced, err)
		}
	}
	if err := s.Forfeit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.claim(t); len(again) > 0 {
		t.Errorf("the former holder gave up %d leases of another", len(again))
	}
	other.finish(t, taken, push.DeliveryAccepted)
	if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 3 {
		t.Errorf("got %+v", got)
	}
	if page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10); err != nil || len(page) != 3 {
		t.Errorf("%d subscriptions are left, %v; want 3", len(page), err)
	}
}

func testRelease(t *testing.T, s *store) {
	s.putMany(t, 4, "https://fcm.googleapis.com/", "")
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	s.expand(t)
	batches, err := s.ClaimBatches(t.Context(), 1, nil)
	if err != nil || len(batches) != 1 {
		t.Fatalf("%d batches, %v", len(batches), err)
	}
	batch := batches[0]
	s.finish(t, batch.Deliveries[:1], push.DeliveryFailed)
	for range 2 { // the second time it is another lease, or none
		if err := s.Release(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	again := s.claim(t)
	if !sameIDs(subscribers(again), subscribers(batch.Deliveries[1:])) {
		t.Errorf("%d deliveries are claimed again, want 3", len(again))
	}
	if err := s.Release(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if twice := s.claim(t); len(twice) > 0 {
		t.Error("the lease of the one before released that of now")
	}
	if err := s.Forfeit(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	if _, ok, err := s.NextDue(t.Context(), nil, nil); ok || err != nil {
		t.Errorf("something is left, %v", err)
	}
}

func testExcept(t *testing.T, s *store) {
	google, apple := s.put(t, someEndpoint, ""), s.put(t, "https://web.push.apple.com/one", "")
	toGoogle, toApple := push.Lane{Service: "google"}, push.Lane{Service: "apple"}
	// Another site's sends go on.
	of := func(lane push.Lane, site push.SiteID) push.Lane { return push.Lane{Service: lane.Service, Site: site} }
	claim := func(except ...push.Lane) (deliveries []push.Delivery) {
		t.Helper()
		batches, err := s.ClaimBatches(t.Context(), 10, except)
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range batches {
			for _, d := range batch.Deliveries {
				if d.Service != batch.Service {
					t.Errorf("a delivery to %s is in a batch for %s", d.Service, batch.Service)
				}
			}
			deliveries = append(deliveries, batch.Deliveries...)
		}
		retries, err := s.ClaimRetries(t.Context(), 10, except)
		if err != nil {
			t.Fatal(err)
		}
		return append(deliveries, retries...)
	}
	for i := range 4 { // first attempts, and second ones
		both := []push.Lane{toGoogle, toApple}
		if i%2 == 0 {
			s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
			s.expand(t)
		}
		if i >= 2 {
			both = []push.Lane{of(toGoogle, s.site.ID), of(toApple, s.site.ID)}
		}
		if got := claim(both...); len(got) > 0 {
			t.Fatalf("%d are claimed of closed push services", len(got))
		}
		if _, ok, err := s.NextDue(t.Context(), both, both); ok || err != nil {
			t.Errorf("closed push services have something due, %v", err)
		}
		if _, ok, err := s.NextDue(t.Context(), both[:1], both[:1]); !ok || err != nil {
			t.Errorf("the open one has nothing due, %v", err)
		}
		first := claim(both[0], push.Lane{Service: "mozilla"}, of(toApple, s.other))
		if !sameIDs(subscribers(first), []push.ID{apple.ID}) {
			t.Fatalf("got %v", subscribers(first))
		}
		second := claim(both[1], of(toGoogle, s.other))
		if !sameIDs(subscribers(second), []push.ID{google.ID}) {
			t.Fatalf("got %v", subscribers(second))
		}
		for _, d := range append(first, second...) {
			result := push.DeliveryResult{Delivery: d, Outcome: push.DeliveryPending, RetryAt: s.clock.Now(), Status: 503}
			if d.Attempt > 0 {
				result = push.DeliveryResult{Delivery: d, Outcome: push.DeliveryAccepted}
			}
			s.record(t, result)
		}
	}
}

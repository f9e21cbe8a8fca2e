package dispatch_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
)

// sendIn is send of a site that has hours.
func (s *server) sendIn(t *testing.T, d *running, hours push.Hours, body string) push.ID {
	t.Helper()
	return s.sendAt(t, d, time.Now(), hours, body)
}

func (s *server) sendAt(t *testing.T, d *running, at time.Time, hours push.Hours, body string) push.ID {
	t.Helper()
	return s.accept(t, d, pushtest.MessageIn(t, at, body, hours))
}

// accept does with a message what the API does.
func (s *server) accept(t *testing.T, d *running, m *push.Message) push.ID {
	t.Helper()
	status, batches, err := s.CreateMessage(t.Context(), s.site.ID, m, push.CreateOptions{Lease: true})
	if err != nil {
		t.Fatal(err)
	}
	d.Hand(batches)
	d.Wake()
	return status.ID
}

// awaitArrival returns the path of the next request.
func (s *server) awaitArrival(t *testing.T) string {
	t.Helper()
	select {
	case path := <-s.arrived:
		return path
	case <-time.After(time.Minute):
		t.Fatal("nothing has come")
		return ""
	}
}

// quietFrom are hours that begin so long after now, and when they end.
func quietFrom(begin, length time.Duration) (hours push.Hours, end time.Time) {
	from := time.Now().UTC().Add(begin).Truncate(time.Minute)
	end = from.Add(length)
	minutes := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
	return push.Hours{TimeZone: "UTC", Quiet: push.QuietHours{From: minutes(from), To: minutes(end)}}, end
}

// awaitDue waits until the queue's next work is due at a time as wanted.
func (s *server) awaitDue(t *testing.T, want func(time.Time) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		at, ok, err := s.NextDue(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ok && want(at) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the next attempt is at %s", at)
		}
	}
}

// What was due in the evening and has waited, for a server that was away or a
// broadcast before it, is not sent in the night.
func TestWhatWaitedUntilTheNightIsSentInTheMorning(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	sub := s.subscribe(t, "/a")
	hours, end := quietFrom(-5*time.Minute, 3*time.Hour)
	id := s.sendAt(t, d, time.Now().Add(-10*time.Minute), hours, to(sub, ""))
	s.awaitDue(t, end.Equal)
	if status, err := s.MessageStatus(t.Context(), s.site.ID, id); err != nil || status.Counts != (push.Counts{Targeted: 1, Pending: 1}) {
		t.Errorf("got %+v, %v", status, err)
	}
}

func TestAFurtherAttemptDisturbsNobodyAtNight(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	sub := s.subscribe(t, "/a")
	hours, end := quietFrom(5*time.Minute, 3*time.Hour)
	s.sendIn(t, d, hours, to(sub, ""))
	short := s.sendIn(t, d, hours, to(sub, `, "ttl": 3600`))
	if got := s.awaitSent(t, short); got.Expired != 1 {
		t.Errorf("got %+v: the TTL ends before the night", got)
	}
	s.awaitDue(t, end.Equal)
	s.sendIn(t, d, hours, to(sub, `, "ignoreQuietHours": true`))
	s.awaitDue(t, func(at time.Time) bool { return at.Before(end) && at.After(time.Now().Add(9*time.Minute)) })
}

// The TTL of a spread broadcast counts from the moment of each part of it.
func TestASpreadBroadcastComesInTime(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	s.subscribeMany(t, 2)
	began := time.Now()
	// The second is due after 10 seconds.
	id := s.send(t, d, began, `{"audience": {"all": true}, "spread": 20, "ttl": 9}`)
	s.awaitArrival(t)
	s.awaitArrival(t)
	if second := time.Since(began); second < 10*time.Second {
		t.Errorf("the second came after %v", second)
	}
	if got := s.awaitSent(t, id); got.Accepted != 2 {
		t.Errorf("got %+v", got)
	}
}

// What is deferred comes by itself, and by the recipient's clock.
func TestALocalTimeComesByItself(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	put := func(path, zone string) push.Subscription {
		t.Helper()
		sub, _, err := s.PutSubscription(t.Context(), s.site.ID, pushtest.Subscribe(t, s.services, s.url+path, `"timeZone": "`+zone+`"`))
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	put("/tokyo", "Asia/Tokyo")
	soon := put("/soon", "America/Phoenix") // 7 hours behind, all year
	put("/late", "Pacific/Honolulu")
	at := time.Now().Add(3 * time.Second)
	local := `, "sendAt": {"local": "` + at.UTC().Add(-7*time.Hour).Format("2006-01-02T15:04:05") + `"}`
	large := s.send(t, d, time.Now(), `{"audience": {"all": true}`+local+`}`)
	small := s.send(t, d, time.Now(), to(soon, local))
	if path := s.awaitArrival(t); path != "/tokyo" {
		t.Errorf("%s comes first", path)
	}
	for range 2 {
		if path := s.awaitArrival(t); path != "/soon" || time.Now().Before(at.Truncate(time.Second)) {
			t.Errorf("%s comes at %s", path, time.Now())
		}
	}
	s.awaitSent(t, small)
	d.Cancel(s.cancel(t, large).ID)
	if got := s.await(t, large, "the end", nothingIsPending).Counts; got.Accepted != 2 || got.Targeted != 2 {
		t.Errorf("got %+v", got)
	}
}

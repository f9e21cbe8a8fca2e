package dispatch_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/webpush"
)

// sendTest accepts a test message to a subscription as the API does.
func (s *server) sendTest(t *testing.T, d *running, now time.Time, sub push.Subscription) push.ID {
	t.Helper()
	m := pushtest.Message(t, now, to(sub, `, "ttl": 60`))
	m.Audience.Test = true
	return s.accept(t, d, m)
}

// Anybody may subscribe with a path of a push service that refuses all, and ask for test
// messages there.
func TestTestMessagesThatAreRefusedHaltNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/one" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	d := s.dispatch(t, s.Store)
	for i := range 30 {
		if got := s.awaitSent(t, s.sendTest(t, d, time.Now(), s.subscribe(t, fmt.Sprint("/", i)))); got.Failed != 1 {
			t.Fatalf("got %+v", got)
		}
	}
	if got := s.awaitSent(t, s.send(t, d, time.Now(), to(s.subscribe(t, "/one"), ""))); got.Accepted != 1 {
		t.Errorf("the site's own message: %+v", got)
	}
}

// Nor do they keep a push service from being halted, or are its trials.
func TestTestMessagesSayNothingOfAPushServiceThatRefusesUs(t *testing.T) {
	t.Parallel()
	clock, log := pushtest.NewClock(), new(alarms)
	s := newServerAt(t, clock.Now)
	var asked atomic.Int32
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1); r.URL.Path != "/test" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(log))
	d.SetNow(clock.Now)
	r := s.run(t, d)
	ours, theirs := s.subscribe(t, "/ours"), s.subscribe(t, "/test")
	for range 20 {
		s.awaitSent(t, s.sendTest(t, r, clock.Now(), theirs))
		s.awaitSent(t, s.send(t, r, clock.Now(), to(ours, "")))
	}
	if text := log.String(); strings.Count(text, "\n") != 1 {
		t.Fatalf("want one alarm, got:\n%s", text)
	}
	before := asked.Load()
	waits := s.send(t, r, clock.Now(), to(ours, ""))
	s.await(t, waits, "a wait", func(status push.MessageStatus) bool { return status.Counts.Pending == 1 })
	for range 2 {
		if got := s.awaitSent(t, s.sendTest(t, r, clock.Now(), theirs)); got.Expired != 1 {
			t.Errorf("a test of a push service that is halted: %+v", got)
		}
		clock.Advance(time.Minute)
		r.Wake()
	}
	s.awaitSent(t, waits)
	if n := asked.Load() - before; n != 1 {
		t.Errorf("%d requests, want the site's trial alone", n)
	}
}

// Subscriptions that a visitor made one after the other stand together.
func TestATrialIsAnyOfWhatWaits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/theirs/") {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s.subscribeAt(t, s.url+"/theirs", 500)
	s.subscribeAt(t, s.url+"/ours", 400)
	clock := pushtest.NewClock()
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(slog.DiscardHandler))
	d.SetNow(clock.Now)
	r := s.run(t, d)
	id := s.send(t, r, clock.Now(), `{"audience": {"all": true}}`)
	got := s.await(t, id, "a halt", s.isHandedBack(t)).Counts
	if got.Accepted > 0 {
		t.Fatalf("before the halt: %+v", got)
	}
	for range 12 {
		clock.Advance(time.Minute)
		r.Wake()
		before, waits := got.Failed, s.isHandedBack(t)
		got = s.await(t, id, "a trial", func(status push.MessageStatus) bool {
			return status.Counts.Accepted > 0 || status.Counts.Failed > before && waits(status)
		}).Counts
		if got.Accepted > 0 {
			return
		}
	}
	t.Error("12 trials were all of one visitor's")
}

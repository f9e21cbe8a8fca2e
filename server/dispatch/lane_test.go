package dispatch_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/webpush"
)

func TestAPushServiceThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	release := make(chan struct{})
	unblock := sync.OnceFunc(func() { close(release) })
	t.Cleanup(unblock)
	s.answer(func(http.ResponseWriter, *http.Request) { <-release })
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	s.services = pushtest.Services(t, s.url, other.URL)
	// Being spread it is of 60 batches, more than a lane takes.
	const n = 120
	s.inFlight = 8
	s.subscribeAt(t, s.url, n)
	s.subscribeAt(t, other.URL, n)
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}, "spread": 1}`)
	s.await(t, id, "all of the other push service's", func(status push.MessageStatus) bool { return status.Counts.Accepted == n })
	unblock()
	if got := s.awaitSent(t, id); got.Accepted != 2*n {
		t.Errorf("got %+v", got)
	}
}

// An alarm is an error in the log.
type alarms struct {
	slog.Handler
	mu   sync.Mutex
	text bytes.Buffer
}

func (a *alarms) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

func (a *alarms) Handle(_ context.Context, r slog.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintln(&a.text, r.Message)
	return nil
}

func (a *alarms) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

func TestAPushServiceThatRefusesUsIsHaltedUntilThatIsMended(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var refuses atomic.Bool
	refuses.Store(true)
	var asked atomic.Int32
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if refuses.Load() {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"reason":"BadJwtToken"}`)
		}
	})
	const n = 900 // one batch
	s.subscribeAt(t, s.url, n)
	clock, log := pushtest.NewClock(), new(alarms)
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(log))
	d.SetNow(clock.Now)
	r := s.run(t, d)

	id := s.send(t, r, clock.Now(), `{"audience": {"all": true}}`)
	failed := s.await(t, id, "a halt", s.isHandedBack(t)).Counts.Failed
	// Only what was under way has failed; and a message to one person waits, too.
	one := s.send(t, r, clock.Now(), to(s.subscribe(t, "/one"), ""))
	if got := s.await(t, one, "a wait", func(status push.MessageStatus) bool { return status.Counts.Pending == 1 }); got.Counts.Failed > 0 {
		t.Errorf("got %+v", got)
	}
	if failed > n/2 {
		t.Errorf("%d of %d have failed", failed, n)
	}

	// A trial costs one message.
	before := asked.Load()
	clock.Advance(time.Minute)
	r.Wake()
	s.await(t, id, "a trial", func(status push.MessageStatus) bool { return status.Counts.Failed == failed+1 })
	if n := asked.Load() - before; n != 1 {
		t.Errorf("a trial was %d requests", n)
	}

	refuses.Store(false)
	clock.Advance(time.Minute)
	r.Wake()
	if got := s.awaitSent(t, id); got.Accepted != n-failed-1 || got.Failed != failed+1 {
		t.Errorf("after it was mended: %+v", got)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 {
		t.Errorf("want one alarm, got:\n%s", text)
	}
}

// isHandedBack says whether what is left of a batch waits once more.
func (s *server) isHandedBack(t *testing.T) func(push.MessageStatus) bool {
	return func(status push.MessageStatus) bool {
		_, waits, err := s.NextDue(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return waits && status.TargetedFinal && status.Counts.Failed >= 20
	}
}

func TestAHaltedPushServicesMessagesExpire(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	const n = 1500
	s.subscribeAt(t, s.url, n)
	clock := pushtest.NewClock()
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(slog.DiscardHandler))
	d.SetNow(clock.Now)
	r := s.run(t, d)
	id := s.send(t, r, clock.Now(), `{"audience": {"all": true}, "ttl": 60}`)
	failed := s.await(t, id, "a halt", s.isHandedBack(t)).Counts.Failed
	clock.Advance(2 * time.Minute)
	r.Wake()
	if got := s.awaitSent(t, id); got.Expired != n-got.Failed || got.Failed < failed {
		t.Errorf("got %+v", got)
	}
}

// Anybody may subscribe with a key that is not ours: that says nothing of us.
func TestAnotherKeyHaltsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/one" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.")
		}
	})
	const n = 100
	s.subscribeMany(t, n)
	d := s.dispatch(t, s.Store)
	if got := s.awaitSent(t, s.send(t, d, time.Now(), `{"audience": {"all": true}}`)); got.Failed != n {
		t.Errorf("got %+v", got)
	}
	if got := s.awaitSent(t, s.send(t, d, time.Now(), to(s.subscribe(t, "/one"), ""))); got.Accepted != 1 {
		t.Errorf("got %+v", got)
	}
	if page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 1000); err != nil || len(page) != n+1 {
		t.Errorf("%d subscriptions are left, %v", len(page), err)
	}
}

// Microsoft has many hosts, and strangers may name more.
func TestAHostThatIsAwayHoldsUpNoOtherOfItsVendor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	s.services = pushtest.Services(t, "live.notify.windows.com="+s.url, "gone.notify.windows.com="+gone.URL)
	const n = 200
	s.subscribeAt(t, "https://gone.notify.windows.com", n)
	s.subscribeAt(t, "https://live.notify.windows.com", n)
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
	got := s.await(t, id, "those of the other host", func(status push.MessageStatus) bool { return status.Counts.Accepted == n })
	if got.Counts.Pending != n {
		t.Errorf("got %+v", got.Counts)
	}
}

// A message that another process accepts, or that comes due, is not handed over.
func TestOnePersonsMessageOvertakesWhereverItComesFrom(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	release := make(chan struct{})
	unblock := sync.OnceFunc(func() { close(release) })
	t.Cleanup(unblock)
	s.answer(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/one" {
			<-release
		}
	})
	// Being spread it is of 60 batches, more than a lane takes.
	const n = 120
	s.inFlight = 8
	s.subscribeAt(t, s.url, n)
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}, "spread": 1}`)
	s.await(t, id, "its whole audience", func(status push.MessageStatus) bool { return status.TargetedFinal })
	one := s.subscribe(t, "/one")
	at := time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano)
	for _, m := range []string{"", fmt.Sprintf(`, "sendAt": %q`, at)} {
		status, _, err := s.CreateMessage(t.Context(), s.site.ID, pushtest.Message(t, time.Now(), to(one, m)), push.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d.Wake()
		if got := s.awaitSent(t, status.ID); got.Accepted != 1 {
			t.Errorf("got %+v", got)
		}
	}
	if status, err := s.MessageStatus(t.Context(), s.site.ID, id); err != nil || status.Counts.Pending != n {
		t.Errorf("the broadcast: %+v, %v", status, err)
	}
	unblock()
	if got := s.awaitSent(t, id); got.Accepted != n {
		t.Errorf("the broadcast: %+v", got)
	}
}

package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// server is a store with a push service beside it, which answers as handle
// says, else with 201.
type server struct {
	*sqlite.Store
	site     push.Site
	services *webpush.Services
	url      string
	inFlight int // requests at once at most; 0: as usual
	handle   atomic.Pointer[http.HandlerFunc]

	mu       sync.Mutex
	requests map[string][]http.Header // by path
	arrived  chan string              // the path of each request, when it comes
}

func newServer(t *testing.T) *server {
	t.Helper()
	return newServerAt(t, nil)
}

// newServerAt has a clock, which should be the dispatcher's too; nil: time.Now.
func newServerAt(t *testing.T, now func() time.Time) *server {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &server{Store: store, requests: map[string][]http.Header{}, arrived: make(chan string, 10_000)}
	if s.site, err = store.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[r.URL.Path] = append(s.requests[r.URL.Path], r.Header)
		s.mu.Unlock()
		s.arrived <- r.URL.Path
		if handle := s.handle.Load(); handle != nil {
			(*handle)(w, r)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(service.Close)
	s.url, s.services = service.URL, pushtest.Services(t, service.URL)
	return s
}

// answer sets what the push service does.
func (s *server) answer(h http.HandlerFunc) { s.handle.Store(&h) }

func (s *server) seen(path string) []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

func (s *server) subscribe(t *testing.T, path string) push.Subscription {
	t.Helper()
	sub, _, err := s.PutSubscription(t.Context(), s.site.ID, pushtest.Subscribe(t, s.services, s.url+path, ""))
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// subscribeMany adds n, at the paths /0, /1 and so on.
func (s *server) subscribeMany(t *testing.T, n int) { s.subscribeAt(t, s.url, n) }

// subscribeAt does so at a push service.
func (s *server) subscribeAt(t *testing.T, url string, n int) {
	t.Helper()
	items := make([]*push.Import, n)
	for i := range items {
		items[i] = &push.Import{Subscribe: *pushtest.Subscribe(t, s.services, fmt.Sprintf("%s/%d", url, i), "")}
	}
	for some := range slices.Chunk(items, push.ImportSize) {
		if _, err := s.ImportSubscriptions(t.Context(), s.site.ID, some); err != nil {
			t.Fatal(err)
		}
	}
}

// running is a dispatcher at work.
type running struct {
	*dispatch.Dispatcher
	stop  context.CancelFunc
	ended chan struct{}
}

// dispatch runs a dispatcher on queue, which may be the store with faults,
// until the test ends.
func (s *server) dispatch(t *testing.T, queue push.Queue) *running {
	t.Helper()
	return s.run(t, dispatch.New(queue, s.Store, webpush.NewClient(webpush.Options{Services: s.services, MaxInFlight: s.inFlight}), slog.New(slog.DiscardHandler)))
}

func (s *server) run(t *testing.T, d *dispatch.Dispatcher) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{d, cancel, make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() { r.stop(); <-r.ended })
	return r
}

// send accepts a message as the API does.
func (s *server) send(t *testing.T, d *running, now time.Time, body string) push.ID {
	t.Helper()
	status, batches, err := s.CreateMessage(t.Context(), s.site.ID, pushtest.Message(t, now, body), push.CreateOptions{Lease: true})
	if err != nil {
		t.Fatal(err)
	}
	d.Hand(batches)
	d.Wake()
	return status.ID
}

// await waits until a message's state is as wanted.
func (s *server) await(t *testing.T, id push.ID, what string, ok func(push.MessageStatus) bool) push.MessageStatus {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		status, err := s.MessageStatus(t.Context(), s.site.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		c := status.Counts
		if c.Targeted != c.Accepted+c.Gone+c.Failed+c.Expired+c.Cancelled+c.Pending {
			t.Fatalf("the counts do not add up: %+v", c)
		}
		if ok(status) {
			return status
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never came: %+v", what, status)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *server) awaitSent(t *testing.T, id push.ID) push.Counts {
	t.Helper()
	return s.await(t, id, "sent", func(m push.MessageStatus) bool { return m.State == wire.MessageSent }).Counts
}

func to(sub push.Subscription, more string) string {
	return `{"audience": {"subscriptions": ["` + sub.ID.String() + `"]}` + more + `}`
}

// Only the vendor's word deletes.
func TestOnlyGoneDeletes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	})
	want := map[string]push.Counts{
		"201": {Targeted: 1, Accepted: 1},
		"404": {Targeted: 1, Gone: 1}, "410": {Targeted: 1, Gone: 1},
		"broken": {Targeted: 1, Expired: 1},
	}
	for _, failed := range []string{"301", "307", "400", "401", "403", "413", "418"} {
		want[failed] = push.Counts{Targeted: 1, Failed: 1}
	}
	// With TTL 0 there is no second try.
	for _, expired := range []string{"406", "408", "429", "500", "502", "503"} {
		want[expired] = push.Counts{Targeted: 1, Expired: 1}
	}
	ids := map[string]push.ID{}
	for path := range want {
		ids[path] = s.send(t, d, time.Now(), to(s.subscribe(t, "/"+path), `, "ttl": 0`))
	}
	for path, id := range ids {
		if got := s.awaitSent(t, id); got != want[path] {
			t.Errorf("%s: got %+v, want %+v", path, got, want[path])
		}
		if n := len(s.seen("/" + path)); n != 1 {
			t.Errorf("%s: %d requests", path, n)
		}
		_, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, s.url+"/"+path)
		if gone := path == "404" || path == "410"; (err != nil) != gone {
			t.Errorf("%s: the subscription: %v", path, err)
		}
	}
	if len(s.seen("/elsewhere")) > 0 {
		t.Error("a redirect was followed")
	}
}

func TestRetriesAreAsThePushServiceAsks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	times := make(chan time.Time, 10)
	var n atomic.Int32
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		times <- time.Now()
		if n.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	id := s.send(t, d, time.Now(), to(s.subscribe(t, "/a"), `, "ttl": 60, "topic": "t"`))
	if got := s.awaitSent(t, id); got != (push.Counts{Targeted: 1, Accepted: 1}) {
		t.Errorf("got %+v", got)
	}
	first, second := <-times, <-times
	if waited := second.Sub(first); waited < time.Second || waited > 4*time.Second {
		t.Errorf("the second try came after %v, want a second or a little more", waited)
	}
	requests := s.seen("/a")
	if one, two := requests[0].Get("TTL"), requests[1].Get("TTL"); two >= one {
		t.Errorf("the TTL was %s and is still %s: what remains must be sent", one, two)
	}
	if requests[0].Get("Topic") != requests[1].Get("Topic") {
		t.Error("the topic has changed")
	}
}

func TestRetriesEndWithTheTTL(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "61")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	sub := s.subscribe(t, "/a")
	if got := s.awaitSent(t, s.send(t, d, time.Now(), to(sub, `, "ttl": 60`))); got.Expired != 1 {
		t.Errorf("got %+v: the next try would come after the TTL's end", got)
	}
	id := s.send(t, d, time.Now(), to(sub, `, "ttl": 120`))
	s.await(t, id, "a second request", func(m push.MessageStatus) bool { return m.Counts.Pending == 1 && len(s.seen("/a")) == 2 })
}

func TestTheTTLCountsFromWhenTheMessageWasDue(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	for name, c := range map[string]struct {
		ago    time.Duration
		ttl    string
		header string
	}{
		"late":         {10*time.Second + 500*time.Millisecond, "60", "49"},
		"too-late":     {time.Minute, "60", ""},
		"now":          {0, "0", "0"},
		"still-now":    {10 * time.Second, "0", "0"},
		"not-now":      {time.Minute, "0", ""},
		"long-waiting": {time.Hour, "2419200", "2415599"},
	} {
		id := s.send(t, d, time.Now().Add(-c.ago), to(s.subscribe(t, "/"+name), `, "ttl": `+c.ttl))
		got := s.awaitSent(t, id)
		requests := s.seen("/" + name)
		if c.header == "" {
			if got.Expired != 1 || len(requests) > 0 {
				t.Errorf("%s: got %+v with %d requests", name, got, len(requests))
			}
			continue
		}
		if got.Accepted != 1 || len(requests) != 1 {
			t.Fatalf("%s: got %+v with %d requests", name, got, len(requests))
		}
		want, _ := strconv.Atoi(c.header)
		if ttl, err := strconv.Atoi(requests[0].Get("TTL")); err != nil || ttl > want || ttl < want-10 {
			t.Errorf("%s: the TTL is %q, want %s", name, requests[0].Get("TTL"), c.header)
		}
	}
}

func TestOnePersonsMessageOvertakesABroadcast(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := s.dispatch(t, s.Store)
	release := make(chan struct{})
	unblock := sync.OnceFunc(func() { close(release) })
	t.Cleanup(unblock)
	s.answer(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/one" {
			<-release
		}
	})
	s.subscribeMany(t, 200)
	broadcast := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
	<-s.arrived
	one := s.send(t, d, time.Now(), to(s.subscribe(t, "/one"), ""))
	if got := s.awaitSent(t, one); got.Accepted != 1 {
		t.Errorf("got %+v", got)
	}
	unblock()
	if got := s.awaitSent(t, broadcast); got.Accepted != got.Targeted || got.Targeted < 200 {
		t.Errorf("the broadcast: %+v", got)
	}
}

func TestShutdownFinishesWhatIsInFlightAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	release := make(chan struct{})
	unblock := sync.OnceFunc(func() { close(release) })
	t.Cleanup(unblock)
	s.answer(func(http.ResponseWriter, *http.Request) { <-release })
	s.subscribeMany(t, 150)
	d := s.dispatch(t, s.Store)
	id := s.send(t, d, time.Now(), `{"audience": {"all": true}}`)
	for range 5 {
		<-s.arrived
	}
	d.stop()
	select {
	case <-d.ended:
		t.Fatal("it ended with requests under way")
	case <-time.After(50 * time.Millisecond):
	}
	unblock()
	<-d.ended
	status, err := s.MessageStatus(t.Context(), s.site.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for i := range 150 {
		sent += len(s.seen(fmt.Sprint("/", i)))
	}
	if c := status.Counts; int(c.Accepted) != sent || sent < 5 || c.Pending == 0 {
		t.Errorf("%d were sent, and %+v is on record", sent, c)
	}
	// What a late caller hands over waits for the next start.
	late := s.send(t, d, time.Now(), to(s.subscribe(t, "/late"), ""))

	if err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.dispatch(t, s.Store)
	if got := s.awaitSent(t, id); got.Accepted != 150 {
		t.Errorf("got %+v", got)
	}
	s.awaitSent(t, late)
	for i := range 150 {
		if n := len(s.seen(fmt.Sprint("/", i))); n != 1 {
			t.Errorf("/%d got %d requests, want one", i, n)
		}
	}
}

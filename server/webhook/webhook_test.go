package webhook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/webhook"
	"github.com/pushkit/pushkit/server/wire"
)

// request is one that a receiver got.
type request struct {
	header http.Header
	body   []byte
}

// receiver is a back end with a server beside it, by one clock that a test may move.
type receiver struct {
	*httptest.Server
	store *sqlite.Store
	site  push.Site
	// answer is what it answers the n-th request, from 0, with.
	answer  func(w http.ResponseWriter, n int)
	arrived chan request
	log     *syncBuffer

	requests atomic.Int64
	ahead    atomic.Int64
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (r *receiver) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

func (r *receiver) advance(d time.Duration) { r.ahead.Add(int64(d)) }

// receive starts a receiver, which speaks TLS.
func receive(t *testing.T, answer func(w http.ResponseWriter, n int)) *receiver {
	t.Helper()
	r := &receiver{answer: answer, arrived: make(chan request, 10_000), log: new(syncBuffer)}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		n := int(r.requests.Add(1)) - 1
		r.arrived <- request{q.Header, body}
		if r.answer != nil {
			r.answer(w, n)
		}
	}))
	t.Cleanup(r.Close)
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r.store = store
	if r.site, err = store.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	return r
}

// host is what an operator would list.
func (r *receiver) host() string { return strings.TrimPrefix(r.URL, "https://") }

func (r *receiver) trusted() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(r.Certificate())
	return &tls.Config{RootCAs: pool}
}

func hosts(t *testing.T, texts ...string) *webhook.Hosts {
	t.Helper()
	h, err := webhook.ParseHosts(texts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (r *receiver) add(t *testing.T, url string, types push.WebhookTypes) push.Webhook {
	t.Helper()
	w, err := r.store.AddWebhook(t.Context(), r.site.ID, push.Webhook{URL: url, Types: types, Secret: push.NewWebhookSecret()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (r *receiver) webhook(t *testing.T, id push.ID) (w push.Webhook) {
	t.Helper()
	webhooks, err := r.store.ListWebhooks(t.Context(), r.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, w = range webhooks {
		if w.ID == id {
			return w
		}
	}
	t.Fatalf("there is no webhook %s", id)
	return w
}

// attempts counts by type and outcome.
type attempts struct{ sync.Map }

func (a *attempts) WebhookAttempted(kind string, delivered bool) {
	n, _ := a.LoadOrStore(fmt.Sprint(kind, " ", delivered), new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func (a *attempts) count(kind string, delivered bool) int64 {
	n, ok := a.Load(fmt.Sprint(kind, " ", delivered))
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

// deliver runs a deliverer until the test ends, or stop is called.
func (r *receiver) deliver(t *testing.T, allowed *webhook.Hosts) (d *webhook.Deliverer, seen *attempts, stop func()) {
	t.Helper()
	seen = new(attempts)
	d = webhook.New(r.store, webhook.NewSender(allowed, r.trusted()), slog.New(slog.NewTextHandler(r.log, nil)), seen)
	d.SetClock(r.now)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return d, seen, stop
}

func (r *receiver) subscribe(t *testing.T, path string) push.Subscription {
	t.Helper()
	sub, _, err := r.store.PutSubscription(t.Context(), r.site.ID, pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/"+path, `"channels": ["news"]`))
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func await(t *testing.T, so func() bool) {
	t.Helper()
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}

// verify holds a request against a secret, as a receiver does.
func verify(t *testing.T, secret string, q request) error {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.Verify(q.body, q.header)
}

// A message that is sent is told to a receiver, who verifies it by the library.
func TestAReceiverIsToldThatAMessageIsSent(t *testing.T) {
	r := receive(t, nil)
	w := r.add(t, r.URL+"/hooks?from=pushkit", push.TypeMessageSent)
	_, seen, _ := r.deliver(t, hosts(t, r.host()))
	sub := r.subscribe(t, "a")
	m := pushtest.Message(t, r.now(), `{"audience": {"subscriptions": ["`+sub.ID.String()+`"]}}`)
	_, batches, err := r.store.CreateMessage(t.Context(), r.site.ID, m, push.CreateOptions{Lease: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Record(t.Context(), []push.DeliveryResult{{Delivery: batches[0].Deliveries[0], Outcome: push.DeliveryAccepted}}); err != nil {
		t.Fatal(err)
	}
	got := <-r.arrived
	if err := verify(t, w.Secret.String(), got); err != nil {
		t.Errorf("%v of %v", err, got.header)
	}
	var payload struct {
		Type, Timestamp string
		Data            wire.MessageResponse
	}
	if err := json.Unmarshal(got.body, &payload); err != nil || payload.Type != "message.sent" || payload.Data.ID != m.ID.String() || payload.Data.State != "sent" || payload.Data.Counts.Accepted != 1 {
		t.Errorf("got %s, %v", got.body, err)
	}
	if at, err := time.Parse(time.RFC3339, payload.Timestamp); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("it happened at %s, %v", payload.Timestamp, err)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("User-Agent") != "pushkit" {
		t.Errorf("got %v", got.header)
	}
	await(t, func() bool { return r.webhook(t, w.ID).Waiting == 0 })
	if got := r.webhook(t, w.ID); got.SucceededAt.IsZero() || got.Failures != 0 || seen.count("message.sent", true) != 1 {
		t.Errorf("got %+v", got)
	}
}

// What a stranger has made up, changed or repeats later is refused by a receiver that
// verifies.
func TestARepeatedOrChangedRequestDoesNotVerify(t *testing.T) {
	r := receive(t, nil)
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	got := <-r.arrived
	if err := verify(t, w.Secret.String(), got); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(q *request){
		"body":             func(q *request) { q.body = append([]byte(" "), q.body...) },
		"id":               func(q *request) { q.header.Set("webhook-id", push.NewID().String()) },
		"later time":       func(q *request) { q.header.Set("webhook-timestamp", fmt.Sprint(time.Now().Unix()+60)) },
		"other's request":  func(q *request) { q.header.Set("webhook-signature", "v1,"+strings.Repeat("A", 43)+"=") },
		"unsigned request": func(q *request) { q.header.Del("webhook-signature") },
	} {
		q := request{got.header.Clone(), got.body}
		change(&q)
		if err := verify(t, w.Secret.String(), q); err == nil {
			t.Errorf("another %s verifies", what)
		}
	}
	// The library takes five minutes. A repetition is as old as the attempt that it
	// repeats, however new the event's next attempt is.
	old := webhook.NewSender(hosts(t, r.host()), r.trusted())
	old.SetClock(func() time.Time { return time.Now().Add(-6 * time.Minute) })
	event, err := push.NewWebhookEvent(push.TypeTest, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if result := old.Send(t.Context(), &w, event); result.Status != 200 {
		t.Fatalf("got %+v", result)
	}
	if err := verify(t, w.Secret.String(), <-r.arrived); err == nil || !strings.Contains(err.Error(), "too old") {
		t.Errorf("got %v", err)
	}
	if err := verify(t, push.NewWebhookSecret().String(), got); err == nil {
		t.Error("another webhook's secret verifies")
	}
}

func TestAnEventIsToldUntilItIsTaken(t *testing.T) {
	r := receive(t, func(w http.ResponseWriter, n int) {
		switch n {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			// A redirect is an answer, and no 2xx.
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		case 2:
			w.WriteHeader(http.StatusNoContent)
		default:
			t.Errorf("it is told again, after it was taken")
		}
	})
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	d, seen, _ := r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	first := <-r.arrived
	for n := range 2 {
		await(t, func() bool { return r.webhook(t, w.ID).Failures == n+1 })
		if n == 1 && !strings.HasPrefix(r.webhook(t, w.ID).Failure, "307") {
			t.Errorf("got %q", r.webhook(t, w.ID).Failure)
		}
		r.advance(time.Minute)
		if _, err := r.store.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Wake()
		again := <-r.arrived
		if again.header.Get("webhook-id") != first.header.Get("webhook-id") || string(again.body) != string(first.body) {
			t.Errorf("the attempt %d is %v %s", n+1, again.header, again.body)
		}
		if err := verify(t, w.Secret.String(), again); err != nil {
			t.Error(err)
		}
	}
	await(t, func() bool { return r.webhook(t, w.ID).Waiting == 0 })
	if got := r.webhook(t, w.ID); got.Failures != 0 || !got.FailingSince.IsZero() || got.Failure == "" || seen.count("subscription.created", false) != 2 || seen.count("subscription.created", true) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestAReceiverIsLeftAloneAsItAsks(t *testing.T) {
	r := receive(t, func(w http.ResponseWriter, n int) {
		if n == 0 {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	d, _, _ := r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	<-r.arrived
	await(t, func() bool { return r.webhook(t, w.ID).Failures == 1 })
	// Another event does not disturb it either.
	r.subscribe(t, "b")
	r.advance(119 * time.Minute)
	r.store.Beat(t.Context())
	d.Wake()
	next, err := r.store.NextWebhooks(t.Context())
	if err != nil || len(next) != 1 || !next[0].At.After(r.now()) || r.requests.Load() != 1 {
		t.Fatalf("got %+v, %v", next, err)
	}
	r.advance(2 * time.Minute)
	r.store.Beat(t.Context())
	d.Wake()
	<-r.arrived
	<-r.arrived
	await(t, func() bool { return r.webhook(t, w.ID).Waiting == 0 })
}

// A receiver that is away is not called for each event that waits: it is tried with one,
// and gets the rest when it has taken that.
func TestAReceiverThatFailsIsTriedWithOneEvent(t *testing.T) {
	var up atomic.Bool
	r := receive(t, func(w http.ResponseWriter, n int) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	d, _, _ := r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "first")
	await(t, func() bool { return r.webhook(t, w.ID).Failures == 1 })
	const events = 50
	for i := range events {
		r.subscribe(t, fmt.Sprint(i))
	}
	for n := range 4 {
		if got := r.requests.Load(); got != int64(n+1) {
			t.Fatalf("after %d failures there were %d requests", n+1, got)
		}
		r.advance(30 * time.Minute)
		if _, err := r.store.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.Wake()
		await(t, func() bool { return r.webhook(t, w.ID).Failures == n+2 })
	}
	up.Store(true)
	r.advance(30 * time.Minute)
	r.store.Beat(t.Context())
	d.Wake()
	// Those that failed come at their own time.
	await(t, func() bool { return r.webhook(t, w.ID).Waiting <= 5 })
}

func TestAWebhookThatIsGoneIsDisabledWithOneLine(t *testing.T) {
	r := receive(t, func(w http.ResponseWriter, n int) { http.Error(w, "no more\r\nforged line", http.StatusGone) })
	w := r.add(t, r.URL+"/secret-path", push.TypeSubscriptionCreated)
	r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	await(t, func() bool { return strings.Contains(r.log.String(), "disabled") })
	r.subscribe(t, "b")
	if got := r.webhook(t, w.ID); got.DisabledAt.IsZero() || got.Waiting != 1 || r.requests.Load() != 1 {
		t.Errorf("got %+v", got)
	}
	if text := r.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "status=410") || strings.Contains(text, "secret-path") || !strings.Contains(text, w.ID.String()) {
		t.Errorf("the log says %s", text)
	}
}

func TestOneThatFailsHoldsUpNoOther(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	r := receive(t, nil)
	r.add(t, slow.URL, push.TypeSubscriptionCreated)
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	r.deliver(t, hosts(t, r.host(), strings.TrimPrefix(slow.URL, "http://")))
	const events = 200
	for i := range events {
		r.subscribe(t, fmt.Sprint(i))
	}
	ids := map[string]bool{}
	for range events {
		ids[(<-r.arrived).header.Get("webhook-id")] = true
	}
	if len(ids) != events {
		t.Errorf("%d events were told", len(ids))
	}
	await(t, func() bool { return r.webhook(t, w.ID).Waiting == 0 })
}

func TestADeletedWebhookIsToldNothingMore(t *testing.T) {
	began := make(chan struct{})
	release := make(chan struct{})
	r := receive(t, func(w http.ResponseWriter, n int) {
		close(began)
		<-release
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	d, _, stop := r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	<-began
	if ok, err := r.store.DeleteWebhook(t.Context(), r.site.ID, w.ID); !ok || err != nil {
		t.Fatal(ok, err)
	}
	close(release)
	r.subscribe(t, "b")
	r.advance(time.Hour)
	d.Wake()
	stop()
	if n, err := r.store.CountWebhookEvents(t.Context(), r.site.ID); n != 0 || err != nil || r.requests.Load() != 1 {
		t.Errorf("%d wait, %d requests, %v", n, r.requests.Load(), err)
	}
}

// What is under way when a server is told to end is awaited and written: it is not told
// again by the next one.
func TestWhatIsUnderWayIsWrittenAtTheEnd(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	r := receive(t, func(w http.ResponseWriter, n int) {
		close(began)
		<-release
	})
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	_, _, stop := r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	<-began
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stop()
	}()
	select {
	case <-ended:
		t.Error("it is not awaited")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-ended
	if got := r.webhook(t, w.ID); got.Waiting != 0 || got.SucceededAt.IsZero() {
		t.Errorf("got %+v", got)
	}
}

// After a rotation a receiver verifies with the secret of before, or the new one, for a
// day.
func TestBothSecretsVerifyForADay(t *testing.T) {
	r := receive(t, nil)
	w := r.add(t, r.URL, push.TypeSubscriptionCreated)
	rotated, err := r.store.RotateWebhook(t.Context(), r.site.ID, w.ID, push.NewWebhookSecret())
	if err != nil {
		t.Fatal(err)
	}
	r.deliver(t, hosts(t, r.host()))
	r.subscribe(t, "a")
	got := <-r.arrived
	for _, secret := range []push.WebhookSecret{w.Secret, rotated.Secret} {
		if err := verify(t, secret.String(), got); err != nil {
			t.Error(err)
		}
	}
	later := webhook.NewSender(hosts(t, r.host()), r.trusted())
	later.SetClock(func() time.Time { return time.Now().Add(push.FormerTime + time.Second) })
	event, err := push.NewWebhookEvent(push.TypeTest, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	later.Send(t.Context(), &rotated, event)
	if got := (<-r.arrived).header.Get("webhook-signature"); strings.Contains(got, " ") {
		t.Errorf("a day later it is signed %s", got)
	}
}

package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/webpush"
	service "github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// scrape is what a monitor gets.
func scrape(t testing.TB, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("a scrape is answered %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wantLines(t *testing.T, scraped string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			t.Errorf("there is no line %s in\n%s", line, strings.Join(own(scraped), "\n"))
		}
	}
}

// own are the lines of pushkit's metrics.
func own(scraped string) (lines []string) {
	for line := range strings.Lines(scraped) {
		if strings.HasPrefix(line, "pushkit_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// sending is a store with a dispatcher whose messages arrive at a push service that is
// Google's by name.
type sending struct {
	*sqlite.Store
	site    push.Site
	google  *service.Service
	metrics *metrics.Metrics
}

func send(t *testing.T) *sending {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &sending{Store: store}
	if s.site, err = store.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	if s.google, err = service.Start(service.Options{Name: "fcm.googleapis.com"}); err != nil {
		t.Fatal(err)
	}
	services := pushtest.Services(t, s.google.Rule())
	s.metrics = metrics.New(metrics.Options{Version: "v1.2.3", Revision: "abc", Store: store})
	client := webpush.NewClient(webpush.Options{Services: services, Subject: "mailto:test@example.com", TLS: s.google.TLS()})
	dispatcher := dispatch.New(store, store, client, slog.New(slog.DiscardHandler))
	dispatcher.Observe(s.metrics)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { dispatcher.Run(ctx) })
	running.Go(func() { store.Watch(ctx, dispatcher.Wake) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		s.google.Close()
		store.Close()
	})
	return s
}

const user = "somebody@example.com"

// subscribe adds n subscribers at Google's, who are one user's.
func (s *sending) subscribe(t *testing.T, n int) (endpoints []string) {
	t.Helper()
	services := pushtest.Services(t, s.google.Rule())
	for i := range n {
		browser := s.google.Subscription(i)
		r := pushtest.Subscribe(t, services, browser.Endpoint, fmt.Sprintf(`"keys": {"p256dh": %q, "auth": %q}`, browser.P256dh, browser.Auth))
		r.User = user
		if _, _, err := s.PutSubscription(t.Context(), s.site.ID, r); err != nil {
			t.Fatal(err)
		}
		endpoints = append(endpoints, browser.Endpoint)
	}
	return endpoints
}

// deliver sends a message to all and awaits its end.
func (s *sending) deliver(t *testing.T) {
	t.Helper()
	message := pushtest.Message(t, time.Now(), `{"audience": {"all": true}}`)
	status, _, err := s.CreateMessage(t.Context(), s.site.ID, message, push.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		status, err = s.MessageStatus(t.Context(), s.site.ID, status.ID)
		return err == nil && status.State == wire.MessageSent
	})
}

func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}

func TestWhatWasSentIsCounted(t *testing.T) {
	s := send(t)
	endpoints := s.subscribe(t, 5)
	s.google.End(4)
	s.deliver(t)
	scraped := scrape(t, s.metrics)
	wantLines(t, scraped,
		`pushkit_delivery_attempts_total{outcome="accepted",service="google"} 4`,
		`pushkit_delivery_attempts_total{outcome="gone",service="google"} 1`,
		`pushkit_delivery_attempts_total{outcome="refused",service="google"} 0`,
		`pushkit_delivery_delay_seconds_count{service="google"} 4`,
		`pushkit_delivery_delay_seconds_bucket{service="google",le="15"} 4`,
		`pushkit_push_service_halted{service="google"} 0`,
		`pushkit_queue_late_seconds 0`,
		`pushkit_subscriptions_failing{site="default"} 0`,
		// It ended before the first scrape.
		`pushkit_subscriptions_ended_total{reason="refused",site="default"} 0`,
		`pushkit_subscriptions_ended_total{reason="unsubscribed",site="default"} 0`,
	)
	if !strings.Contains(scraped, `pushkit_build_info{goversion="go1.`) || !strings.Contains(scraped, `revision="abc",version="v1.2.3"} 1`) {
		t.Error("nothing tells which pushkit it is")
	}
	for _, name := range []string{"go_goroutines", "process_open_fds"} {
		if !strings.Contains(scraped, "\n"+name+" ") {
			t.Errorf("there is no %s", name)
		}
	}
	// Who gets what is nobody's business who watches.
	for _, secret := range append(endpoints, user) {
		token := secret[strings.LastIndexByte(secret, '/')+1:]
		if strings.Contains(scraped, secret) || strings.Contains(scraped, token) {
			t.Errorf("%s is told", secret)
		}
	}
}

func TestAPushServiceThatIsHaltedIsTold(t *testing.T) {
	s := send(t)
	s.subscribe(t, 40)
	s.google.RequireKey("another")
	message := pushtest.Message(t, time.Now(), `{"audience": {"all": true}}`)
	if _, _, err := s.CreateMessage(t.Context(), s.site.ID, message, push.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		return strings.Contains(scrape(t, s.metrics), `pushkit_push_service_halted{service="google"} 1`)
	})
}

func TestHaltedServicesThatAreNoVendorsAreCountedTogether(t *testing.T) {
	m := metrics.New(metrics.Options{})
	for _, name := range []string{"push.example.com", "push.example.net"} {
		m.Halted(name, true)
	}
	m.Halted("apple", true)
	wantLines(t, scrape(t, m), `pushkit_push_service_halted{service="other"} 2`, `pushkit_push_service_halted{service="apple"} 1`)
	m.Halted("push.example.com", false)
	m.Halted("apple", false)
	wantLines(t, scrape(t, m), `pushkit_push_service_halted{service="other"} 1`, `pushkit_push_service_halted{service="apple"} 0`)
}

func TestHowManyHostsThereAreDoesNotMatter(t *testing.T) {
	m := metrics.New(metrics.Options{})
	before := len(own(scrape(t, m)))
	for i := range 1000 {
		m.Attempted(fmt.Sprintf("host%d.example.com", i), webpush.Accepted, time.Second)
		m.Halted(fmt.Sprintf("host%d.example.com", i), true)
	}
	scraped := scrape(t, m)
	if after := len(own(scraped)); after != before {
		t.Errorf("there were %d lines and are %d", before, after)
	}
	wantLines(t, scraped, `pushkit_delivery_attempts_total{outcome="accepted",service="other"} 1000`)
}

// late is a store whose queue is late, and which may fail.
type late struct {
	push.Store
	mu    sync.Mutex
	by    time.Duration
	err   error
	asked int
}

func (l *late) NextDue(context.Context, []push.Lane, []push.Lane) (time.Time, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return time.Now().Add(-l.by), true, l.err
}

func (l *late) ListSites(context.Context) ([]push.Site, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return []push.Site{{ID: 1, Name: push.DefaultSite}}, l.err
}

func (l *late) CountFailing(context.Context, push.SiteID, time.Time) (int64, error) {
	return 7, l.err
}

func (l *late) Losses(context.Context, push.SiteID, push.Day, push.Day) ([]push.Loss, error) {
	return nil, l.err
}

func (l *late) CountWebhookEvents(context.Context, push.SiteID) (int64, error) {
	return 3, l.err
}

func TestWhatWebhooksWereToldIsCounted(t *testing.T) {
	m := metrics.New(metrics.Options{Store: &late{}})
	m.WebhookAttempted(wire.WebhookMessageSent, true)
	m.WebhookAttempted(wire.WebhookMessageSent, false)
	m.WebhookAttempted(wire.WebhookMessageSent, false)
	wantLines(t, scrape(t, m),
		`pushkit_webhook_deliveries_total{outcome="delivered",type="message.sent"} 1`,
		`pushkit_webhook_deliveries_total{outcome="failed",type="message.sent"} 2`,
		`pushkit_webhook_deliveries_total{outcome="failed",type="notification.clicked"} 0`,
		`pushkit_webhook_events_waiting{site="default"} 3`)
}

func TestHowLateTheQueueIs(t *testing.T) {
	store := &late{by: 90 * time.Second}
	m := metrics.New(metrics.Options{Store: store})
	var seconds float64
	scraped := scrape(t, m)
	_, rest, _ := strings.Cut(scraped, "\npushkit_queue_late_seconds ")
	if _, err := fmt.Sscan(rest, &seconds); err != nil || seconds < 90 || seconds > 100 {
		t.Errorf("it is late by %v, %v", seconds, err)
	}
	wantLines(t, scraped, `pushkit_subscriptions_failing{site="default"} 7`)
	// However often somebody scrapes, the store is not asked.
	for range 20 {
		scrape(t, m)
	}
	if store.asked > 4 {
		t.Errorf("the store was asked %d times", store.asked)
	}
	// What is due tomorrow is not late.
	wantLines(t, scrape(t, metrics.New(metrics.Options{Store: &late{by: -time.Hour}})), "pushkit_queue_late_seconds 0")
}

func TestAStoreThatIsAwayKeepsNothingElseBack(t *testing.T) {
	scraped := scrape(t, metrics.New(metrics.Options{Store: &late{err: errors.New("away")}}))
	if strings.Contains(scraped, "pushkit_queue_late_seconds ") || !strings.Contains(scraped, "pushkit_build_info") {
		t.Errorf("got %v", own(scraped))
	}
}

func TestTheMetricsAreAsPrometheusWantsThem(t *testing.T) {
	m := metrics.New(metrics.Options{Store: &late{}})
	m.Requested("/v1/messages/{id}", "GET", 200, time.Millisecond)
	m.Requested(metrics.NoRoute, "BREW", 404, time.Millisecond)
	problems, err := promlint.New(strings.NewReader(scrape(t, m))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	if text, _ := io.ReadAll(w.Body); !strings.HasSuffix(string(text), "# EOF\n") {
		t.Errorf("got %s", text)
	}
}

// Counting is on the path of every message.
func TestCountingAllocatesNothing(t *testing.T) {
	m := metrics.New(metrics.Options{})
	for _, name := range []string{"google", "microsoft", "push.example.com"} {
		if n := testing.AllocsPerRun(100, func() { m.Attempted(name, webpush.Accepted, time.Second) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkAttempted(b *testing.B) {
	m := metrics.New(metrics.Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Attempted("google", webpush.Accepted, 20*time.Millisecond)
		}
	})
}

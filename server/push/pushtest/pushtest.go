// Package pushtest has what tests of push need: the suite that every
// [push.Store] must pass, browsers' subscriptions, messages, and a clock.
package pushtest

import (
	"encoding/json"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A browser's keys in base64url, as PushSubscription.toJSON() gives them. They
// are those of RFC 8291 section 5, whose private key everybody knows.
const (
	P256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	Auth   = "BTBZMqHH6r4Tts7J_aSIgg"
)

// A Clock stands still until a test moves it. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows the present, in whole milliseconds.
func NewClock() *Clock { return &Clock{now: time.Now().Truncate(time.Millisecond)} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Subscribe is a checked request for an endpoint. members are of the body of
// POST /v1/subscriptions and replace or join the usual ones, for example
// `"channels": ["news"]`. services says which endpoints may be used.
func Subscribe(t testing.TB, services *webpush.Services, endpoint, members string) *push.Subscribe {
	t.Helper()
	r := wire.SubscribeRequest{Endpoint: endpoint, Keys: wire.Keys{P256dh: P256dh, Auth: Auth}}
	if err := json.Unmarshal([]byte("{"+members+"}"), &r); err != nil {
		t.Fatal(err)
	}
	s, err := push.ParseSubscribe(r, services)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Services are the browser vendors' and more.
func Services(t testing.TB, more ...string) *webpush.Services {
	t.Helper()
	services, err := webpush.ParseServices(append(more, webpush.VendorServices...))
	if err != nil {
		t.Fatal(err)
	}
	return services
}

// Message is a checked message. body is that of POST /v1/messages without
// notification.
func Message(t testing.TB, now time.Time, body string) *push.Message {
	t.Helper()
	return MessageIn(t, now, body, push.Hours{})
}

// MessageIn is Message of a site that has hours.
func MessageIn(t testing.TB, now time.Time, body string, hours push.Hours) *push.Message {
	t.Helper()
	var r wire.MessageRequest
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	if r.Notification.Title == "" {
		r.Notification.Title = "Hello"
	}
	m, _, err := push.ParseMessage(r, &url.URL{Scheme: "https", Host: "example.com", Path: "/"}, hours, now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

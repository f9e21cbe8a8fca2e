package api_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func testBody(endpoint string) string { return fmt.Sprintf(`{"endpoint": %q}`, endpoint) }

// Who asks for a test message is told what the push service said of it, in plain words.
func TestATestMessageTellsWhatBecameOfIt(t *testing.T) {
	for state, result := range map[string]push.DeliveryResult{
		"accepted": {Outcome: push.DeliveryAccepted},
		"failed":   {Outcome: push.DeliveryFailed, Status: 403, Reason: "the VAPID credentials do not correspond"},
		"gone":     {Outcome: push.DeliveryGone, Status: 410, Reason: "unsubscribed or expired"},
		"expired":  {Outcome: push.DeliveryExpired, Status: 503, Reason: "busy"},
	} {
		t.Run(state, func(t *testing.T) {
			s := newServer(t)
			want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(someEndpoint, "")), 201)
			s.sendsAs(result)
			got := want(t, s.call("POST", wire.PathSubscriptionsTest, testBody(someEndpoint)), 200)
			if got["state"] != state || got["pushService"] != "google" {
				t.Errorf("got %v", got)
			}
			if state == "accepted" {
				if len(got) != 3 {
					t.Errorf("got more than that it was accepted: %v", got)
				}
				return
			}
			if got["status"] != float64(result.Status) || got["reason"] != result.Reason || got["meaning"] == nil || got["advice"] == nil {
				t.Errorf("got %v", got)
			}
		})
	}
}

// It is a fixed text to this subscription alone, of which nothing in the request can
// be a part.
func TestATestMessageIsAFixedTextToItsSubscription(t *testing.T) {
	s := newServer(t)
	id := want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(someEndpoint, "")), 201)["id"]
	want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(someEndpoint+"/other", "")), 201)
	var sent []push.Delivery
	s.sendsAs(push.DeliveryResult{Outcome: push.DeliveryAccepted})
	record := s.dispatcher.sends
	s.dispatcher.sends = func(batch push.Batch) {
		sent = append(sent, batch.Deliveries...)
		record(batch)
	}
	want(t, s.call("POST", wire.PathSubscriptionsTest, `{"endpoint": "`+someEndpoint+`", "notification": {"title": "mine"}, "title": "mine", "audience": {"all": true}}`), 200)
	if len(sent) != 1 || sent[0].SubscriberID.String() != id {
		t.Fatalf("sent to %v", sent)
	}
	if !sent[0].Message.Audience.Test {
		t.Error("it counts as the site's own")
	}
	if text := string(sent[0].Payload.Template()); strings.Contains(text, "mine") || !strings.Contains(text, `"title":"Test notification"`) || !strings.Contains(text, `"tag":"`+wire.TestTag+`"`) {
		t.Errorf("the payload is %s", text)
	}
}

// Neither a subscriber nor a push service is bothered by whoever knows endpoints.
func TestTestMessagesAreFew(t *testing.T) {
	// A time that has passed by the store's clock, so that each message is due.
	now := time.Now().Add(-time.Hour)
	s := newServer(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	endpoint := func(i int) string { return fmt.Sprintf("%s/%d", someEndpoint, i) }
	for i := range 12 {
		want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(endpoint(i), "")), 201)
	}
	s.sendsAs(push.DeliveryResult{Outcome: push.DeliveryAccepted})
	taken := func(i int) bool {
		w := s.call("POST", wire.PathSubscriptionsTest, testBody(endpoint(i)))
		if w.Code == 200 && want(t, w, 200)["state"] != "accepted" {
			t.Errorf("got %s", w.Body)
		}
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Errorf("no Retry-After in %v", w.Header())
		}
		return w.Code == 200
	}
	for n := range 5 {
		if got := taken(0); got != (n < 3) {
			t.Errorf("test %d of a subscription is taken: %v", n+1, got)
		}
	}
	// The address has had three.
	for i := 1; i < 12; i++ {
		if got := taken(i); got != (i <= 7) {
			t.Errorf("test %d of an address is taken: %v", i+3, got)
		}
	}
	now = now.Add(30 * time.Second)
	if !taken(0) || taken(0) {
		t.Error("after half a minute there is not one more")
	}
	// An API key is no reason to have more.
	if w := s.call("POST", wire.PathSubscriptionsTest, testBody(endpoint(0)), withKey); w.Code != 429 {
		t.Errorf("with a key: %d", w.Code)
	}
}

func TestTheCheckPageHasItsFilesAndAPolicy(t *testing.T) {
	s := newServer(t)
	for path, contentType := range map[string]string{"/check/": "text/html", "/check/page.js": "text/javascript", "/check/style.css": "text/css"} {
		w := s.call("GET", path, "")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), contentType) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if contentType == "text/html" && (strings.Contains(w.Body.String(), " style=") || strings.Contains(w.Body.String(), "<style") || strings.Contains(w.Body.String(), "<script>")) {
			t.Error("the page has something inline")
		}
	}
	if w := s.call("GET", "/check", ""); w.Code != 303 || w.Header().Get("Location") != "/check/" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if w := s.call("GET", "/check/../api.go", ""); w.Code == 200 {
		t.Error("it serves other files")
	}
}

// Many addresses together make no more messages of a site than it can keep.
func TestASiteHasFewTestMessagesFromManyAddresses(t *testing.T) {
	now := time.Now().Add(-time.Hour)
	s := newServer(t, func(o *api.Options) {
		o.Now = func() time.Time { return now }
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	})
	s.sendsAs(push.DeliveryResult{Outcome: push.DeliveryAccepted})
	for i := range 62 {
		endpoint := fmt.Sprintf("%s/%d", someEndpoint, i)
		from := fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", i)
		want(t, s.call("POST", wire.PathSubscriptions, subscribeBody(endpoint, ""), from), 201)
		if w := s.call("POST", wire.PathSubscriptionsTest, testBody(endpoint), from); (w.Code == 200) != (i < 60) {
			t.Errorf("test %d of a site: %d %s", i+1, w.Code, w.Body)
		}
	}
}

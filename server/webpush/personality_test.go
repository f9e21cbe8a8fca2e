package webpush

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"
	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/pushkit/pushkit/server/emulator"
	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// startPersonality starts an emulator that answers as a vendor's service, and
// returns where it is, and the endpoint of a browser that subscribed with key.
func startPersonality(t *testing.T, as string, key VAPIDKey) (address, endpoint string) {
	t.Helper()
	service, err := emulator.New(emulator.Options{As: as})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service)
	t.Cleanup(func() { service.Close(); server.Close() })
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), &websocket.DialOptions{Subprotocols: []string{"push-notification"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	f := firefox{t, conn}
	f.call(frame{MessageType: "hello", UseWebPush: true})
	return server.URL, f.call(frame{MessageType: "register", ChannelID: uuid.NewString(), Key: key.Public()}).PushEndpoint
}

// emulatorRules lets a client reach an emulator, wherever its endpoints are.
func emulatorRules(address string) []string {
	rules := []string{address}
	for _, endpoint := range emulator.VendorEndpoints() {
		rules = append(rules, strings.TrimPrefix(endpoint, "https://")+"="+address)
	}
	return append(rules, VendorServices...)
}

func TestEveryVendorTakesWhatIsSent(t *testing.T) {
	for _, v := range vendors.All() {
		t.Run(v.Name, func(t *testing.T) {
			key, b := newKey(t), newBrowser(t)
			address, endpoint := startPersonality(t, v.Name, key)
			c := NewClient(Options{Services: mustServices(t, emulatorRules(address)...), Subject: "https://example.com/contact"})
			for _, ttl := range []time.Duration{0, 900 * time.Millisecond, time.Second, time.Minute, 60 * 24 * time.Hour} {
				for _, urgency := range []Urgency{"", UrgencyVeryLow, UrgencyLow, UrgencyNormal, UrgencyHigh} {
					for _, topic := range []string{"", "a", "new_event", "match 42: Ä ~", strings.Repeat("x", 256)} {
						r := c.Send(t.Context(), Message{
							Subscription: b.subscription(t, endpoint), Payload: []byte("hello"), TTL: KeepFor(ttl), Urgency: urgency, Topic: topic, Key: key,
						})
						if r.Outcome != Accepted {
							t.Errorf("TTL %v, urgency %q, topic %.20q: %+v", ttl, urgency, topic, r)
						}
					}
				}
			}
			if r := c.Send(t.Context(), Message{Subscription: b.subscription(t, endpoint), Payload: make([]byte, MaxPlaintext), TTL: KeepFor(time.Minute), Key: key}); r.Outcome != Accepted {
				t.Errorf("the longest message: %+v", r)
			}
			if r := c.Send(t.Context(), Message{Subscription: b.subscription(t, endpoint), TTL: KeepFor(time.Minute), Key: newKey(t)}); r.Outcome != KeyMismatch {
				t.Errorf("another key: %+v", r)
			}
			if r := c.Send(t.Context(), Message{Subscription: b.subscription(t, endpoint+"x"), TTL: KeepFor(time.Minute), Key: key}); r.Outcome != Gone {
				t.Errorf("an unknown endpoint: %+v", r)
			}
			without := NewClient(Options{Services: mustServices(t, emulatorRules(address)...)})
			if r := without.Send(t.Context(), Message{Subscription: b.subscription(t, endpoint), TTL: KeepFor(time.Minute), Key: key}); (r.Outcome == Accepted) != (v == vendors.Google) || r.Outcome != Accepted && r.Outcome != Refused {
				t.Errorf("without a subject: %+v", r)
			}
		})
	}
}

// to takes requests to an emulator, wherever its endpoints are.
type to string

func (address to) Do(r *http.Request) (*http.Response, error) {
	u, err := url.Parse(string(address))
	if err != nil {
		return nil, err
	}
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, u.Scheme, u.Host
	return http.DefaultClient.Do(r)
}

// What becomes of webpush-go's messages, with its defaults and its quirks:
// google, mozilla, apple, microsoft.
func TestWhatTheVendorsTakeOfWebpushGo(t *testing.T) {
	const yes = 201
	for _, c := range []struct {
		name    string
		options webpushgo.Options
		want    [4]int
	}{
		{"TTL 60", webpushgo.Options{Subscriber: "push@example.com", TTL: 60}, [4]int{yes, yes, yes, yes}},
		{"a subscriber with https", webpushgo.Options{Subscriber: "https://example.com", TTL: 60}, [4]int{yes, yes, yes, yes}},
		// Its default TTL, which it sends as 0.
		{"no TTL", webpushgo.Options{Subscriber: "push@example.com"}, [4]int{yes, yes, 400, 400}},
		// It puts mailto: before what has it already.
		{"a subscriber with mailto:", webpushgo.Options{Subscriber: "mailto:push@example.com", TTL: 60}, [4]int{yes, 401, 403, 401}},
		{"no subscriber", webpushgo.Options{TTL: 60}, [4]int{yes, 401, 403, 401}},
		{"a subscriber at localhost", webpushgo.Options{Subscriber: "push@localhost", TTL: 60}, [4]int{yes, yes, 403, yes}},
		// It sends a topic as it is.
		{"a topic of 9 characters", webpushgo.Options{Subscriber: "push@example.com", TTL: 60, Topic: "new_event"}, [4]int{yes, yes, 400, yes}},
		{"a topic of 40 characters", webpushgo.Options{Subscriber: "push@example.com", TTL: 60, Topic: strings.Repeat("a", 40)}, [4]int{400, 400, 400, 400}},
		{"urgency high", webpushgo.Options{Subscriber: "push@example.com", TTL: 60, Urgency: UrgencyHigh}, [4]int{yes, yes, yes, yes}},
		{"the longest record", webpushgo.Options{Subscriber: "push@example.com", TTL: 60, RecordSize: 4096}, [4]int{yes, yes, yes, yes}},
	} {
		for i, v := range []*vendors.Vendor{vendors.Google, vendors.Mozilla, vendors.Apple, vendors.Microsoft} {
			t.Run(fmt.Sprintf("%s/%s", v.Name, c.name), func(t *testing.T) {
				private, public, err := webpushgo.GenerateVAPIDKeys()
				if err != nil {
					t.Fatal(err)
				}
				address, endpoint := startPersonality(t, v.Name, VAPIDKey{public: public})
				b := newBrowser(t)
				options := c.options
				options.VAPIDPrivateKey, options.VAPIDPublicKey, options.HTTPClient = private, public, to(address)
				response, err := webpushgo.SendNotification([]byte("hello"), &webpushgo.Subscription{
					Endpoint: endpoint, Keys: webpushgo.Keys{Auth: base64.RawURLEncoding.EncodeToString(b.auth), P256dh: base64.RawURLEncoding.EncodeToString(b.private.PublicKey().Bytes())},
				}, &options)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				var body bytes.Buffer
				io.Copy(&body, response.Body)
				if response.StatusCode != c.want[i] {
					t.Errorf("it is answered %d %v %s, want %d", response.StatusCode, response.Header, &body, c.want[i])
				}
			})
		}
	}
}

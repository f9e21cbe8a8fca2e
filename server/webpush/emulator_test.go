package webpush

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"

	"github.com/pushkit/pushkit/server/emulator"
)

// firefox is a browser's connection to Mozilla's service, as far as a message
// needs it.
type firefox struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	MessageType  string  `json:"messageType"`
	ChannelID    string  `json:"channelID,omitempty"`
	Key          string  `json:"key,omitempty"`
	UseWebPush   bool    `json:"use_webpush,omitempty"`
	PushEndpoint string  `json:"pushEndpoint,omitempty"`
	Version      string  `json:"version,omitempty"`
	Data         string  `json:"data,omitempty"`
	Updates      []frame `json:"updates,omitempty"`
	Code         int     `json:"code,omitempty"`
	Status       int     `json:"status,omitempty"`
}

func (f firefox) call(out frame) (in frame) {
	f.t.Helper()
	if err := wsjson.Write(f.t.Context(), f.conn, out); err != nil {
		f.t.Fatal(err)
	}
	return f.read()
}

func (f firefox) read() (in frame) {
	f.t.Helper()
	if err := wsjson.Read(f.t.Context(), f.conn, &in); err != nil {
		f.t.Fatal(err)
	}
	return in
}

func TestAMessageReachesABrowserByARealPushService(t *testing.T) {
	service, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service)
	defer server.Close()
	defer service.Close()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), &websocket.DialOptions{Subprotocols: []string{"push-notification"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()

	f, key, b := firefox{t, conn}, newKey(t), newBrowser(t)
	f.call(frame{MessageType: "hello", UseWebPush: true})
	registered := f.call(frame{MessageType: "register", ChannelID: uuid.NewString(), Key: key.Public()})
	s := b.subscription(t, registered.PushEndpoint)
	c := NewClient(Options{Services: mustServices(t, server.URL), Subject: "https://example.com/contact"})
	payload := []byte(`{"web_push":8030}`)
	if r := c.Send(t.Context(), Message{Subscription: s, Payload: payload, TTL: KeepFor(time.Minute), Urgency: UrgencyLow, Topic: "match", Key: key}); r.Outcome != Accepted || r.Status != 201 || r.Location == "" {
		t.Fatalf("got %+v", r)
	}

	notification := f.read()
	body, err := base64.RawURLEncoding.DecodeString(notification.Data)
	if err != nil {
		t.Fatal(err)
	}
	if text := b.decrypt(t, body); string(text) != string(payload) {
		t.Errorf("the browser decrypts %q", text)
	}
	var seen struct{ Data []emulator.Push }
	response, err := http.Get(server.URL + "/api/pushes")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&seen); err != nil || len(seen.Data) != 1 {
		t.Fatalf("%d pushes were seen: %v", len(seen.Data), err)
	}
	if p := seen.Data[0]; p.TTL != 60 || p.Urgency != "low" || p.Topic != TopicHeader("match") || p.Size != len(body) || p.Rule != "" {
		t.Errorf("the push service saw %+v", p)
	}

	// The service's own words come back: another key is a mismatch, an ended
	// subscription is gone.
	if r := c.Send(t.Context(), Message{Subscription: s, TTL: KeepFor(time.Minute), Key: newKey(t)}); r.Outcome != KeyMismatch || r.Status != 401 || !strings.HasPrefix(r.Reason, "errno 109") {
		t.Errorf("another key: got %+v", r)
	}
	f.call(frame{MessageType: "unregister", ChannelID: registered.ChannelID, Code: 200})
	if r := c.Send(t.Context(), Message{Subscription: s, TTL: KeepFor(time.Minute), Key: key}); r.Outcome != Gone || r.Status != 410 || !strings.HasPrefix(r.Reason, "errno 106") {
		t.Errorf("unregistered: got %+v", r)
	}
}

// registerChromium registers with Google's service, as far as a message needs it.
func registerChromium(t *testing.T, server string, form url.Values) (token string) {
	t.Helper()
	form.Set("app", "org.chromium.linux")
	form.Set("X-subtype", "wp:http://localhost:8080/#1-V2")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/c2dm/register3", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AidLogin 1:2")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(body), "token=")
}

func TestAnEmulatorsEndpointOnGooglesHostGoesToIt(t *testing.T) {
	service, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service)
	defer server.Close()
	defer service.Close()
	rules := []string{"jmt17.google.com=" + server.URL}
	for _, endpoint := range emulator.GoogleEndpoints() {
		rules = append(rules, strings.TrimPrefix(endpoint, "https://")+"="+server.URL)
	}
	c, key, b := NewClient(Options{Services: mustServices(t, rules...)}), newKey(t), newBrowser(t)
	token := registerChromium(t, server.URL, url.Values{"sender": {key.Public()}})

	s := b.subscription(t, "https://fcm.googleapis.com/fcm/send/"+token)
	message := Message{Subscription: s, Payload: []byte("hello"), TTL: KeepFor(time.Minute), Key: key}
	if r := c.Send(t.Context(), message); r.Outcome != Accepted || r.Status != 201 || !strings.HasPrefix(r.Location, "https://fcm.googleapis.com/") {
		t.Fatalf("got %+v", r)
	}
	message.Key = newKey(t)
	if r := c.Send(t.Context(), message); r.Outcome != KeyMismatch || r.Status != 403 || !strings.Contains(r.Reason, "do not correspond") {
		t.Errorf("another key: got %+v", r)
	}
	message.Key = key
	registerChromium(t, server.URL, url.Values{"delete": {"true"}})
	if r := c.Send(t.Context(), message); r.Outcome != Gone || r.Status != 410 {
		t.Errorf("unregistered: got %+v", r)
	}
	// A whole host may be routed, too: a subscription that is Google's lives on.
	message.Subscription = b.subscription(t, "https://jmt17.google.com/fcm/send/dHIoDxE7Hdg:APA91bH1Zj0kNa")
	if r := c.Send(t.Context(), message); r.Outcome != Refused || r.Status != 421 {
		t.Errorf("Google's own endpoint: got %+v", r)
	}
}

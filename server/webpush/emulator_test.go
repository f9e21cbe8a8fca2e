package webpush

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
	c := NewClient(mustServices(t, server.URL), "https://example.com/contact")
	payload := []byte(`{"web_push":8030}`)
	if r := c.Send(t.Context(), Message{Subscription: s, Payload: payload, TTL: time.Minute, Urgency: UrgencyLow, Topic: "match", Key: key}); r.Outcome != Accepted || r.Status != 201 || r.Location == "" {
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

	// The service's own words come back: another key is a refusal, an ended
	// subscription is gone.
	if r := c.Send(t.Context(), Message{Subscription: s, TTL: time.Minute, Key: newKey(t)}); r.Outcome != Refused || r.Status != 401 || !strings.HasPrefix(r.Reason, "errno 109") {
		t.Errorf("another key: got %+v", r)
	}
	f.call(frame{MessageType: "unregister", ChannelID: registered.ChannelID, Code: 200})
	if r := c.Send(t.Context(), Message{Subscription: s, TTL: time.Minute, Key: key}); r.Outcome != Gone || r.Status != 410 || !strings.HasPrefix(r.Reason, "errno 106") {
		t.Errorf("unregistered: got %+v", r)
	}
}

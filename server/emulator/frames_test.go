package emulator

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
)

func TestBrokenFramesEndTheConnectionWithAReason(t *testing.T) {
	s := serve(t, Options{})
	hello := `{"messageType":"hello","use_webpush":true}`
	cases := []struct {
		name   string
		frames []string
	}{
		{"no JSON", []string{"hello"}},
		{"not an object", []string{"[1]"}},
		{"a ping before hello", []string{"{}"}},
		{"register before hello", []string{`{"messageType":"register"}`}},
		{"hello without use_webpush", []string{`{"messageType":"hello"}`}},
		{"a second hello", []string{hello, hello}},
		{"unregister without channelID", []string{hello, `{"messageType":"unregister"}`}},
		{"a wrong type", []string{hello, `{"messageType":"ack","updates":"all"}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conn, _, err := dial(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			for _, f := range c.frames {
				if err := conn.Write(testContext(t), websocket.MessageText, []byte(f)); err != nil {
					t.Fatal(err)
				}
			}
			for err == nil {
				_, _, err = conn.Read(testContext(t))
			}
			if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Errorf("it ended with %v", err)
			}
		})
	}
	s.waitConnected(0)
}

func TestUnknownFramesAreIgnored(t *testing.T) {
	s := serve(t, Options{})
	b := connect(t, s, "")
	b.write(map[string]any{"messageType": "broadcast_subscribe", "broadcasts": map[string]string{"remote-settings/monitor_changes": "0"}})
	b.ack("unknown", 100)
	b.write(map[string]any{"messageType": "nack", "version": "unknown", "code": 302})
	b.quiet()
}

func TestRegisterIsRefusedWithAStatusAndTheConnectionStays(t *testing.T) {
	s := serve(t, Options{})
	key := newVapidKeys(t).public
	b := connect(t, s, "")
	for _, c := range []struct{ name, channelID, key string }{
		{"no channelID", "", key},
		{"a channelID that is no UUID", "abc", key},
		{"a key that is no base64url", uuid.NewString(), "+++"},
		{"a key that is no point", uuid.NewString(), strings.Repeat("B", 87)},
		{"half a key", uuid.NewString(), key[:40]},
	} {
		if reply := b.registerChannel(c.channelID, c.key); reply.Status != 400 || reply.PushEndpoint != "" {
			t.Errorf("%s: %+v", c.name, reply)
		}
	}
	// Firefox pads the key.
	if reply := b.registerChannel(uuid.NewString(), key+"="); reply.Status != 200 {
		t.Errorf("%+v", reply)
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"messageType":"hello","uaid":"0123456789abcdef0123456789abcdef","use_webpush":true,"broadcasts":{}}`))
	f.Add([]byte(`{"messageType":"register","channelID":"dea83869-55dd-4fa0-a611-3236682ca6bf","key":"BDjIYwaZnSpbyu-R9pcMX54GT7rUuL_MGMZtreqYrimda0ywPMy-8_C7ywdNoukd5SVBEnrCezSIIHtXyJ7EJ9c="}`))
	f.Add([]byte(`{"messageType":"unregister","channelID":"dea83869-55dd-4fa0-a611-3236682ca6bf","code":200}`))
	f.Add([]byte(`{"messageType":"ack","updates":[{"channelID":"a","version":"b","code":100}]}`))
	f.Add([]byte(`{"messageType":"nack","version":"b","code":302}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := parseFrame(data)
		if err != nil {
			if len(closeReason(err)) > 123 {
				t.Error("the reason does not fit a close frame")
			}
			return
		}
		if !json.Valid(data) || frame.MessageType == "" {
			t.Errorf("taken as %+v", frame)
		}
		if k := frame.applicationServerKey; k != nil && (len(k) != 65 || frame.MessageType != frameRegister) {
			t.Errorf("a key of %d bytes", len(k))
		}
		if frame.MessageType == frameRegister && frame.invalid == nil && (len(frame.ChannelID) > 36 || frame.ChannelID == "") {
			t.Errorf("channelID %q", frame.ChannelID)
		}
	})
}

package emulator

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"
)

// testBrowser speaks Mozilla's push protocol as Firefox does.
type testBrowser struct {
	t    *testing.T
	conn *websocket.Conn
	uaid string
}

// serverFrame is any frame of the emulator.
type serverFrame struct {
	MessageType  string            `json:"messageType"`
	UAID         string            `json:"uaid"`
	Status       int               `json:"status"`
	UseWebPush   bool              `json:"use_webpush"`
	ChannelID    string            `json:"channelID"`
	PushEndpoint string            `json:"pushEndpoint"`
	Version      string            `json:"version"`
	Data         string            `json:"data"`
	Headers      map[string]string `json:"headers"`
}

// testSubscription is what the browser keeps of a subscription.
type testSubscription struct {
	channelID string
	endpoint  string
	route     route // to the emulator, of an endpoint on Google's hosts
	private   *ecdh.PrivateKey
	auth      []byte
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, s *testService, header http.Header) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(testContext(t), "ws"+strings.TrimPrefix(s.URL, "http")+"/", &websocket.DialOptions{
		Subprotocols: []string{subprotocol}, HTTPHeader: header,
	})
}

// connect says hello, with the uaid of an earlier connection or none.
func connect(t *testing.T, s *testService, uaid string) *testBrowser {
	t.Helper()
	conn, _, err := dial(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &testBrowser{t: t, conn: conn}
	t.Cleanup(func() { conn.CloseNow() })
	hello := map[string]any{"messageType": "hello", "use_webpush": true, "broadcasts": map[string]string{}}
	if uaid != "" {
		hello["uaid"] = uaid
	}
	b.write(hello)
	reply := b.read()
	if reply.MessageType != "hello" || reply.Status != 200 || reply.UAID == "" || !reply.UseWebPush {
		t.Fatalf("the answer to hello is %+v", reply)
	}
	b.uaid = reply.UAID
	return b
}

func (b *testBrowser) write(frame any) {
	b.t.Helper()
	if err := wsjson.Write(testContext(b.t), b.conn, frame); err != nil {
		b.t.Fatal(err)
	}
}

func (b *testBrowser) read() serverFrame {
	b.t.Helper()
	var f serverFrame
	if err := wsjson.Read(testContext(b.t), b.conn, &f); err != nil {
		b.t.Fatal(err)
	}
	return f
}

// leave breaks the connection, as a lost network does, and waits until the
// emulator has noticed.
func (b *testBrowser) leave(s *testService) {
	b.t.Helper()
	b.conn.CloseNow()
	s.waitConnected(0)
}

// waitCut waits until the emulator has ended the connection.
func (b *testBrowser) waitCut() {
	b.t.Helper()
	ctx := testContext(b.t)
	if _, data, err := b.conn.Read(ctx); err == nil || ctx.Err() != nil {
		b.t.Errorf("the connection lives on: %s, %v", data, err)
	}
}

// quiet proves that the emulator has sent nothing before the answer to a ping.
func (b *testBrowser) quiet() {
	b.t.Helper()
	b.write(struct{}{})
	if f := b.read(); f.MessageType != "" {
		b.t.Fatalf("nothing was to come, and %+v came", f)
	}
}

// register subscribes with an application server key, "" for none.
func (b *testBrowser) register(key string) testSubscription {
	b.t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	s := testSubscription{channelID: uuid.NewString(), private: private, auth: make([]byte, 16)}
	rand.Read(s.auth)
	reply := b.registerChannel(s.channelID, key)
	if reply.Status != 200 || reply.ChannelID != s.channelID {
		b.t.Fatalf("the answer to register is %+v", reply)
	}
	s.endpoint = reply.PushEndpoint
	return s
}

func (b *testBrowser) registerChannel(channelID, key string) serverFrame {
	b.t.Helper()
	frame := map[string]any{"messageType": "register", "channelID": channelID}
	if key != "" {
		frame["key"] = key
	}
	b.write(frame)
	return b.read()
}

func (b *testBrowser) ack(version string, code int) {
	b.t.Helper()
	b.write(map[string]any{"messageType": "ack", "updates": []any{map[string]any{"version": version, "code": code}}})
}

// receive reads a notification for s and decrypts it.
func (b *testBrowser) receive(s testSubscription) (version, text string) {
	b.t.Helper()
	f := b.read()
	if f.MessageType != "notification" || f.ChannelID != s.channelID || f.Headers["encoding"] != "aes128gcm" {
		b.t.Fatalf("a notification was to come, and %+v came", f)
	}
	body, err := base64.RawURLEncoding.DecodeString(f.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	plain, err := s.decrypt(body)
	if err != nil {
		b.t.Fatal(err)
	}
	return f.Version, plain
}

// wants expects exactly these texts, in this order, and nothing after; it
// returns their versions.
func (b *testBrowser) wants(s testSubscription, texts ...string) (versions []string) {
	b.t.Helper()
	for _, want := range texts {
		version, text := b.receive(s)
		if text != want {
			b.t.Fatalf("%q was to come, and %q came", want, text)
		}
		versions = append(versions, version)
	}
	b.quiet()
	return versions
}

// decrypt is RFC 8291 §3.4 with the one record of RFC 8188.
func (s testSubscription) decrypt(body []byte) (string, error) {
	salt, keyid, ciphertext := body[:16], body[21:86], body[86:]
	sender, err := ecdh.P256().NewPublicKey(keyid)
	if err != nil {
		return "", err
	}
	secret, err := s.private.ECDH(sender)
	if err != nil {
		return "", err
	}
	info := "WebPush: info\x00" + string(s.private.PublicKey().Bytes()) + string(keyid)
	ikm, _ := hkdf.Key(sha256.New, secret, s.auth, info, 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := gcm.Open(nil, nonce, ciphertext, nil)
	if err != nil {
		return "", err
	}
	text, ok := strings.CutSuffix(strings.TrimRight(string(plain), "\x00"), "\x02")
	if !ok {
		return "", fmt.Errorf("the record has no last delimiter: %q", plain)
	}
	return text, nil
}

// toJSON is PushSubscription.toJSON().
func (s testSubscription) toJSON() webpush.Subscription {
	return webpush.Subscription{Endpoint: s.endpoint, Keys: webpush.Keys{
		P256dh: base64.RawURLEncoding.EncodeToString(s.private.PublicKey().Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString(s.auth),
	}}
}

// vapidKeys are an application server's.
type vapidKeys struct{ private, public string }

func newVapidKeys(t *testing.T) vapidKeys {
	t.Helper()
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	return vapidKeys{private, public}
}

// send encrypts, signs and posts a text, and expects 201.
func (k vapidKeys) send(t *testing.T, s testSubscription, text string, ttl int, topic string) *http.Response {
	t.Helper()
	response := k.post(t, s, text, ttl, topic)
	if response.StatusCode != http.StatusCreated {
		var body map[string]any
		json.NewDecoder(response.Body).Decode(&body)
		t.Fatalf("the push was answered %d: %v", response.StatusCode, body)
	}
	return response
}

func (k vapidKeys) post(t *testing.T, s testSubscription, text string, ttl int, topic string) *http.Response {
	t.Helper()
	subscription := s.toJSON()
	response, err := webpush.SendNotification([]byte(text), &subscription, &webpush.Options{
		Subscriber: "push@example.com", VAPIDPublicKey: k.public, VAPIDPrivateKey: k.private,
		TTL: ttl, Topic: topic, RecordSize: 512, HTTPClient: s.route,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

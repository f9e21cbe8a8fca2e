package emulator

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// deliverBody is the body of POST /api/deliver for s, as a page prints it.
func deliverBody(t *testing.T, s testSubscription, payload string) string {
	t.Helper()
	text, err := json.Marshal(s.toJSON())
	if err != nil {
		t.Fatal(err)
	}
	// toJSON() also has the member expirationTime.
	return `{"subscription":` + strings.Replace(string(text), "{", `{"expirationTime":null,`, 1) + `,"payload":` + payload + `}`
}

func TestTheEmulatorsOwnPushReachesTheBrowserWithoutVapid(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	// A fault is for application servers.
	s.api("POST", "/api/faults", `{"status":503}`, 204, nil)
	for n, c := range []struct{ payload, text string }{
		{`"hello"`, "hello"},
		{`{"web_push":8030}`, `{"web_push":8030}`},
		{`"` + strings.Repeat("x", maxText) + `"`, strings.Repeat("x", maxText)},
	} {
		var p Push
		s.api("POST", "/api/deliver", deliverBody(t, sub, c.payload), 201, &p)
		version := b.wants(sub, c.text)[0]
		if p.ID != n+1 || !p.Own || p.Text != c.text || p.Subscription != s.subscriptions()[0].ID || p.Size > maxBody || p.TTL != defaultOwnTTL {
			t.Errorf("the answer is %+v", p)
		}
		b.ack(version, 100)
		if p := s.waitPush(n+1, stateAcked); p.Code != 100 || p.Answer != answerText(100) {
			t.Errorf("the log says %+v", p)
		}
	}
	if len(s.faults()) != 1 {
		t.Error("the fault was used up")
	}
}

func TestTheEmulatorsOwnPushReachesAChromium(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	// Whatever host Chromium has put before the token.
	sub.endpoint = strings.Replace(sub.endpoint, stagingHost, stableHost, 1)
	s.api("POST", "/api/deliver", deliverBody(t, sub, `"hello"`), 201, nil)
	sub.endpoint = strings.Replace(sub.endpoint, stableHost, stagingHost, 1)
	c.wants(sub, "hello")
}

func TestTheEmulatorsOwnPushNeedsASubscriptionThatIsHere(t *testing.T) {
	s := serve(t, Options{})
	b := connect(t, s, "")
	sub := b.register("")
	ended := b.register("")
	b.write(map[string]any{"messageType": "unregister", "channelID": ended.channelID, "code": 200})
	b.read()
	unknown := sub
	unknown.endpoint += "x"
	good := deliverBody(t, sub, `"x"`)
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"unknown", deliverBody(t, unknown, `"x"`), 404, "not-found"},
		{"ended", deliverBody(t, ended, `"x"`), 410, "subscription-ended"},
		{"too large", deliverBody(t, sub, `"`+strings.Repeat("x", maxText+1)+`"`), 413, "payload-too-large"},
		{"no subscription", `{"payload":"x"}`, 400, "invalid-subscription"},
		{"another type", `{"subscription":[],"payload":"x"}`, 400, "invalid-subscription"},
		{"no keys", `{"subscription":{"endpoint":"` + sub.endpoint + `"},"payload":"x"}`, 400, "invalid-subscription"},
		{"a key off the curve", strings.Replace(good, `"p256dh":"B`, `"p256dh":"A`, 1), 400, "invalid-subscription"},
		{"no base64", strings.Replace(good, `"p256dh":"`, `"p256dh":"!`, 1), 400, "invalid-subscription"},
		{"a short auth", strings.Replace(good, `"auth":"`, `"auth":"AAAA`, 1), 400, "invalid-subscription"},
		{"a bad ttl", strings.Replace(good, `"payload"`, `"ttl":-1,"payload"`, 1), 400, "invalid-body"},
		{"no JSON", `x`, 400, "invalid-body"},
	} {
		var body struct{ Code, Detail string }
		s.api("POST", "/api/deliver", c.body, c.status, &body)
		if body.Code != c.code || body.Detail == "" {
			t.Errorf("%s: answered %+v", c.name, body)
		}
	}
	b.quiet()
}

func TestKeysThatATestGivesDecryptWhatIsPushed(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)
	path := "/api/subscriptions/" + s.subscriptions()[0].ID + "/keys"
	body := func(auth []byte) string {
		return `{"privateKey":"` + base64.RawURLEncoding.EncodeToString(sub.private.Bytes()) + `","auth":"` + base64.RawURLEncoding.EncodeToString(auth) + `"}`
	}
	keys.send(t, sub, "before", 60, "")
	if p := s.pushes()[0]; p.Text != "" || p.TextError != "" {
		t.Errorf("without keys the log says %+v", p)
	}
	s.api("PUT", path, body(sub.auth), 204, nil)
	keys.send(t, sub, "after", 60, "")
	if list := s.pushes(); list[0].Text != "before" || list[1].Text != "after" || !s.subscriptions()[0].HasKeys {
		t.Errorf("the log says %+v", list)
	}
	wrong := make([]byte, authSize)
	rand.Read(wrong)
	s.api("PUT", path, body(wrong), 204, nil)
	keys.send(t, sub, "secret", 60, "")
	if list := s.pushes(); list[2].Text != "" || list[2].TextError == "" {
		t.Errorf("the log says %+v", list[2])
	}
	for _, bad := range []string{`{}`, `{"privateKey":"!","auth":""}`, body(wrong[:15]), strings.Replace(body(wrong), `Key":"`, `Key":"AAAA`, 1), `x`} {
		s.api("PUT", path, bad, 400, nil)
	}
	s.api("PUT", "/api/subscriptions/unknown/keys", body(sub.auth), 404, nil)
}

func TestWhatIsEncryptedKeepsTheRulesAndDecrypts(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := browserKeys{private, make([]byte, authSize)}
	for _, text := range []string{"", "x", "ends with zeros and a mark\x02\x00", strings.Repeat("x", maxText)} {
		body, err := encrypt(private.PublicKey(), k.auth, []byte(text))
		if err != nil || len(body) > maxBody {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		if got, err := k.decrypt(body); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

func FuzzParsePushSubscription(f *testing.F) {
	f.Add([]byte(`{"endpoint":"http://127.0.0.1/wpush/v2/x","keys":{"p256dh":"` + fuzzKey + `","auth":"AAAAAAAAAAAAAAAAAAAAAA"}}`))
	f.Add([]byte(`{"endpoint":"x","keys":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parsePushSubscription(text)
		if err == nil && (s.endpoint == "" || s.p256dh == nil || len(s.auth) != authSize) {
			t.Errorf("taken: %s", text)
		}
	})
}

func FuzzParseBrowserKeys(f *testing.F) {
	f.Add(strings.Repeat("AAAB", 11)[:43], "AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, privateKey, auth string) {
		k, err := parseBrowserKeys(privateKey, auth)
		if err == nil && (k.private == nil || len(k.auth) != authSize) {
			t.Errorf("taken: %q %q", privateKey, auth)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	k := browserKeys{private, make([]byte, authSize)}
	body, err := encrypt(private.PublicKey(), k.auth, []byte("hello"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:aes128gcmHeaderSize])
	f.Fuzz(func(t *testing.T, body []byte) {
		text, err := k.decrypt(body)
		if err == nil && len(text) > len(body)-aes128gcmHeaderSize-minRecord {
			t.Errorf("%q of %x", text, body)
		}
	})
}

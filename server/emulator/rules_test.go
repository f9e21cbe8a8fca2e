package emulator

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// request is a push request that keeps all rules, for tests to break one.
type request struct {
	claims jwt.MapClaims
	header map[string]string
	key    *ecdsa.PrivateKey
	k      []byte
	route  route
}

// sign makes a request for endpoints of s, with headers beside TTL 60.
func sign(t *testing.T, s *testService, keys vapidKeys, header map[string]string) *request {
	t.Helper()
	private, err := base64.RawURLEncoding.DecodeString(keys.private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		t.Fatal(err)
	}
	k, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	r := &request{
		claims: jwt.MapClaims{"aud": s.URL, "exp": time.Now().Add(time.Hour).Unix(), "sub": "mailto:push@example.com"},
		header: map[string]string{"TTL": "60"}, key: key, k: k,
	}
	maps.Copy(r.header, header)
	return r
}

// post sends the request. A header that is set to "-" is left out; a body's
// Content-Encoding is aes128gcm unless set.
func (r *request) post(t *testing.T, endpoint string, body []byte) *http.Response {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodES256, r.claims).SignedString(r.key)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]string{"Authorization": "vapid t=" + token + ", k=" + base64.RawURLEncoding.EncodeToString(r.k)}
	if len(body) > 0 {
		header["Content-Encoding"] = "aes128gcm"
	}
	maps.Copy(header, r.header)
	q, err := http.NewRequestWithContext(testContext(t), http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if value != "-" {
			q.Header.Set(name, value)
		}
	}
	response, err := r.route.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// newBody is a body with a good header and no meaning.
func newBody(t *testing.T, size int) []byte {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, size)
	body[18], body[20] = 0x10, 65 // rs 4096
	copy(body[21:], key.PublicKey().Bytes())
	return body
}

// signES384 makes a token that is signed by the right key in the wrong way.
func signES384(t *testing.T, key *ecdsa.PrivateKey, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodES384, claims).SigningString()
	if err != nil {
		t.Fatal(err)
	}
	hash := sha512.Sum384([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestEachRuleRefusesWhatBreaksIt(t *testing.T) {
	s := serve(t, Options{})
	keys, others := newVapidKeys(t), newVapidKeys(t)
	b := connect(t, s, "")
	sub := b.register(keys.public)

	header := func(name, value string) func(*request) {
		return func(r *request) { r.header[name] = value }
	}
	claim := func(name string, value any) func(*request) {
		return func(r *request) { r.claims[name] = value }
	}
	otherKey := sign(t, s, others, nil)
	jwtOf := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	k := "k=" + keys.public
	good := newBody(t, 200)
	change := func(at int, value byte) []byte {
		body := bytes.Clone(good)
		body[at] = value
		return body
	}

	cases := []struct {
		name  string
		rule  Rule
		broke func(*request)
		body  []byte
		path  string
	}{
		{name: "an endpoint that was never issued", rule: ruleEndpointUnknown, path: "/wpush/v2/" + newToken()},
		{name: "an endpoint of another version", rule: ruleEndpointUnknown, path: strings.Replace(strings.TrimPrefix(sub.endpoint, s.URL), "v2", "v1", 1)},
		{name: "no Authorization", rule: ruleVapidMissing, broke: header("Authorization", "-")},
		{name: "the scheme Bearer", rule: ruleVapidHeader, broke: header("Authorization", "Bearer abc")},
		{name: "no parameters", rule: ruleVapidHeader, broke: header("Authorization", "vapid")},
		{name: "no t", rule: ruleVapidHeader, broke: header("Authorization", "vapid "+k)},
		{name: "no k", rule: ruleVapidHeader, broke: header("Authorization", "vapid t=abc")},
		{name: "k twice", rule: ruleVapidHeader, broke: header("Authorization", "vapid t=abc, "+k+", "+k)},
		{name: "k is no base64url", rule: ruleVapidKey, broke: header("Authorization", "vapid t=abc, k=+++")},
		{name: "k is no point", rule: ruleVapidKey, broke: func(r *request) { r.k = bytes.Repeat([]byte{4}, 65) }},
		{name: "k is compressed", rule: ruleVapidKey, broke: func(r *request) { r.k = append([]byte{2}, r.k[1:33]...) }},
		{name: "another application server", rule: ruleVapidKeyMismatch, broke: func(r *request) { r.k, r.key = otherKey.k, otherKey.key }},
		{name: "another's signature", rule: ruleVapidSignature, broke: func(r *request) { r.key = otherKey.key }},
		{name: "the token is no JWT", rule: ruleVapidToken, broke: header("Authorization", "vapid t=abc, "+k)},
		{name: "the token is not signed", rule: ruleVapidSignature, broke: header("Authorization", "vapid t="+jwtOf(`{"alg":"none"}`)+"."+jwtOf("{}")+"., "+k)},
		{name: "the token is signed with ES384", rule: ruleVapidSignature, broke: func(r *request) {
			r.header["Authorization"] = "vapid t=" + signES384(t, r.key, r.claims) + ", " + k
		}},
		{name: "no exp", rule: ruleVapidToken, broke: func(r *request) { delete(r.claims, "exp") }},
		{name: "exp is text", rule: ruleVapidToken, broke: claim("exp", "tomorrow")},
		{name: "expired", rule: ruleVapidExpired, broke: claim("exp", time.Now().Add(-time.Second).Unix())},
		{name: "exp over a day ahead", rule: ruleVapidTooLong, broke: claim("exp", time.Now().Add(24*time.Hour+time.Minute).Unix())},
		{name: "exp in milliseconds", rule: ruleVapidTooLong, broke: claim("exp", time.Now().Add(time.Hour).UnixMilli())},
		{name: "no aud", rule: ruleVapidToken, broke: func(r *request) { delete(r.claims, "aud") }},
		{name: "aud is a list", rule: ruleVapidToken, broke: claim("aud", []string{s.URL})},
		{name: "aud is another origin", rule: ruleVapidAudience, broke: claim("aud", "https://push.example.com")},
		{name: "aud is the endpoint", rule: ruleVapidAudience, broke: claim("aud", sub.endpoint)},
		{name: "no sub", rule: ruleVapidToken, broke: func(r *request) { delete(r.claims, "sub") }},
		{name: "sub is a bare address", rule: ruleVapidSubject, broke: claim("sub", "push@example.com")},
		{name: "sub has mailto: twice", rule: ruleVapidSubject, broke: claim("sub", "mailto:mailto:push@example.com")},
		{name: "sub is an http URL", rule: ruleVapidSubject, broke: claim("sub", "http://example.com")},
		{name: "4097 bytes", rule: ruleTooLarge, body: newBody(t, 4097)},
		{name: "no TTL", rule: ruleTTLMissing, broke: header("TTL", "-")},
		{name: "a TTL that is no number", rule: ruleTTLMissing, broke: header("TTL", "1h")},
		{name: "a negative TTL", rule: ruleTTLNegative, broke: header("TTL", "-1")},
		{name: "no Content-Encoding", rule: ruleEncodingMissing, broke: header("Content-Encoding", "-"), body: good},
		{name: "aesgcm", rule: ruleEncoding, broke: header("Content-Encoding", "aesgcm"), body: good},
		{name: "a body that ends in the salt", rule: ruleEncodingHeader, body: good[:15]},
		{name: "a body that ends in the key", rule: ruleEncodingHeader, body: good[:80]},
		{name: "a body without a record", rule: ruleEncodingHeader, body: good[:aes128gcmHeaderSize+16]},
		{name: "a record size of 0", rule: ruleEncodingHeader, body: change(18, 0)},
		{name: "a record size of 17", rule: ruleEncodingHeader, body: func() []byte { b := change(18, 0); b[19] = 17; return b[:aes128gcmHeaderSize+17] }()},
		{name: "more than one record", rule: ruleEncodingHeader, body: func() []byte { b := change(18, 0); b[19] = 20; return b }()},
		{name: "a key id of 64 bytes", rule: ruleEncodingHeader, body: change(20, 64)},
		{name: "a key id that is no point", rule: ruleEncodingHeader, body: change(40, good[40]^1)},
		{name: "a topic of 33 characters", rule: ruleTopic, broke: header("Topic", strings.Repeat("a", 33))},
		{name: "a topic with a dot", rule: ruleTopic, broke: header("Topic", "a.b")},
		{name: "an empty topic", rule: ruleTopic, broke: header("Topic", "")},
		{name: "an unknown urgency", rule: ruleUrgency, broke: header("Urgency", "urgent")},
	}
	seen := map[string]bool{
		// These need a state of their own; their tests are in control_test.go.
		ruleSubscriptionEnded.ID: true, ruleBrowserForgotten.ID: true, ruleFault.ID: true,
		// Mozilla's endpoints are never on a host that others have, too.
		ruleEndpointForeign.ID: true,
		// Others' rules; see personality_test.go.
		ruleVapidPlaceholder.ID: true, ruleTTLZero.ID: true, ruleCachePolicy.ID: true, ruleTopicUndecodable.ID: true,
	}
	for _, c := range cases {
		seen[c.rule.ID] = true
		t.Run(c.name, func(t *testing.T) {
			r := sign(t, s, keys, nil)
			if c.broke != nil {
				c.broke(r)
			}
			endpoint := sub.endpoint
			if c.path != "" {
				endpoint = s.URL + c.path
			}
			expectRefusal(t, r.post(t, endpoint, c.body), c.rule)
			list := s.pushes()
			if p := list[len(list)-1]; p.State != stateRefused || p.Rule != c.rule.ID || p.Status != c.rule.Status {
				t.Errorf("the log tells %+v", p)
			}
		})
	}
	for _, rule := range Rules() {
		if !seen[rule.ID] {
			t.Errorf("no case breaks the rule %s", rule.ID)
		}
	}
	b.quiet()
}

func TestWhatKeepsTheRulesIsAccepted(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := connect(t, s, "").register(keys.public)
	cases := []struct {
		name string
		do   func(*request)
		body []byte
	}{
		{name: "4096 bytes", body: newBody(t, 4096)},
		{name: "a topic of 32 characters and an urgency", do: func(r *request) {
			r.header["Topic"], r.header["Urgency"] = strings.Repeat("Az09_-xx", 4), "very-low"
		}},
		{name: "exp 24 hours ahead", do: func(r *request) { r.claims["exp"] = time.Now().Add(24 * time.Hour).Unix() }},
		{name: "a slash after aud", do: func(r *request) { r.claims["aud"] = s.URL + "/" }},
		{name: "sub is an https URL", do: func(r *request) { r.claims["sub"] = "https://example.com/contact" }},
		{name: "TTL 0", do: func(r *request) { r.header["TTL"] = "0" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := sign(t, s, keys, nil)
			if c.do != nil {
				c.do(r)
			}
			if response := r.post(t, sub.endpoint, c.body); response.StatusCode != http.StatusCreated {
				expectRefusal(t, response, Rule{})
			}
		})
	}
}

func TestSubscriptionWithoutAKeyTakesAnySender(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := connect(t, s, "").register("")
	if !strings.Contains(sub.endpoint, "/wpush/v1/") {
		t.Errorf("the endpoint is %s", sub.endpoint)
	}
	unsigned := sign(t, s, keys, map[string]string{"Authorization": "-"})
	if response := unsigned.post(t, sub.endpoint, nil); response.StatusCode != http.StatusCreated {
		t.Error(response.StatusCode)
	}
	keys.send(t, sub, "signed", 60, "")
	expired := sign(t, s, keys, nil)
	expired.claims["exp"] = 1
	expectRefusal(t, expired.post(t, sub.endpoint, nil), ruleVapidExpired)
}

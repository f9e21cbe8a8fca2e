package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signGoogle makes a request for endpoints of s on the staging host.
func signGoogle(t *testing.T, s *testService, keys vapidKeys, header map[string]string) *request {
	t.Helper()
	r := sign(t, s, keys, header)
	r.claims["aud"] = "https://" + stagingHost
	r.route = route(s.Listener.Addr().String())
	return r
}

// expectGoogle checks that a push was refused by a rule, in the form of Google's
// service: a text, "" for any.
func expectGoogle(t *testing.T, response *http.Response, rule Rule, status int, text string) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	h := response.Header
	if response.StatusCode != status || h.Get("X-Pushkit-Rule") != rule.ID || h.Get("X-Pushkit-Advice") != rule.Advice {
		t.Errorf("refused with %d by %q: %s", response.StatusCode, h.Get("X-Pushkit-Rule"), body)
	}
	if text != "" && string(body) != text || len(body) < 10 {
		t.Errorf("the answer is %q", body)
	}
	if kind := h.Get("Content-Type"); kind != "text/plain; charset=utf-8" && !strings.HasPrefix(string(body), "<HTML>") {
		t.Errorf("the answer is of type %s", kind)
	}
}

// expectProblem checks an answer of RFC 9457.
func expectProblem(t *testing.T, r *http.Request, status int, code string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body struct{ Code, Detail string }
	json.NewDecoder(response.Body).Decode(&body)
	if response.StatusCode != status || body.Code != code || body.Detail == "" {
		t.Errorf("%s was answered %d %+v, not %d %s", r.URL.Path, response.StatusCode, body, status, code)
	}
}

func TestGooglesRulesRefuseInGooglesForm(t *testing.T) {
	s := serve(t, Options{})
	keys, others := newVapidKeys(t), newVapidKeys(t)
	d := checkIn(t, s, 5)
	sub := d.register(t, keys.public)
	firefox := connect(t, s, "").register(keys.public)
	other := signGoogle(t, s, others, nil)
	host := "https://" + stagingHost
	header := func(name, value string) func(*request) { return func(r *request) { r.header[name] = value } }
	claim := func(name string, value any) func(*request) { return func(r *request) { r.claims[name] = value } }
	for _, c := range []struct {
		name     string
		rule     Rule
		status   int
		text     string // what the answer begins with
		broke    func(*request)
		body     []byte
		endpoint string
	}{
		{name: "a token of Google's", rule: ruleEndpointForeign, status: 421, endpoint: host + "/fcm/send/dHIoDxE7Hdg:APA91bH1Zj0kNa"},
		{name: "a token that was never issued", rule: ruleEndpointUnknown, status: 404, text: "A valid push subscription endpoint", endpoint: host + "/fcm/send/" + tokenPrefix + newToken()},
		{name: "a Firefox's token", rule: ruleEndpointForeign, status: 421, endpoint: host + "/fcm/send/" + firefox.endpoint[strings.LastIndex(firefox.endpoint, "/")+1:]},
		{name: "no Authorization", rule: ruleVapidMissing, status: 401, text: "Authorization header must be", broke: header("Authorization", "-")},
		{name: "the scheme Bearer", rule: ruleVapidHeader, status: 403, text: "authorization header had invalid format", broke: header("Authorization", "Bearer abc")},
		{name: "k is no base64url", rule: ruleVapidKey, status: 403, broke: header("Authorization", "vapid t=abc, k=+++")},
		{name: "another application server", rule: ruleVapidKeyMismatch, status: 403, text: "the VAPID credentials in the authorization header do not correspond", broke: func(r *request) { r.k, r.key = other.k, other.key }},
		{name: "another's signature", rule: ruleVapidSignature, status: 403, text: "permission denied: invalid JWT", broke: func(r *request) { r.key = other.key }},
		{name: "no exp", rule: ruleVapidToken, status: 403, broke: func(r *request) { delete(r.claims, "exp") }},
		{name: "expired", rule: ruleVapidExpired, status: 403, text: "token has expired", broke: claim("exp", time.Now().Add(-time.Second).Unix())},
		{name: "exp over a day ahead", rule: ruleVapidTooLong, status: 403, text: "exp claim MUST NOT", broke: claim("exp", time.Now().Add(25*time.Hour).Unix())},
		{name: "aud is the emulator", rule: ruleVapidAudience, status: 403, text: "aud claim in the token", broke: claim("aud", s.URL)},
		{name: "aud is the other host", rule: ruleVapidAudience, status: 403, broke: claim("aud", "https://"+stableHost)},
		{name: "4097 bytes", rule: ruleTooLarge, status: 413, text: "<HTML>", body: newBody(t, 4097)},
		{name: "no TTL", rule: ruleTTLMissing, status: 400, text: "<HTML>", broke: header("TTL", "-")},
		{name: "a negative TTL", rule: ruleTTLNegative, status: 400, broke: header("TTL", "-1")},
		{name: "no Content-Encoding", rule: ruleEncodingMissing, status: 400, broke: header("Content-Encoding", "-"), body: newBody(t, 200)},
		{name: "aesgcm", rule: ruleEncoding, status: 400, broke: header("Content-Encoding", "aesgcm"), body: newBody(t, 200)},
		{name: "a body without a record", rule: ruleEncodingHeader, status: 400, body: newBody(t, 90)},
		{name: "a topic of 33 characters", rule: ruleTopic, status: 400, broke: header("Topic", strings.Repeat("a", 33))},
		{name: "an unknown urgency", rule: ruleUrgency, status: 400, broke: header("Urgency", "urgent")},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := signGoogle(t, s, keys, nil)
			if c.broke != nil {
				c.broke(r)
			}
			endpoint := sub.endpoint
			if c.endpoint != "" {
				endpoint = c.endpoint
			}
			response := r.post(t, endpoint, c.body)
			text, _ := io.ReadAll(response.Body)
			response.Body = io.NopCloser(strings.NewReader(string(text)))
			expectGoogle(t, response, c.rule, c.status, "")
			if !strings.HasPrefix(string(text), c.text) {
				t.Errorf("the answer is %q", text)
			}
			list := s.pushes()
			if p := list[len(list)-1]; p.State != stateRefused || p.Rule != c.rule.ID || p.Status != c.status {
				t.Errorf("the log tells %+v", p)
			}
		})
	}
}

func TestGooglesServiceDoesNotLookAtSub(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := checkIn(t, s, 5).register(t, keys.public)
	for _, value := range []any{nil, "push@example.com", 1} {
		r := signGoogle(t, s, keys, nil)
		r.claims["sub"] = value
		if response := r.post(t, sub.endpoint, nil); response.StatusCode != http.StatusCreated {
			t.Errorf("sub %v was answered %d", value, response.StatusCode)
		}
	}
}

func TestBothOfGooglesHostsAndTheEmulatorsOwnLeadToAChromium(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	token := sub.endpoint[strings.LastIndex(sub.endpoint, "/")+1:]
	for _, origin := range []string{"https://" + stableHost, "https://" + stagingHost, s.URL} {
		sub.endpoint = origin + googlePath + token
		keys.send(t, sub, origin, 60, "")
		if _, text := c.receive(sub); text != origin {
			t.Errorf("%q came", text)
		}
	}
	r, err := http.NewRequest(http.MethodPost, s.URL+googlePath+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example.com"
	expectProblem(t, r, 403, "foreign-host")
}

func TestGooglesHostsLeadToNothingElse(t *testing.T) {
	s := serve(t, Options{})
	for _, c := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/api/pushes"}, {"GET", "/api/subscriptions"}, {"POST", "/api/browser"}, {"POST", "/checkin"}, {"POST", "/c2dm/register3"},
	} {
		r, err := http.NewRequest(c.method, s.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = stableHost
		expectProblem(t, r, 403, "foreign-host")
	}
}

func TestAChromiumsSubscriptionIsNoneOfMozillas(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := checkIn(t, s, 5).register(t, keys.public)
	token := sub.endpoint[strings.LastIndex(sub.endpoint, "/")+1:]
	for _, version := range []string{"v2", "send"} {
		expectRefusal(t, sign(t, s, keys, nil).post(t, s.URL+"/wpush/"+version+"/"+token, nil), ruleEndpointUnknown)
	}
}

func TestAForgottenChromiumKeepsItsConnectionsIdentity(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	d := checkIn(t, s, 5)
	c := d.connect(t)
	sub := d.register(t, keys.public)
	s.api("POST", "/api/browser", `{"forget": true}`, 200, nil)
	c.waitCut()
	expectGoogle(t, keys.post(t, sub, "x", 60, ""), ruleBrowserForgotten, 404, "")
	again := d.connect(t)
	sub = d.register(t, keys.public)
	keys.send(t, sub, "anew", 60, "")
	again.wants(sub, "anew")
}

func TestFaultsMeetBothVendorsEndpointsButNotForeignOnes(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	sub := checkIn(t, s, 5).register(t, keys.public)
	s.api("POST", "/api/faults", `{"status": 410, "retryAfter": 2, "count": 1}`, 204, nil)
	expectGoogle(t, signGoogle(t, s, keys, nil).post(t, "https://"+stagingHost+"/fcm/send/dHIoDxE7Hdg:APA91b", nil), ruleEndpointForeign, 421, "")
	response := keys.post(t, sub, "x", 60, "")
	if got := response.Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After is %q", got)
	}
	expectGoogle(t, response, ruleFault, 410, "")
	keys.send(t, sub, "x", 60, "")
}

package emulator

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// personalities are the names, in the order of the tests' tables.
var personalities = []string{"google", "mozilla", "apple", "microsoft"}

// signAs makes a request that every vendor takes, for an endpoint of an emulator
// that answers as one of them.
func signAs(t *testing.T, s *testService, keys vapidKeys, endpoint string) *request {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := sign(t, s, keys, map[string]string{"X-WNS-Cache-Policy": "cache"})
	r.claims["aud"] = u.Scheme + "://" + u.Host
	r.route = route(s.Listener.Addr().String())
	return r
}

// said reads an answer as a sender does: its status, the service's words, and
// what they mean.
func said(t *testing.T, as string, response *http.Response) (status int, word string, kind vendors.Kind) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	word = vendors.Word(response.StatusCode, response.Header.Get, body)
	return response.StatusCode, word, vendors.Named(as).Explain(response.StatusCode, word).Kind
}

// latest are the last n push requests, the newest first.
func latest(s *testService, n int) []Push {
	list := s.pushes()
	slices.SortFunc(list, func(a, b Push) int { return b.ID - a.ID })
	return list[:n]
}

// The same mistake at all four: the answers as they were documented or reported,
// the status and what the words begin with. Empty: it is taken.
func TestTheSameMistakeAtAllFour(t *testing.T) {
	header := func(name, value string) func(*request) { return func(r *request) { r.header[name] = value } }
	claim := func(name string, value any) func(*request) { return func(r *request) { r.claims[name] = value } }
	ttl := func(ttl, policy string) func(*request) {
		return func(r *request) { r.header["TTL"], r.header["X-WNS-Cache-Policy"] = ttl, policy }
	}
	const (
		jwt      = "403 permission denied: invalid JWT provided"
		bad      = "403 BadJwtToken"
		wns      = "401 JWT Authentication Failed"
		keys     = "401 Zero or duplicate tokens or token signing keys."
		wns4     = "400 X-WNS-Status dropped"
		claim109 = "401 errno 109: Invalid VAPID token: A value in the vapid claims"
	)
	cases := []struct {
		name  string
		broke func(*request)
		body  []byte
		rule  Rule
		want  [4]string // google, mozilla, apple, microsoft
	}{
		{"nothing", nil, newBody(t, 200), Rule{}, [4]string{}},
		{"an unknown endpoint", nil, nil, ruleEndpointUnknown, [4]string{"404 A valid push subscription endpoint", "404 errno 102: Invalid token", "404 BadPath", "404 X-WNS-Status dropped"}},
		{"no Authorization", header("Authorization", "-"), nil, ruleVapidMissing, [4]string{"401 Authorization header must be specified.", "401 errno 109: Missing VAPID", "403 BadAuthorizationHeader", keys}},
		{"the scheme Bearer", header("Authorization", "Bearer abc"), nil, ruleVapidHeader, [4]string{"403 authorization header had invalid format", "401 errno 109: Unknown auth scheme", "403 BadAuthorizationHeader", keys}},
		{"k is no point", func(r *request) { r.k = r.k[1:] }, nil, ruleVapidKey, [4]string{"403 public application server key", "401 errno 109: Invalid VAPID public key", "403 BadVapidPublicKey", keys}},
		{"another application server", nil, nil, ruleVapidKeyMismatch, [4]string{"403 the VAPID credentials in the authorization header do not correspond", "401 errno 109: VAPID public key mismatch", "400 VapidPkHashMismatch", "401 The public key used to sign JWT does not match"}},
		{"another's signature", nil, nil, ruleVapidSignature, [4]string{jwt, "401 errno 109: InvalidSignature", bad, wns}},
		{"no exp", func(r *request) { delete(r.claims, "exp") }, nil, ruleVapidToken, [4]string{jwt, claim109, bad, wns}},
		{"expired", claim("exp", time.Now().Add(-time.Minute).Unix()), nil, ruleVapidExpired, [4]string{"403 token has expired", "401 errno 109: ExpiredSignature", bad, wns}},
		{"exp over a day ahead", claim("exp", time.Now().Add(25*time.Hour).Unix()), nil, ruleVapidTooLong, [4]string{"403 exp claim MUST NOT", "401 errno 109: The VAPID token expiration is too long", bad, wns}},
		{"aud is another", claim("aud", "https://push.example.com"), nil, ruleVapidAudience, [4]string{"403 aud claim in the token", "401 errno 109: Invalid VAPID audience", bad, wns}},
		{"no sub", func(r *request) { delete(r.claims, "sub") }, nil, ruleVapidToken, [4]string{"", claim109, bad, wns}},
		{"sub is a bare address", claim("sub", "push@example.com"), nil, ruleVapidSubject, [4]string{"", claim109, bad, wns}},
		{"sub has mailto: twice", claim("sub", "mailto:mailto:push@example.com"), nil, ruleVapidSubject, [4]string{"", claim109, bad, wns}},
		{"sub is at localhost", claim("sub", "mailto:admin@localhost"), nil, ruleVapidPlaceholder, [4]string{"", "", bad, ""}},
		{"sub is in .local", claim("sub", "https://push.local"), nil, ruleVapidPlaceholder, [4]string{"", "", bad, ""}},
		{"sub is in .invalid", claim("sub", "mailto:push@example.invalid"), nil, ruleVapidPlaceholder, [4]string{"", "", bad, ""}},
		{"sub has angle brackets", claim("sub", "mailto:<push@example.com>"), nil, ruleVapidPlaceholder, [4]string{"", "", bad, ""}},
		{"4097 bytes", nil, newBody(t, 4097), ruleTooLarge, [4]string{"413 MessageTooBig", "413 errno 104: Data payload too large", "413 PayloadTooLarge", "413 X-WNS-Status dropped"}},
		{"no TTL", header("TTL", "-"), nil, ruleTTLMissing, [4]string{"400 InvalidTtlParameter", "400 errno 111: Missing TTL value", "400 BadTtl", wns4}},
		{"a negative TTL", header("TTL", "-1"), nil, ruleTTLNegative, [4]string{"400 InvalidTtlParameter", "400 errno 114: TTL must be greater than 0", "400 BadTtl", wns4}},
		{"TTL 0", ttl("0", "no-cache"), nil, ruleTTLZero, [4]string{"", "", "400 BadTtl", ""}},
		{"TTL 0 without a cache policy", ttl("0", "-"), nil, ruleCachePolicy, [4]string{"", "", "400 BadTtl", "400 Ttl value conflicts with X-WNS-Cache-Policy."}},
		{"TTL 60 without a cache policy", ttl("60", "-"), nil, Rule{}, [4]string{}},
		{"TTL 60 and no-cache", ttl("60", "no-cache"), nil, ruleCachePolicy, [4]string{"", "", "", "400 Ttl value conflicts with X-WNS-Cache-Policy."}},
		{"a body without Content-Encoding", header("Content-Encoding", "-"), newBody(t, 200), ruleEncodingMissing, [4]string{"400 A request with a body", "400 errno 110: Missing Content-Encoding", "400 BadWebPushRequest", wns4}},
		{"aesgcm", header("Content-Encoding", "aesgcm"), newBody(t, 200), ruleEncoding, [4]string{"400 The Content-Encoding is not", "400 errno 110: Unknown Content-Encoding", "400 BadWebPushRequest", wns4}},
		{"a body that is not encrypted", nil, []byte(`{"title": "It works"}`), ruleEncodingHeader, [4]string{"400 The body does not begin", "400 errno 110: Invalid crypto keys", "400 BadWebPushRequest", wns4}},
		{"a topic of 33 characters", header("Topic", strings.Repeat("a", 33)), nil, ruleTopic, [4]string{"400 The Topic is not", "400 errno 113: Topic must be URL", "400 BadWebPushTopic", wns4}},
		{"a topic with a space", header("Topic", "match 42"), nil, ruleTopic, [4]string{"400 The Topic is not", "400 errno 113: Topic must be URL", "400 BadWebPushTopic", wns4}},
		{"a topic of 9 characters", header("Topic", "new_event"), nil, ruleTopicUndecodable, [4]string{"", "", "400 BadWebPushTopic", ""}},
		{"a topic of 8 characters", header("Topic", "newEvent"), nil, Rule{}, [4]string{}},
		{"an unknown urgency", header("Urgency", "urgent"), nil, ruleUrgency, [4]string{"400 The Urgency is not", "400 Invalid urgency", "400 BadUrgency", wns4}},
	}
	broken := map[string]bool{}
	for i, as := range personalities {
		s := serve(t, Options{As: as})
		own, others := newVapidKeys(t), newVapidKeys(t)
		sub := connect(t, s, "").register(own.public)
		for _, c := range cases {
			broken[c.rule.ID] = true
			t.Run(as+"/"+c.name, func(t *testing.T) {
				r, endpoint := signAs(t, s, own, sub.endpoint), sub.endpoint
				if c.broke != nil {
					c.broke(r)
				}
				switch c.rule.ID {
				case ruleEndpointUnknown.ID:
					endpoint = endpoint[:strings.LastIndex(endpoint, "/")+1] + newToken()
				case ruleVapidKeyMismatch.ID:
					r = signAs(t, s, others, sub.endpoint)
				case ruleVapidSignature.ID:
					r.key = signAs(t, s, others, sub.endpoint).key
				}
				response := r.post(t, endpoint, c.body)
				status, word, kind := said(t, as, response)
				p := latest(s, 1)[0]
				if p.As != as || p.Status != status {
					t.Errorf("the log tells %+v", p)
				}
				if c.want[i] == "" {
					if status != http.StatusCreated || kind != vendors.Accepted || p.Rule != "" {
						t.Errorf("it was refused with %d %q by %s: %s", status, word, p.Rule, p.Detail)
					}
					return
				}
				if got := strconv.Itoa(status) + " " + word; !strings.HasPrefix(got, c.want[i]) {
					t.Errorf("it was answered %q, want %q", got, c.want[i])
				}
				// What is refused for a TTL of 0 is one rule at Apple and another at Microsoft.
				if p.Rule != c.rule.ID && !(as == "apple" && p.Rule == ruleTTLZero.ID) {
					t.Errorf("it was refused by %s, want %s", p.Rule, c.rule.ID)
				}
				if c.rule.ID == ruleVapidKeyMismatch.ID && kind != vendors.KeyMismatch || kind == vendors.Accepted || kind == vendors.Unavailable || kind == vendors.RateLimited {
					t.Errorf("a sender takes it for %s", kind)
				}
				if as != "mozilla" && (response.Header.Get("X-Pushkit-Rule") != p.Rule || response.Header.Get("X-Pushkit-Advice") == "") {
					t.Errorf("the answer names the rule %q", response.Header.Get("X-Pushkit-Rule"))
				}
			})
		}
	}
	for _, rule := range Rules() {
		switch rule.ID {
		case ruleEndpointForeign.ID, ruleFault.ID, ruleSubscriptionEnded.ID, ruleBrowserForgotten.ID:
		default:
			if !broken[rule.ID] {
				t.Errorf("no case breaks the rule %s", rule.ID)
			}
		}
	}
}

func TestAnEndedSubscriptionAtAllFour(t *testing.T) {
	for i, want := range []string{"410 push subscription has unsubscribed", "410 errno 106: No such subscription", "410 Unregistered", "410 Channel expired"} {
		as := personalities[i]
		t.Run(as, func(t *testing.T) {
			s := serve(t, Options{As: as})
			keys := newVapidKeys(t)
			b := connect(t, s, "")
			ended, forgotten := b.register(keys.public), b.register(keys.public)
			s.api("DELETE", "/api/subscriptions/"+s.subscriptions()[0].ID, "", 204, nil)
			s.api("POST", "/api/browser", `{"forget": true}`, 200, nil)
			status, word, kind := said(t, as, signAs(t, s, keys, ended.endpoint).post(t, ended.endpoint, nil))
			if got := strconv.Itoa(status) + " " + word; !strings.HasPrefix(got, want) || kind != vendors.Gone {
				t.Errorf("the answer is %q, %s; want %q", got, kind, want)
			}
			if _, _, kind := said(t, as, signAs(t, s, keys, forgotten.endpoint).post(t, forgotten.endpoint, nil)); kind != vendors.Gone {
				t.Errorf("a sender of a forgotten browser takes it for %s", kind)
			}
		})
	}
}

// Injected faults have the words of the one whose service answers.
func TestThrottlingAtAllFour(t *testing.T) {
	for _, c := range []struct {
		as, fault, want string
		kind            vendors.Kind
	}{
		{"google", `{"status": 429, "retryAfter": 7}`, "429 The push service was told", vendors.RateLimited},
		{"google", `{"status": 503, "retryAfter": 7}`, "503 The push service was told", vendors.Unavailable},
		{"mozilla", `{"status": 429, "retryAfter": 7}`, "429 errno 201: Use exponential back-off", vendors.RateLimited},
		{"mozilla", `{"status": 503, "retryAfter": 7}`, "503 errno 201: Use exponential back-off", vendors.Unavailable},
		{"apple", `{"status": 429, "retryAfter": 7}`, "429 TooManyRequests", vendors.RateLimited},
		{"apple", `{"status": 503, "retryAfter": 7}`, "503 ServiceUnavailable", vendors.Unavailable},
		{"apple", `{"status": 500, "retryAfter": 7}`, "500 InternalServerError", vendors.Unavailable},
		{"microsoft", `{"status": 406, "retryAfter": 7}`, "406 X-WNS-Status channelthrottled", vendors.RateLimited},
		{"microsoft", `{"status": 503, "retryAfter": 7}`, "503 X-WNS-Status dropped", vendors.Unavailable},
	} {
		t.Run(c.as+" "+c.fault, func(t *testing.T) {
			s := serve(t, Options{As: c.as})
			keys := newVapidKeys(t)
			sub := connect(t, s, "").register(keys.public)
			s.api("POST", "/api/faults", c.fault, 204, nil)
			response := signAs(t, s, keys, sub.endpoint).post(t, sub.endpoint, nil)
			status, word, kind := said(t, c.as, response)
			if got := strconv.Itoa(status) + " " + word; !strings.HasPrefix(got, c.want) || kind != c.kind {
				t.Errorf("the answer is %q, %s; want %q, %s", got, kind, c.want, c.kind)
			}
			if after := response.Header.Get("Retry-After"); after != "7" {
				t.Errorf("Retry-After is %q", after)
			}
		})
	}
}

func TestWhatTheServicesSayOfAPushThatTheyTake(t *testing.T) {
	for as, want := range map[string]struct {
		header, ttl string
	}{"google": {"Location", "2419200"}, "mozilla": {"Location", "2592000"}, "apple": {"Apns-Id", "2592000"}, "microsoft": {"X-Wns-Status", "2592000"}} {
		t.Run(as, func(t *testing.T) {
			s := serve(t, Options{As: as})
			keys := newVapidKeys(t)
			sub := connect(t, s, "").register(keys.public)
			r := signAs(t, s, keys, sub.endpoint)
			r.header["TTL"], r.header["Topic"] = "99999999", strings.Repeat("Az09_-xx", 4)
			response := r.post(t, sub.endpoint, newBody(t, vendors.Named(as).MaxBody))
			if response.StatusCode != http.StatusCreated || response.Header.Get(want.header) == "" || response.Header.Get("TTL") != want.ttl {
				t.Errorf("the answer is %d %v", response.StatusCode, response.Header)
			}
		})
	}
	for _, v := range vendors.All() {
		if v.MaxBody > maxBody {
			t.Errorf("%s takes more than is read", v.Name)
		}
	}
}

// A sender knows by the host whose service it speaks to, so new endpoints are on
// the vendor's; and all that are not the emulator's own are told to be routed.
func TestThePersonalityCanBeChanged(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	first := connect(t, s, "").register(keys.public)
	as := func(name string) {
		t.Helper()
		var before, after State
		var p Personality
		s.api("GET", "/api/state", "", 200, &before)
		s.api("POST", "/api/personality", `{"as": "`+name+`"}`, 200, &p)
		s.api("GET", "/api/state", "", 200, &after)
		if p.As != name || after.Personality != p || after.Next <= before.Next {
			t.Errorf("it is %+v, the state %+v", p, after)
		}
	}
	for name, host := range map[string]string{"apple": "web.push.apple.com", "microsoft": "wns2-pushkit-emulator.notify.windows.com", "google": "fcm.googleapis.com", "mozilla": "", "": ""} {
		as(name)
		sub := connect(t, s, "").register(keys.public)
		u, err := url.Parse(sub.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if host == "" {
			host = s.Listener.Addr().String()
		} else if !strings.HasPrefix(sub.endpoint, "https://"+host+"/wpush/v2/") || vendors.Of(host).Name != name {
			t.Errorf("as %s the endpoint is %s", name, sub.endpoint)
		}
		routed := false
		for _, prefix := range VendorEndpoints() {
			routed = routed || strings.HasPrefix(sub.endpoint, prefix)
		}
		if u.Host != host || routed != (u.Scheme == "https") {
			t.Errorf("as %q the endpoint is %s; routed to the emulator: %v", name, sub.endpoint, routed)
		}
		// Those that are there already stay, and are answered as the others.
		for _, endpoint := range []string{first.endpoint, sub.endpoint} {
			if response := signAs(t, s, keys, endpoint).post(t, endpoint, nil); response.StatusCode != http.StatusCreated {
				t.Errorf("as %q a push for %s was answered %d", name, endpoint, response.StatusCode)
			}
		}
		want := name
		if want == "" {
			want = "mozilla"
		}
		if list := latest(s, 2); list[0].As != want || list[1].As != want {
			t.Errorf("as %q: the log tells %+v", name, list)
		}
	}
	s.api("POST", "/api/personality", `{"as": "opera"}`, 400, nil)
	s.api("POST", "/api/personality", `{"as": 1}`, 400, nil)
	if _, err := New(Options{As: "Apple"}); err == nil || !strings.Contains(err.Error(), "personality") {
		t.Errorf("an unknown personality: %v", err)
	}
}

func TestAChromiumIsAnsweredAsTheOthers(t *testing.T) {
	s := serve(t, Options{As: "apple"})
	keys := newVapidKeys(t)
	sub := checkIn(t, s, 5).register(t, keys.public)
	r := signGoogle(t, s, keys, map[string]string{"TTL": "0"})
	if status, word, _ := said(t, "apple", r.post(t, sub.endpoint, nil)); status != 400 || word != "BadTtl" {
		t.Errorf("it was answered %d %q", status, word)
	}
	if status, word, _ := said(t, "apple", signGoogle(t, s, keys, nil).post(t, "https://"+stagingHost+"/fcm/send/dHIoDxE7Hdg:APA91b", nil)); status != 421 || word == "" {
		t.Errorf("Google's own endpoint was answered %d %q", status, word)
	}
}

func TestRulesTellAllAnswers(t *testing.T) {
	var list struct{ Data []DescribedRule }
	serve(t, Options{}).api("GET", "/api/rules", "", 200, &list)
	if len(list.Data) != len(Rules()) {
		t.Fatalf("there are %d rules", len(list.Data))
	}
	for _, r := range list.Data {
		if ours := r.ID == ruleFault.ID || r.ID == ruleEndpointForeign.ID; (len(r.Answers) == 0) != ours {
			t.Errorf("%s is answered by %v", r.ID, r.Answers)
		}
		for as, a := range r.Answers {
			if a.Status < 400 || a.Source == "" || vendors.Named(as) == nil {
				t.Errorf("%s: %s answers %+v", r.ID, as, a)
			}
		}
		if r.Status == 0 {
			t.Errorf("%s has no status", r.ID)
		}
	}
}

package vendors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// written is what a service answers for a reason, in its form.
func written(v *Vendor, r Reason) (header http.Header, body []byte) {
	header = http.Header{}
	switch v.Form {
	case FormErrno:
		var errno any
		if r.Errno != 0 {
			errno = r.Errno
		}
		body, _ = json.Marshal(map[string]any{"code": r.Status, "errno": errno, "message": r.Word})
	case FormReason:
		body, _ = json.Marshal(map[string]any{"reason": r.Word})
	case FormHeaders:
		if word, ok := strings.CutPrefix(r.Word, "X-WNS-Status "); ok {
			header.Set("X-WNS-Status", word)
		} else {
			header.Set("X-WNS-ERROR-DESCRIPTION", r.Word)
		}
	case FormText:
		body = []byte(r.Word + "\n")
		if r.Page {
			body = fmt.Appendf(nil, "<HTML>\n<HEAD>\n<TITLE>%s</TITLE>\n</HEAD>\n<BODY></BODY></HTML>", r.Word)
		}
	}
	return header, body
}

// Each entry must be found again by what the service says, or it is dead.
func TestEveryReasonIsFoundByItsWord(t *testing.T) {
	for _, v := range All() {
		for _, r := range v.Reasons {
			for _, status := range append([]int{r.Status}, r.Also...) {
				r.Status = status
				header, body := written(v, r)
				got := v.Explain(status, Word(status, header.Get, body))
				if got.Meaning != r.Meaning || got.Kind != r.Kind || got.Status != status {
					t.Errorf("%s, %d %q: it is taken for %s: %s", v.Name, status, r.Word, got.Kind, got.Meaning)
				}
				if !r.telling() {
					continue
				}
				if got := (*Vendor)(nil).Explain(status, Word(status, header.Get, body)); got.Meaning != r.Meaning {
					t.Errorf("%s, %d %q: without the vendor it is taken for %s: %s", v.Name, status, r.Word, got.Kind, got.Meaning)
				}
			}
		}
	}
}

func TestEveryReasonIsComplete(t *testing.T) {
	check := func(name string, r Reason) {
		name = fmt.Sprintf("%s, %d %q", name, r.Status, r.Word)
		if !slices.Contains(Kinds(), r.Kind) || r.Source == "" {
			t.Errorf("%s: the kind is %q, the source %q", name, r.Kind, r.Source)
		}
		if (r.Kind == Accepted) != (r.Meaning == "") || (r.Kind == Accepted) != (r.Advice == "") {
			t.Errorf("%s: it is %s and means %q, advice %q", name, r.Kind, r.Meaning, r.Advice)
		}
		for _, text := range []string{r.Meaning, r.Advice} {
			if text != "" && (!strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1]) {
				t.Errorf("%s: %q is no sentence", name, text)
			}
		}
		if r.Match != strings.ToLower(r.Match) {
			t.Errorf("%s: the match %q is not in lower case", name, r.Match)
		}
		for _, status := range append([]int{r.Status}, r.Also...) {
			if r.Kind == Gone && status != 404 && status != 410 {
				t.Errorf("%s: %d may end no subscription", name, status)
			}
			if (r.Kind == KeyMismatch) && status != 400 && status != 401 && status != 403 {
				t.Errorf("%s: %d is no key mismatch", name, status)
			}
			if status >= 500 && r.Kind != Unavailable || (status == 400 || status == 401 || status == 403) && r.Kind != Refused && r.Kind != KeyMismatch {
				t.Errorf("%s: %d is %s", name, status, r.Kind)
			}
		}
	}
	for _, v := range All() {
		for _, r := range v.Reasons {
			check(v.Name, r)
		}
	}
	for _, r := range generic {
		check("any", r)
	}
}

// Whoever plays a vendor's service needs an answer to all that its rules refuse.
func TestEveryVendorAnswersTheMistakesThatItLooksFor(t *testing.T) {
	always := []Mistake{
		EndpointUnknown, SubscriptionEnded, BrowserForgotten, VapidMissing, VapidHeader, VapidKey, VapidKeyMismatch, VapidToken, VapidSignature,
		VapidExpired, VapidTooFar, VapidAudience, PayloadTooLarge, TTLMissing, TTLNegative, EncodingMissing, Encoding, EncodingHeader, Topic, Urgency,
	}
	for _, v := range All() {
		depends := map[Mistake]bool{
			TTLZero: v.TTL.Shortest > 0, CachePolicy: v.TTL.CachePolicy, TopicUndecodable: v.Topic == TopicBytes,
			VapidSubject: v.Subject != SubjectAny, VapidPlaceholder: v.Subject == SubjectPublic,
		}
		for _, m := range always {
			depends[m] = true
		}
		for m, want := range depends {
			r, ok := v.Answer(m)
			if ok != want {
				t.Errorf("%s, %s: answered is %v", v.Name, m, ok)
			}
			if ok && (r.Kind == Accepted || r.Status < 400) {
				t.Errorf("%s, %s is answered %d, %s", v.Name, m, r.Status, r.Kind)
			}
		}
		seen := map[Mistake]string{}
		for _, r := range v.Reasons {
			for _, m := range r.For {
				if other, twice := seen[m]; twice {
					t.Errorf("%s, %s is answered with %q and %q", v.Name, m, other, r.Word)
				}
				seen[m] = r.Word
			}
		}
	}
}

func TestOf(t *testing.T) {
	for host, want := range map[string]string{
		"fcm.googleapis.com": "google", "jmt17.google.com": "google", "updates.push.services.mozilla.com": "mozilla",
		"web.push.apple.com": "apple", "push.apple.com": "apple", "wns2-by3p.notify.windows.com": "microsoft",
		"": "", "google.com": "", "evil-fcm.googleapis.com": "", "xpush.apple.com": "", "push.apple.com.evil.net": "", "127.0.0.1": "", "localhost": "",
	} {
		name := ""
		if v := Of(host); v != nil {
			name = v.Name
			if Named(name) != v {
				t.Errorf("%s is not found by its name", name)
			}
		}
		if name != want {
			t.Errorf("%q belongs to %q, want %q", host, name, want)
		}
	}
	if Named("opera") != nil {
		t.Error("a vendor is made up")
	}
	if hosts := Hosts(); len(hosts) != 5 || hosts[0] != "fcm.googleapis.com" {
		t.Errorf("the hosts are %q", hosts)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		v      *Vendor
		status int
		word   string
		want   Kind
	}{
		{Google, 201, "", Accepted},
		{Google, 403, "the key in the authorization header does not correspond to the sender ID used to subscribe this user", KeyMismatch},
		{Google, 400, "UnauthorizedRegistration", KeyMismatch},
		{Google, 403, "Forbidden", Refused},
		{Google, 404, "Not Found", Gone},
		{Google, 502, "<html>oops</html>", Unavailable},
		{Mozilla, 401, "errno 109: VAPID public key mismatch", KeyMismatch},
		{Mozilla, 401, "errno 109: Invalid VAPID audience", Refused},
		{Mozilla, 401, "errno 109: Request did not validate Invalid Authorization Header", Refused},
		{Mozilla, 401, "errno 1090: VAPID public key mismatch", Refused},
		{Mozilla, 503, "errno 109: VAPID public key mismatch", Unavailable},
		{Mozilla, 404, "errno 102: Request did not validate invalid token", Gone},
		{Mozilla, 413, "errno 104: This message is intended for a constrained device and is limited in size. Converted buffer is too long by 12 bytes", TooLarge},
		{Apple, 400, "VapidPkHashMismatch", KeyMismatch},
		{Apple, 403, "VapidPkHashMismatch", KeyMismatch},
		{Apple, 403, "BadJwtToken", Refused},
		{Apple, 400, "Unregistered", Refused},
		{Apple, 410, "ExpiredSubscription", Gone},
		{Apple, 429, "TooManyRequests", RateLimited},
		{Microsoft, 401, "The public key used to sign JWT does not match with the one included in channel Url", KeyMismatch},
		{Microsoft, 401, "Unauthorized", Refused},
		{Microsoft, 403, "Forbidden", KeyMismatch},
		{Microsoft, 406, "Not Acceptable", RateLimited},
		{Microsoft, 410, "Gone", Gone},
		{Microsoft, 410, "The sending domain is blocked", Refused},
		{Microsoft, 200, "X-WNS-Status dropped", Refused},
		{Microsoft, 201, "X-WNS-Status channelthrottled", RateLimited},
		{nil, 403, "Forbidden", Refused},
		{nil, 403, "VapidPkHashMismatch", KeyMismatch},
		{nil, 200, "", Accepted},
		{nil, 204, "No Content", Refused},
		{nil, 301, "Moved Permanently", Refused},
		{nil, 406, "", RateLimited},
		{nil, 408, "", Unavailable},
		{nil, 418, "", Refused},
		{nil, 599, "", Unavailable},
	} {
		name := "any"
		if c.v != nil {
			name = c.v.Name
		}
		if got := c.v.Explain(c.status, c.word); got.Kind != c.want || got.Word != c.word {
			t.Errorf("%s, %d %q: got %s %q, want %s", name, c.status, c.word, got.Kind, got.Word, c.want)
		}
	}
}

func TestLifetime(t *testing.T) {
	for _, c := range []struct {
		v      *Vendor
		ttl    int64
		header int64
		policy string
	}{
		{nil, 0, 0, ""}, {Google, 0, 0, ""}, {Mozilla, 60, 60, ""}, {Apple, 0, 1, ""}, {Apple, 60, 60, ""},
		{Microsoft, 0, 0, "no-cache"}, {Microsoft, 60, 60, "cache"},
	} {
		header, policy := c.v.Lifetime(c.ttl)
		if header != c.header || policy != c.policy {
			t.Errorf("%v, %d: got %d, %q", c.v, c.ttl, header, policy)
		}
		if c.v != nil && c.v.CheckTTL(header, policy) != "" {
			t.Errorf("%s does not take its own TTL %d", c.v.Name, header)
		}
	}
	if Apple.CheckTTL(0, "") != TTLZero || Microsoft.CheckTTL(0, "") != CachePolicy || Microsoft.CheckTTL(0, "cache") != CachePolicy || Microsoft.CheckTTL(60, "no-cache") != CachePolicy || Microsoft.CheckTTL(60, "") != "" {
		t.Error("a TTL is taken that is refused")
	}
}

func TestCheckTopic(t *testing.T) {
	for topic, want := range map[string]Mistake{
		"a": TopicUndecodable, "news": "", "newEvent": "", "new_event": TopicUndecodable, "neueangebote": "", "neue-angebote": TopicUndecodable,
		"": Topic, "match 42": Topic, "ü": Topic, strings.Repeat("a", 32): "", strings.Repeat("a", 33): Topic, "QQ==": Topic,
	} {
		if got := Apple.CheckTopic(topic); got != want {
			t.Errorf("Apple, %q: got %q, want %q", topic, got, want)
		}
		if want == TopicUndecodable {
			want = ""
		}
		if got := Google.CheckTopic(topic); got != want {
			t.Errorf("Google, %q: got %q, want %q", topic, got, want)
		}
	}
}

func TestCheckSubject(t *testing.T) {
	for sub, want := range map[string]Mistake{
		"mailto:push@example.com": "", "https://example.com/contact": "", "mailto:push@example.com?subject=push": "",
		"": VapidSubject, "push@example.com": VapidSubject, "http://example.com": VapidSubject, "mailto:": VapidSubject, "https://": VapidSubject, "mailto:mailto:push@example.com": VapidSubject,
		"mailto:push@localhost": VapidPlaceholder, "https://localhost:8080": VapidPlaceholder, "mailto:push@host.local": VapidPlaceholder, "https://push.invalid": VapidPlaceholder,
		"mailto:push@example.test": VapidPlaceholder, "https://127.0.0.1": VapidPlaceholder, "https://intranet": VapidPlaceholder, "mailto: <push@example.com>": VapidPlaceholder,
	} {
		if got := Apple.CheckSubject(sub); got != want {
			t.Errorf("Apple, %q: got %q, want %q", sub, got, want)
		}
		if want == VapidPlaceholder {
			want = ""
		}
		if got := Mozilla.CheckSubject(sub); got != want {
			t.Errorf("Mozilla, %q: got %q, want %q", sub, got, want)
		}
		if got := Google.CheckSubject(sub); got != "" {
			t.Errorf("Google, %q: got %q", sub, got)
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, v := range All() {
		for _, r := range v.Reasons {
			header, body := written(v, r)
			f.Add(v.Name, r.Status, header.Get("X-WNS-Error-Description"), header.Get("X-WNS-Status"), string(body))
		}
	}
	f.Add("", -1, "\xff", "received", "<title>\xff</TITLE>")
	f.Fuzz(func(t *testing.T, name string, status int, description, wns, body string) {
		header := map[string]string{"x-wns-error-description": description, "x-wns-status": wns}
		word := Word(status, func(name string) string { return header[name] }, []byte(body))
		for _, said := range []string{word, body} {
			r := Named(name).Explain(status, said)
			if !slices.Contains(Kinds(), r.Kind) || r.Status != status || r.Word != said {
				t.Fatalf("%d %q is %+v", status, said, r)
			}
			if r.Kind != Accepted && (r.Meaning == "" || r.Advice == "") {
				t.Fatalf("%d %q is %s, without a meaning or advice", status, said, r.Kind)
			}
			if r.Kind == Gone && status != 404 && status != 410 || r.Kind == Accepted && (status < 200 || status > 202) {
				t.Fatalf("%d %q is %s", status, said, r.Kind)
			}
		}
	})
}

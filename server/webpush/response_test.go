package webpush

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

func classifyAnswer(name string, status int, header map[string]string, body string, now time.Time) Result {
	h := http.Header{}
	for name, value := range header {
		h.Set(name, value)
	}
	return classify(vendors.Named(name), status, h.Get, []byte(body), now)
}

// The vendors' answers, as their documentation and their users show them.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		header  map[string]string
		body    string
		outcome Outcome
		reason  string
	}{
		{"accepted", 201, map[string]string{"Location": "https://push.example/m/1"}, "", Accepted, ""},
		{"Microsoft, accepted", 200, map[string]string{"X-WNS-Status": "received"}, "", Accepted, ""},
		{"receipt asked for", 202, nil, "", Accepted, ""},
		{"Microsoft, dropped it", 200, map[string]string{"X-WNS-Status": "dropped"}, "", Refused, "X-WNS-Status dropped"},
		{"Microsoft, throttles the channel", 200, map[string]string{"X-WNS-NotificationStatus": "channelthrottled"}, "", RateLimited, "X-WNS-Status channelthrottled"},
		{"Google, gone", 410, nil, "push subscription has unsubscribed or expired.\n", Gone, "push subscription has unsubscribed or expired."},
		{"Google, idle", 404, nil, "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg", Gone, "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/dHIoDxE7Hdg"},
		{"Google, another key", 403, nil, "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.", KeyMismatch, "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions."},
		{"Google, old key", 400, nil, "UnauthorizedRegistration", KeyMismatch, "UnauthorizedRegistration"},
		{"Mozilla, unknown", 404, nil, `{"code":404,"errno":102,"error":"Not Found","message":"Request did not validate invalid token","more_info":"http://autopush.readthedocs.io"}`, Gone, "errno 102: Request did not validate invalid token"},
		{"Mozilla, gone", 410, nil, `{"code":410,"errno":106,"error":"Gone","message":"No such subscription"}`, Gone, "errno 106: No such subscription"},
		{"Mozilla, key", 401, nil, `{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}`, KeyMismatch, "errno 109: VAPID public key mismatch"},
		{"Mozilla, token", 401, nil, `{"code":401,"errno":109,"error":"Unauthorized","message":"Invalid VAPID audience"}`, Refused, "errno 109: Invalid VAPID audience"},
		{"Mozilla, size", 413, nil, `{"code":413,"errno":104,"error":"Payload Too Large","message":"This message is intended for a constrained device and is limited in size."}`, TooLarge, "errno 104: This message is intended for a constrained device and is limited in size."},
		{"Mozilla, back off", 503, map[string]string{"Retry-After": "30"}, `{"code":503,"errno":201,"error":"Service Unavailable","message":"Use exponential back-off for retries"}`, Unavailable, "errno 201: Use exponential back-off for retries"},
		{"Mozilla, no errno", 400, nil, `{"code":400,"errno":null,"message":"Invalid urgency"}`, Refused, "Invalid urgency"},
		{"Apple, key", 400, nil, `{"reason":"VapidPkHashMismatch"}`, KeyMismatch, "VapidPkHashMismatch"},
		{"Apple, token", 403, nil, `{"reason":"BadJwtToken"}`, Refused, "BadJwtToken"},
		{"Apple, gone", 410, nil, `{"reason":"Unregistered"}`, Gone, "Unregistered"},
		{"Apple, size", 413, nil, `{"reason":"PayloadTooLarge"}`, TooLarge, "PayloadTooLarge"},
		{"Apple, throttled", 429, nil, `{"reason":"TooManyRequests"}`, RateLimited, "TooManyRequests"},
		{"Microsoft, throttled", 406, map[string]string{"X-WNS-ERROR-DESCRIPTION": "The cloud service sent too many notifications to this channel"}, "", RateLimited, "The cloud service sent too many notifications to this channel"},
		{"Microsoft, gone", 410, map[string]string{"X-WNS-ERROR-DESCRIPTION": "Channel expired"}, "", Gone, "Channel expired"},
		{"Microsoft, key", 401, map[string]string{"X-WNS-ERROR-DESCRIPTION": "The public key used to sign JWT does not match with the one included in channel Url", "X-WNS-Status": "dropped"}, "", KeyMismatch, "The public key used to sign JWT does not match with the one included in channel Url"},
		{"Microsoft, blocks us", 410, map[string]string{"X-WNS-ERROR-DESCRIPTION": "Domain Blocked"}, "", Refused, "Domain Blocked"},
		{"somebody's autopush, key", 401, nil, `{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}`, KeyMismatch, "errno 109: VAPID public key mismatch"},
		{"Google, a page", 400, nil, "<HTML><HEAD><TITLE>InvalidTtlParameter</TITLE></HEAD></HTML>", Refused, "InvalidTtlParameter"},
		{"without a word", 403, nil, "", Refused, "Forbidden"},
		{"time-out of theirs", 408, nil, "", Unavailable, "Request Timeout"},
		{"server error", 500, nil, "<html>oops</html>", Unavailable, "<html>oops</html>"},
		{"bad gateway", 502, nil, "", Unavailable, "Bad Gateway"},
		{"unknown 5xx", 599, nil, "", Unavailable, ""},
		{"moved", 301, map[string]string{"Location": "https://evil.net/"}, "", Refused, "Moved Permanently"},
		{"moved for now", 307, map[string]string{"Location": "https://evil.net/"}, "", Refused, "Temporary Redirect"},
		{"no content", 204, nil, "", Refused, "No Content"},
		{"teapot", 418, nil, "", Refused, "I'm a teapot"},
		{"JSON of another kind", 400, nil, `["reason"]`, Refused, `["reason"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			who, _, _ := strings.Cut(c.name, ",")
			r := classifyAnswer(strings.ToLower(who), c.status, c.header, c.body, time.Now())
			if r.Outcome != c.outcome || r.Status != c.status || r.Reason != c.reason {
				t.Errorf("got %s, %d, %q; want %s, %q", r.Outcome, r.Status, r.Reason, c.outcome, c.reason)
			}
			if (r.Meaning == "") != (r.Outcome == Accepted) || (r.Advice == "") != (r.Outcome == Accepted) {
				t.Errorf("it is %s and means %q, advice %q", r.Outcome, r.Meaning, r.Advice)
			}
			if r.Location != c.header["Location"] {
				t.Errorf("the location is %q", r.Location)
			}
		})
	}
}

// Only the vendor's word deletes: no other status may be taken for it.
func TestOnly404And410AreGone(t *testing.T) {
	for status := 200; status < 600; status++ {
		for _, name := range []string{"", "google", "mozilla", "apple", "microsoft"} {
			gone := classifyAnswer(name, status, nil, "", time.Now()).Outcome == Gone
			if gone != (status == 404 || status == 410) {
				t.Errorf("%s, %d: gone is %v", name, status, gone)
			}
		}
	}
}

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                                0,
		"0":                               0,
		"1":                               time.Second,
		"120":                             2 * time.Minute,
		"Tue, 01 Dec 2026 09:01:30 GMT":   90 * time.Second,
		"Tuesday, 01-Dec-26 09:01:30 GMT": 90 * time.Second,
		"Tue, 01 Dec 2026 08:00:00 GMT":   0,
		"Mon, 01 Jan 0001 00:00:00 GMT":   0,
		"Fri, 31 Dec 9999 23:59:59 GMT":   maxRetryAfter,
		"4294967295":                      maxRetryAfter,
		"99999999999999999999999":         0,
		"-1":                              0,
		"+5":                              0,
		"1.5":                             0,
		"0x10":                            0,
		"soon":                            0,
		"120, 240":                        0,
		"2026-12-01T09:01:30Z":            0,
	} {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestReasonIsSafeToPrint(t *testing.T) {
	for body, want := range map[string]string{
		"a\r\nb\x00c\x1b[31m":          "a  b c [31m",
		"broken \xff\xfe":              "broken ",
		strings.Repeat("x", 9000):      strings.Repeat("x", 500),
		strings.Repeat("ü", 300):       strings.Repeat("ü", 250),
		"x" + strings.Repeat("ü", 300): "x" + strings.Repeat("ü", 249),
	} {
		if got := clip(body); got != want {
			t.Errorf("%.20q… gives %q", body, got)
		}
	}
}

func TestReasonNeverHoldsTheEndpoint(t *testing.T) {
	const endpoint = "https://wns2-by3p.notify.windows.com/w/?token=BQYAAACsecret%2fsecretsecret%3d&x=1"
	for _, text := range []string{
		"The requested URL /w/?token=BQYAAACsecret%2fsecretsecret%3d&x=1 was not found",
		"The token BQYAAACsecret/secretsecret= was not found at wns2-by3p.notify.windows.com/w/",
		strings.Repeat(" ", 490) + "BQYAAACsecret/secretsecret=",
	} {
		got := clip(withoutEndpoint(text, endpoint))
		if strings.Contains(got, "BQYAAA") || !strings.Contains(got, "…") {
			t.Errorf("got %q", got)
		}
	}
	for _, short := range []string{"", "x", "https://", "https://fcm.googleapis.com", "https://fcm.googleapis.com/fcm/send/"} {
		if got := withoutEndpoint("send to /fcm/send/", short); got != "send to /fcm/send/" {
			t.Errorf("%q: got %q", short, got)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("mozilla", 503, "120", "", `{"errno":201,"message":"wait"}`)
	f.Add("microsoft", 406, "Tue, 01 Dec 2026 09:01:30 GMT", "too many", "")
	f.Add("", 200, "-1", "\xff", `{"reason":1}`)
	now := time.Now()
	f.Fuzz(func(t *testing.T, name string, status int, retryAfter, description, body string) {
		r := classifyAnswer(name, status, map[string]string{"Retry-After": retryAfter, "X-WNS-ERROR-DESCRIPTION": description}, body, now)
		if r.RetryAfter < 0 || r.RetryAfter > maxRetryAfter {
			t.Fatalf("it is to be tried again in %v", r.RetryAfter)
		}
		if r.Outcome == Gone && status != 404 && status != 410 || r.Outcome == "" {
			t.Fatalf("%d is %q", status, r.Outcome)
		}
		if reason := clip(r.Reason); len(reason) > 500 || !utf8.ValidString(reason) || strings.ContainsAny(reason, "\r\n\x00") {
			t.Fatalf("the reason is %q", reason)
		}
		if seconds, err := strconv.ParseUint(retryAfter, 10, 16); err == nil && r.RetryAfter != time.Duration(seconds)*time.Second {
			t.Fatal(fmt.Sprint(r.RetryAfter, " is not what was asked for: ", retryAfter))
		}
	})
}

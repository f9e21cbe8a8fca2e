package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

var (
	base = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}
	noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
)

// decodeMessage reads a request as the API does.
func decodeMessage(t testing.TB, text string) wire.MessageRequest {
	t.Helper()
	var r wire.MessageRequest
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// notification, beside and audience put members into a request that is
// otherwise valid.
func notification(members string) string {
	return `{"audience": {"all": true}, "notification": {"title": "Goal!"` + members + `}}`
}

func beside(members string) string {
	return `{"audience": {"all": true}, "notification": {"title": "Goal!"}` + members + `}`
}

func audience(members string) string {
	return `{"audience": {` + members + `}, "notification": {"title": "Goal!"}}`
}

func TestParseMessageNamesTheFieldThatIsWrong(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`"x",`, wire.MaxAudienceIDs+1), ",")
	for _, c := range []struct{ body, field string }{
		{`{}`, "audience"},
		{audience(``), "audience"},
		{audience(`"all": false`), "audience"},
		{audience(`"all": true, "channels": ["news"]`), "audience"},
		{audience(`"users": ["u"], "subscriptions": []`), "audience"},
		{audience(`"channels": []`), "audience.channels"},
		{audience(`"channels": [` + many + `]`), "audience.channels"},
		{audience(`"channels": [""]`), "audience.channels"},
		{audience(`"channels": ["` + strings.Repeat("x", wire.MaxChannelLength+1) + `"]`), "audience.channels"},
		{audience(`"channels": ["a"], "allChannels": ["b"]`), "audience"},
		{audience(`"noChannels": ["a"]`), "audience"},
		{audience(`"all": true, "noChannels": []`), "audience.noChannels"},
		{audience(`"all": true, "noChannels": [` + many[:4*(wire.MaxChannels+1)-1] + `]`), "audience.noChannels"},
		{audience(`"all": true, "noChannels": ["a", "\n"]`), "audience.noChannels"},
		{audience(`"users": ["u"], "noChannels": ["a"]`), "audience.noChannels"},
		{audience(`"allChannels": []`), "audience.allChannels"},
		{audience(`"allChannels": [` + many[:4*(wire.MaxChannels+1)-1] + `]`), "audience.allChannels"},
		{audience(`"allChannels": ["a", ""]`), "audience.allChannels"},
		{audience(`"users": []`), "audience.users"},
		{audience(`"users": [` + many + `]`), "audience.users"},
		{audience(`"users": ["a", ""]`), "audience.users[1]"},
		{audience(`"users": ["a\u0000"]`), "audience.users[0]"},
		{audience(`"users": ["` + strings.Repeat("x", 257) + `"]`), "audience.users[0]"},
		{audience(`"subscriptions": []`), "audience.subscriptions"},
		{audience(`"subscriptions": ["0199c0de-7a3b-7000-8000-0123456789ab", "x"]`), "audience.subscriptions[1]"},
		{audience(`"subscriptions": ["{0199c0de-7a3b-7000-8000-0123456789a}"]`), "audience.subscriptions[0]"},
		{`{"audience": {"all": true}}`, "notification.title"},
		{`{"audience": {"all": true}, "notification": {"title": " \t"}}`, "notification.title"},
		{notification(`, "dir": "up"`), "notification.dir"},
		{notification(`, "renotify": true`), "notification.renotify"},
		{notification(`, "renotify": true, "silent": true, "tag": "x"`), "notification.renotify"},
		{notification(`, "navigate": "javascript:alert(1)"`), "notification.navigate"},
		{notification(`, "navigate": "ftp://example.com/x"`), "notification.navigate"},
		{notification(`, "navigate": "https://"`), "notification.navigate"},
		{notification(`, "navigate": "https:///x"`), "notification.navigate"},
		{notification(`, "navigate": "https:x"`), "notification.navigate"},
		{notification(`, "navigate": "https://exa mple.com"`), "notification.navigate"},
		{notification(`, "navigate": "https://exa<mple.com"`), "notification.navigate"},
		{notification(`, "navigate": "https://example.com:99999/"`), "notification.navigate"},
		{notification(`, "navigate": "%zz"`), "notification.navigate"},
		{notification(`, "navigate": "https://1.2.3.4.5/"`), "notification.navigate"},
		{notification(`, "navigate": "https://256.1.1.1/"`), "notification.navigate"},
		{notification(`, "navigate": "https://example.0x4/"`), "notification.navigate"},
		{notification(`, "navigate": "https://example.08/"`), "notification.navigate"},
		{notification(`, "navigate": "https://xn--a/"`), "notification.navigate"},
		{notification(`, "navigate": "https://a\u2028b.example/"`), "notification.navigate"},
		{notification(`, "navigate": "https://./"`), "notification.navigate"},
		{notification(`, "icon": "https://[::1/"`), "notification.icon"},
		{notification(`, "icon": "data:image/png;base64,AAAA"`), "notification.icon"},
		{notification(`, "image": "blob:https://example.com/1"`), "notification.image"},
		{notification(`, "badge": "file:///etc/passwd"`), "notification.badge"},
		{notification(`, "actions": [{"title": "Watch"}]`), "notification.actions[0]"},
		{notification(`, "actions": [{"action": "a", "title": "A"}, {"action": "watch"}]`), "notification.actions[1]"},
		{notification(`, "actions": [{"action": "a", "title": "A", "navigate": "mailto:x@example.com"}]`), "notification.actions[0].navigate"},
		{notification(`, "actions": [{"action": "a", "title": "A", "icon": "mailto:x@example.com"}]`), "notification.actions[0].icon"},
		{notification(`, "body": "` + strings.Repeat("x", 4000) + `"`), "notification"},
		{notification(`, "body": "` + hole + `"`), "notification"},
		{notification(`, "data": {"deep": ["` + hole + `~"]}`), "notification"},
		{notification(`, "data": {"` + hole + `": 1}`), "notification"},
		{notification(`, "body": "{{name"`), "notification.body"},
		{notification(`, "body": "{{}}"`), "notification.body"},
		{notification(`, "body": "{{a b}}"`), "notification.body"},
		{notification(`, "body": "` + strings.Repeat("{{a}}", wire.MaxPlaceholders+1) + `"`), "notification.body"},
		{notification(`, "body": "{{a|` + strings.Repeat("x", 4000) + `}}"`), "notification"},
		{notification(`, "navigate": "{{a"`), "notification.navigate"},
		{notification(`, "navigate": "https://{{a}}.example.com/"`), "notification.navigate"},
		{notification(`, "navigate": "https://{{a}}@example.com/"`), "notification.navigate"},
		{notification(`, "navigate": "https://example.com:{{a}}/"`), "notification.navigate"},
		{notification(`, "navigate": "//{{a}}"`), "notification.navigate"},
		{notification(`, "navigate": "{{a|https}}://example.com/"`), "notification.navigate"},
		{notification(`, "actions": [{"action": "a", "title": "{{a"}]`), "notification.actions[0].title"},
		{notification(`, "actions": [{"action": "a", "title": "{{a}}"}]`), "notification.actions[0].title"},
		{notification(`, "actions": [{"action": "a", "title": "A", "navigate": "//{{a}}/"}]`), "notification.actions[0].navigate"},
		{`{"audience": {"all": true}, "notification": {"title": "{{name}}"}}`, "notification.title"},
		{`{"audience": {"all": true}, "notification": {"title": "{{name| }} "}}`, "notification.title"},
		{beside(`, "localized": {"de": {"body": "{{"}}`), "localized.de.body"},
		{beside(`, "localized": {"": {}}`), "localized"},
		{beside(`, "localized": {"de_DE": {}}`), "localized"},
		{beside(`, "localized": {"1e": {}}`), "localized"},
		{beside(`, "localized": {"de-": {}}`), "localized"},
		{beside(`, "localized": {"de-abcdefghi": {}}`), "localized"},
		{beside(`, "localized": {"` + strings.Repeat("a-", 17) + `aa": {}}`), "localized"},
		{beside(`, "localized": {"de": {}, "DE": {}}`), "localized.de"},
		{beside(`, "localized": {"de": {"title": " "}}`), "localized.de.title"},
		{beside(`, "localized": {"de": {}, "fr": {"dir": "up"}}`), "localized.fr.dir"},
		{beside(`, "localized": {"de": {"navigate": "javascript:alert(1)"}}`), "localized.de.navigate"},
		{beside(`, "localized": {"de": {"actions": [{"action": "a", "title": "A", "icon": "mailto:x@example.com"}]}}`), "localized.de.actions[0].icon"},
		{beside(`, "localized": {"de": {"body": "` + strings.Repeat("x", 4000) + `"}}`), "localized.de"},
		{beside(`, "localized": {"de": {"body": "` + hole + `"}}`), "localized.de"},
		{beside(`, "localized": {` + manyLanguages(40, 1700) + `}`), "localized"},
		{notification(`, "actions": [` + strings.TrimSuffix(strings.Repeat(`{"action": "a", "title": "A"},`, wire.MaxActions+1), ",") + `]`), "notification.actions"},
		{notification(`, "actions": [{"action": "a", "title": " {{x}} "}]`), "notification.actions[0].title"},
		{notification(`, "navigate": "/` + strings.Repeat("{{x}}", 30) + `", "actions": [{"action": "a", "title": "A"}]`), "notification"},
		{beside(`, "appBadge": 2147483648`), "appBadge"},
		{beside(`, "close": []`), "close"},
		{beside(`, "close": ["a", ""]`), "close[1]"},
		{beside(`, "ttl": -1`), "ttl"},
		{beside(`, "ttl": 2419201`), "ttl"},
		{beside(`, "urgency": "urgent"`), "urgency"},
		{beside(`, "topic": "` + strings.Repeat("x", wire.MaxTopicLength+1) + `"`), "topic"},
		{beside(`, "topic": "a\nb"`), "topic"},
		{beside(`, "sendAt": "tomorrow"`), "sendAt"},
		{beside(`, "sendAt": "2026-12-01T09:00"`), "sendAt"},
		{beside(`, "sendAt": "2026-13-01T09:00:00Z"`), "sendAt"},
	} {
		m, _, err := ParseMessage(decodeMessage(t, c.body), base, Hours{}, noon)
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || e.Detail == "" || m != nil {
			t.Errorf("%.120s: got %v, want an error of %s", c.body, err, c.field)
		}
	}
}

// manyLanguages is what a notification says in n languages, in so many bytes each.
func manyLanguages(n, bytes int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"a%c%c": {"body": %q},`, 'a'+i/26, 'a'+i%26, strings.Repeat("x", bytes))
	}
	return strings.TrimSuffix(b.String(), ",")
}

// A wrong year is seen before, or at least after, a broadcast is sent for it.
func TestATimeThatHasPassedIsWarnedOf(t *testing.T) {
	for at, want := range map[time.Time]int{noon.Add(-time.Hour): 1, noon.Add(-time.Second): 0, noon.Add(time.Hour): 0} {
		body := `{"audience": {"all": true}, "notification": {"title": "x"}, "sendAt": "` + at.Format(time.RFC3339) + `"}`
		m, warnings, err := ParseMessage(decodeMessage(t, body), base, Hours{}, noon)
		if err != nil || len(warnings) != want || m.DueAt.Before(noon) {
			t.Errorf("%v: %v, %v", at, warnings, err)
		}
	}
}

// What browsers take, such as the hosts of previews and of videos, is taken.
func TestHostsAreThoseOfBrowsers(t *testing.T) {
	for host, want := range map[string]bool{
		"qa--site.netlify.app": true, "r3---sn-4g5e6nez.googlevideo.com": true, "a-.example": true, "-a.example": true, "a_b.example": true,
		"bücher.example": true, "example.com.": true, "localhost": true, "127.0.0.1": true, "::1": true,
		"1.2.3.4.5": false, "example.0x4": false, "xn--a": false, ".": false, "": false, "a b": false,
	} {
		if got := isHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestATooLargeMessageHasACodeOfItsOwnAndItsSize(t *testing.T) {
	for n, want := range map[int]wire.Code{3000: "", 3990: wire.MessageTooLarge} {
		_, warnings, err := ParseMessage(decodeMessage(t, notification(`, "body": "`+strings.Repeat("x", n)+`"`)), base, Hours{}, noon)
		if want == "" && (err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "Firefox on Android")) {
			t.Errorf("%d bytes: got %q, %v; want a warning", n, warnings, err)
		}
		if want != "" && CodeOf(err) != want {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	m, warnings, err := ParseMessage(decodeMessage(t, notification(``)), base, Hours{}, noon)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("got %q, %v", warnings, err)
	}
	if _, err := webpush.Encrypt(subscriptionOf(t, "https://fcm.googleapis.com/x"), plaintext(m.Payload, strings.Repeat("x", TokenLength))); err != nil {
		t.Error(err)
	}
}

func TestParseMessageDefaults(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(``)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if m.TTL != 28*24*time.Hour || !m.DueAt.Equal(noon) || !m.CreatedAt.Equal(noon) || m.Urgency != "" || m.Audience.Small() || m.ID == (ID{}) {
		t.Errorf("got %+v", m)
	}
	// TTL 0 is not the absent one.
	if m, _, err = ParseMessage(decodeMessage(t, beside(`, "ttl": 0`)), base, Hours{}, noon); err != nil || m.TTL != 0 {
		t.Errorf("got %v, %v", m.TTL, err)
	}
	// A time that has passed is now.
	for sendAt, want := range map[string]time.Time{
		"2026-12-01T11:00:00Z":      noon,
		"2026-12-01T14:00:00+01:00": noon.Add(time.Hour),
		"2026-12-02T09:00:00Z":      noon.Add(21 * time.Hour),
	} {
		if m, _, err = ParseMessage(decodeMessage(t, beside(`, "sendAt": "`+sendAt+`"`)), base, Hours{}, noon); err != nil || !m.DueAt.Equal(want) {
			t.Errorf("%s: due at %v, %v; want %v", sendAt, m.DueAt, err, want)
		}
	}
}

// payloadOf is what a browser gets.
func payloadOf(t *testing.T, body string) map[string]any {
	t.Helper()
	m, _, err := ParseMessage(decodeMessage(t, body), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("T", TokenLength)
	var payload map[string]any
	if err := json.Unmarshal(plaintext(m.Payload, token), &payload); err != nil {
		t.Fatal(err)
	}
	data := payload["notification"].(map[string]any)["data"].(map[string]any)
	if got := data["pushkit"].(map[string]any)["token"]; got != token {
		t.Errorf("the token is %v", got)
	}
	return payload
}

func TestPayloadIsDeclarativeAndItsURLsAreAbsolute(t *testing.T) {
	p := payloadOf(t, notification(`, "navigate": "/live?a=b#c", "icon": "i.png", "image": "//cdn.example.net/x", "badge": "../b.png",
		"actions": [{"action": "a", "title": "A"}, {"action": "b", "title": "B", "navigate": "http://other.example/", "icon": "b.png"}],
		"tag": "t", "body": "<b>&amp;", "data": {"id": 1}`))
	if p["web_push"] != 8030.0 || p["mutable"] != true {
		t.Errorf("got %v", p)
	}
	n := p["notification"].(map[string]any)
	for name, want := range map[string]string{
		"navigate": "https://example.com/live?a=b#c", "icon": "https://example.com/i.png", "image": "https://cdn.example.net/x",
		"badge": "https://example.com/b.png", "tag": "t", "body": "<b>&amp;", "title": "Goal!",
	} {
		if n[name] != want {
			t.Errorf("%s is %v, want %s", name, n[name], want)
		}
	}
	if n["mutable"] != true {
		t.Error("mutable is missing where WebKit looks for it")
	}
	actions := n["actions"].([]any)
	if a := actions[0].(map[string]any); a["navigate"] != "https://example.com/live?a=b#c" {
		t.Errorf("an action without navigate leads to %v, want where the notification does", a["navigate"])
	}
	if b := actions[1].(map[string]any); b["navigate"] != "http://other.example/" || b["icon"] != "https://example.com/b.png" {
		t.Errorf("got %v", b)
	}
	if data := n["data"].(map[string]any)["data"].(map[string]any); data["id"] != 1.0 {
		t.Errorf("the site's data is %v", data)
	}
	// WebKit voids the declaration for a member of a wrong type.
	for _, absent := range []string{"dir", "lang", "silent", "app_badge"} {
		if value, ok := n[absent]; ok {
			t.Errorf("%s was not given and is %v", absent, value)
		}
	}
}

func TestPayloadDefaultsAndPlaces(t *testing.T) {
	n := payloadOf(t, beside(`, "topic": "match-42"`))["notification"].(map[string]any)
	if n["tag"] != "match-42" || n["navigate"] != "https://example.com/" {
		t.Errorf("got %v", n)
	}
	p := payloadOf(t, beside(`, "appBadge": 0`))
	if p["app_badge"] != 0.0 || p["notification"].(map[string]any)["app_badge"] != 0.0 {
		t.Errorf("the badge 0, which clears it, is lost: %v", p)
	}
}

func TestAHostileTextCannotTakeTheTokensPlace(t *testing.T) {
	near := strings.Repeat("~", TokenLength-1)
	p := payloadOf(t, notification(`, "body": "`+near+`", "tag": "`+near+`x~", "data": "\",\"token\":\"x"`))
	n := p["notification"].(map[string]any)
	if n["body"] != near || n["tag"] != near+"x~" || n["data"].(map[string]any)["data"] != `","token":"x` {
		t.Errorf("got %v", n)
	}
}

func TestPayloadsDoNotShareTheirBytes(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(``)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	one, two := strings.Repeat("1", TokenLength), strings.Repeat("2", TokenLength)
	first := plaintext(m.Payload, one)
	plaintext(m.Payload, two)
	if !strings.Contains(string(first), one) || len(first) != m.Payload.Size() {
		t.Error("the second delivery wrote into the first")
	}
	if again, err := ParsePayload(m.Payload.Template(), m.Payload.Fields()); err != nil || string(plaintext(again, one)) != string(first) {
		t.Errorf("it does not survive storage: %v", err)
	}
	for _, bad := range []string{"", "{}", hole + hole} {
		if _, err := ParsePayload([]byte(bad), nil); err == nil {
			t.Errorf("%q was taken for a template", bad)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte(notification(`, "navigate": "/x", "actions": [{"action": "a", "title": "A"}], "data": [1]`)))
	f.Add([]byte(beside(`, "ttl": 0, "topic": "t", "sendAt": "2026-12-01T14:00:00+01:00", "appBadge": 3`)))
	f.Add([]byte(audience(`"users": ["u"]`)))
	f.Add([]byte(notification(`, "body": "{{name|you}} {{|{{}}", "navigate": "/{{a}}?b={{b|c}}"`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r wire.MessageRequest
		if json.Unmarshal(body, &r) != nil {
			return
		}
		m, _, err := ParseMessage(r, base, Hours{}, noon)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Field == "" || e.Code == wire.Internal {
				t.Fatalf("the error %v names no field", err)
			}
			return
		}
		token := strings.Repeat("T", TokenLength)
		var payload wire.Payload
		if err := json.Unmarshal(plaintext(m.Payload, token), &payload); err != nil {
			t.Fatal(err)
		}
		n := payload.Notification
		isTemplate := strings.Contains(r.Notification.Title, "{{")
		if n.Data.Pushkit.Token != token || n.Title != r.Notification.Title && !isTemplate || !strings.HasPrefix(n.Navigate, "http") {
			t.Fatalf("the payload is %+v", n)
		}
		if webpush.EncryptedSize(m.Payload.Size()) > webpush.MaxBody || m.DueAt.Before(noon) || m.TTL < 0 {
			t.Fatalf("the message is %+v", m)
		}
	})
}

// plaintext is what the delivery with this token says to whoever has no attributes.
func plaintext(p Payload, token string) []byte { return plaintextFor(p, token, nil) }

// plaintextFor is what it says to a user.
func plaintextFor(p Payload, token string, attributes Attributes) []byte {
	text, hole := p.Filled(attributes)
	return append(append(text[:hole:hole], token...), text[hole+TokenLength:]...)
}

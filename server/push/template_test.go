package push

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// ada is a user with attributes of each type.
var ada = Attributes{"name": "Ada \"L\" \\ <3\n", "points": json.Number("12"), "premium": true, "blank": " ", "dots": "..", "path": "a/b?c=d&e#f%"}

func TestPlaceholdersSayWhatAUserIs(t *testing.T) {
	for body, want := range map[string][2]string{
		"Hello {{name}}!":             {"Hello Ada \"L\" \\ <3\n!", "Hello !"},
		"Hello {{ name | you }}!":     {"Hello Ada \"L\" \\ <3\n!", "Hello you!"},
		"{{points|no}} points":        {"12 points", "no points"},
		"{{premium}}{{points}}":       {"true12", ""},
		"{{blank|nothing}}":           {"nothing", "nothing"},
		"{{Name|case}} counts":        {"case counts", "case counts"},
		"{{|{{}}name}} is how":        {"{{name}} is how", "{{name}} is how"},
		"}} {name} {{x|a|b}} { {":     {"}} {name} a|b { {", "}} {name} a|b { {"},
		"{{x|\"quoted\" \\ and <b>}}": {"\"quoted\" \\ and <b>", "\"quoted\" \\ and <b>"},
		"{{x|größer}} {{x|👋}}":        {"größer 👋", "größer 👋"},
	} {
		encoded, _ := json.Marshal(body)
		m, _, err := ParseMessage(decodeMessage(t, notification(`, "body": `+string(encoded))), base, Hours{}, noon)
		if err != nil {
			t.Errorf("%q: %v", body, err)
			continue
		}
		for i, attributes := range []Attributes{ada, nil} {
			if got := filled(t, &m.Payload, attributes).Body; got != want[i] {
				t.Errorf("%q says %q, want %q", body, got, want[i])
			}
		}
	}
}

// filled is the notification for a user, with the token in its place.
func filled(t testing.TB, p *Payload, attributes Attributes) wire.PayloadNotification {
	t.Helper()
	token := strings.Repeat("T", TokenLength)
	text := plaintextFor(*p, token, attributes)
	var payload wire.Payload
	if err := json.Unmarshal(text, &payload); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if got := payload.Notification.Data.Pushkit.Token; got != token {
		t.Fatalf("the token is %q in %s", got, text)
	}
	return payload.Notification
}

func TestPlaceholdersOfURLsAreWithinOnePartOfThem(t *testing.T) {
	for navigate, want := range map[string]string{
		"/u/{{path}}/x":                      "https://example.com/u/a%2Fb%3Fc%3Dd%26e%23f%25/x",
		"/?q={{path}}&r=1":                   "https://example.com/?q=a%2Fb%3Fc%3Dd%26e%23f%25&r=1",
		"#{{path}}":                          "https://example.com/#a%2Fb%3Fc%3Dd%26e%23f%25",
		"/u/{{dots}}/x":                      "https://example.com/u//x",
		"{{points}}":                         "https://example.com/12",
		"/{{nobody|a b/ü}}":                  "https://example.com/a%20b%2F%C3%BC",
		"https://other.example?x={{points}}": "https://other.example?x=12",
		"/plain{":                            "https://example.com/plain%7B",
	} {
		m, _, err := ParseMessage(decodeMessage(t, notification(`, "navigate": "`+navigate+`", "actions": [{"action": "a", "title": "{{points}} A"},
			{"action": "b", "title": "B", "navigate": "`+navigate+`"}]`)), base, Hours{}, noon)
		if err != nil {
			t.Errorf("%s: %v", navigate, err)
			continue
		}
		n := filled(t, &m.Payload, ada)
		if n.Navigate != want || n.Actions[0].Navigate != want || n.Actions[1].Navigate != want || n.Actions[0].Title != "12 A" {
			t.Errorf("%s leads to %+v, want %s", navigate, n, want)
		}
		if u, err := url.Parse(n.Navigate); err != nil || u.Path != want && strings.Contains(u.Path, "..") {
			t.Errorf("%s leads to %s, %v", navigate, n.Navigate, err)
		}
	}
}

// What is no text of the notification is as it was written.
func TestOnlyTextsAreTemplates(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(`, "tag": "{{name}}", "data": "{{name}}", "actions": [{"action": "{{name}}", "title": "A"}]`)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if n := filled(t, &m.Payload, ada); n.Tag != "{{name}}" || n.Data.Data != "{{name}}" || n.Actions[0].Action != "{{name}}" {
		t.Errorf("got %+v", n)
	}
}

func TestAMalformedTemplateNamesItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"{{":          "at character 1 a placeholder that does not end",
		"ä {{name} }": "at character 3 a placeholder that does not end",
		"{{a}} {{ }}": "at character 7 a placeholder without a name",
		"{{1a}}":      "at character 1 a placeholder whose name",
		"{{ä}}":       "at character 1 a placeholder whose name",
		"{{a-b|c}}":   "at character 1 a placeholder whose name",
		"{{{name}}}":  "at character 1 a placeholder whose name",
		"{{a|{{b}}":   "at character 1 a placeholder within another",
		"{{" + strings.Repeat("a", wire.MaxAttributeName+1) + "}}": "at character 1 a placeholder whose name",
	} {
		if _, _, err := parseTemplate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestPlaceholdersSurviveStorage(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(`, "body": "{{name|<you>}} {{points}}", "navigate": "/{{points}}"`)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	content, err := m.Content()
	if err != nil {
		t.Fatal(err)
	}
	var again Message
	if err := again.Restore([]byte("{}"), []byte("{}"), m.Payload.Template(), content); err != nil {
		t.Fatal(err)
	}
	for _, attributes := range []Attributes{ada, nil} {
		if got, want := plaintextFor(again.Payload, "", attributes), plaintextFor(m.Payload, "", attributes); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, bad := range []string{`{"fields": [{"at": 100000, "name": "a"}]}`, `{"fields": [{"at": 2, "name": "a"}, {"at": 1, "name": "b"}]}`, `{"fields": [{"at": -1, "name": "a"}]}`} {
		if err := new(Message).Restore([]byte("{}"), []byte("{}"), m.Payload.Template(), bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// A message to everybody costs a delivery nothing.
// What cannot be sent is not built to its end for each recipient.
func TestALongAttributeIsNotRepeatedWithoutEnd(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(`, "navigate": "/`+strings.Repeat("{{x}}", 50)+`"`)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := m.Payload.Filled(Attributes{"x": strings.Repeat("😀", 512)}); len(text) <= webpush.MaxPlaintext || len(text) > webpush.MaxPlaintext+12*512 {
		t.Errorf("%d bytes were made", len(text))
	}
}

func TestAPayloadWithoutPlaceholdersIsNotCopied(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, notification(``)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	l := Loader{Message: m}
	if n := testing.AllocsPerRun(100, func() { l.payloadFor("pt-BR").Filled(nil) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFilled(b *testing.B) {
	for name, body := range map[string]string{"plain": "Hello you, you have 12 points", "template": "Hello {{name|you}}, you have {{points|no}} points"} {
		m, _, err := ParseMessage(decodeMessage(b, notification(`, "body": "`+body+`"`)), base, Hours{}, noon)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Payload.Filled(ada)
			}
		})
	}
}

// FuzzParseTemplate: what is taken for a template says what stands between its
// placeholders and in their place, in a text and in a URL, whatever a user is called.
func FuzzParseTemplate(f *testing.F) {
	f.Add("Hello {{name|you}}!", "Ada")
	f.Add("{{|{{}}{{name}}", "..")
	f.Add("{{a|\\\"}}~", "\u2028\x00%")
	f.Fuzz(func(t *testing.T, text, value string) {
		between, placeholders, err := parseTemplate(text)
		if err != nil || len(placeholders) > wire.MaxPlaceholders || !utf8.ValidString(text) || !utf8.ValidString(value) {
			return
		}
		if len(between) != len(placeholders)+1 {
			t.Fatalf("%d placeholders stand between %d texts", len(placeholders), len(between))
		}
		attributes := Attributes{"name": value}
		want := ""
		for i, p := range placeholders {
			said := attributes.text(p.name)
			if said == "" {
				said = p.byDefault
			}
			want += between[i] + said
		}
		want += between[len(between)-1]
		encoded, _ := json.Marshal(text)
		m, _, err := ParseMessage(decodeMessage(t, notification(`, "body": `+string(encoded))), base, Hours{}, noon)
		if err != nil {
			return // too large, or with a token's place in it
		}
		if got := filled(t, &m.Payload, attributes).Body; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		if m, _, err = ParseMessage(decodeMessage(t, notification(`, "navigate": `+string(encoded))), base, Hours{}, noon); err != nil {
			return
		}
		byDefault, err := url.Parse(filled(t, &m.Payload, nil).Navigate)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := url.Parse(filled(t, &m.Payload, attributes).Navigate); err != nil || u.Scheme != byDefault.Scheme || u.Host != byDefault.Host {
			t.Fatalf("%q leads to %v, and by default to %s: %v", value, u, byDefault, err)
		}
	})
}

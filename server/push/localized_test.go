package push

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestALocaleLooksItsLanguageUp(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, beside(`, "localized": {"pt": {"title": "pt"}, "pt-BR": {"title": "br"},
		"zh-Hant": {"title": "hant"}, "de-x-y": {"title": "x"}, "i-klingon": {"title": "tlh"}}`)), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{
		"pt": "pt", "PT": "pt", "pt-PT": "pt", "pt-BR": "pt-br", "pt_br": "pt-br", "pt-BR-abl1943": "pt-br", "pt-a-x": "pt", "pt--": "pt",
		"zh-Hant-TW": "zh-hant", "zh-Hant-x-z": "zh-hant", "zh": "", "zh-Hans": "", "ptx": "", "p": "", "": "", "-": "", "--": "", "-pt": "",
		"de": "", "de-x-y": "de-x-y", "de-x-y-1996": "", "de-x": "", "i-klingon": "i-klingon", "i": "",
	} {
		got := m.PayloadFor(locale)
		if is := got == m.inLanguage(want); is != (want != "") || want == "" && got != &m.Payload {
			t.Errorf("%q gets the wrong payload, want %q", locale, want)
		}
	}
}

// FuzzPayloadFor: whatever a browser calls its locale, the look-up ends with a payload.
func FuzzPayloadFor(f *testing.F) {
	m := &Message{Localized: []Localized{{Language: "de"}, {Language: "pt-br"}}}
	f.Add("pt-BR")
	f.Add("x-x-x-x")
	f.Add("--")
	f.Fuzz(func(t *testing.T, locale string) {
		if m.PayloadFor(locale) == nil {
			t.Fatal("there is none")
		}
	})
}

func TestWhatIsLocalizedSurvivesStorage(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, beside(`, "localized": {"de": {"title": "<Tor!> & \\u2028"}}`)), base, Hours{}, noon)
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
	if got, want := again.PayloadFor("de"), m.PayloadFor("de"); string(got.Template()) != string(want.Template()) || got.Hole() != want.Hole() {
		t.Errorf("got %s, want %s", got.Template(), want.Template())
	}
	for _, bad := range []string{"{", `{"localized": [{"language": "de", "template": "{}"}]}`} {
		if err := new(Message).Restore([]byte("{}"), []byte("{}"), m.Payload.Template(), bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestALocalizedActionLeadsWhereItsNotificationDoes(t *testing.T) {
	m, _, err := ParseMessage(decodeMessage(t, `{"audience": {"all": true}, "notification": {"title": "a", "actions": [{"action": "x", "title": "X"}]},
		"localized": {"de": {"navigate": "/de"}}}`), base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := noticeOf(t, m.PayloadFor("de")); got.Actions[0].Navigate != "https://example.com/de" || got.Title != "a" || got.Lang != "de" {
		t.Errorf("got %+v", got)
	}
	if got := noticeOf(t, &m.Payload); got.Actions[0].Navigate != "https://example.com/" {
		t.Errorf("got %+v", got)
	}
}

// noticeOf is the notification of a payload.
func noticeOf(t *testing.T, p *Payload) wire.PayloadNotification {
	t.Helper()
	var payload wire.Payload
	if err := json.Unmarshal(plaintext(*p, strings.Repeat("T", TokenLength)), &payload); err != nil {
		t.Fatal(err)
	}
	return payload.Notification
}

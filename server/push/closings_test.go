package push

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// closes decodes a delivery's plaintext and returns what it closes.
func closes(t *testing.T, d *Delivery) (tags []string, size int) {
	t.Helper()
	text, hole := d.Plaintext(d.Message.TTL)
	if strings.Count(string(text[hole:hole+TokenLength]), "~") != TokenLength {
		t.Fatalf("the token's place is not at %d of %s", hole, text)
	}
	var payload wire.Payload
	if err := json.Unmarshal(text, &payload); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for _, c := range payload.Notification.Data.Pushkit.Close {
		tags = append(tags, c.Tag)
	}
	return tags, len(text)
}

func TestTagsToCloseRideOnAMessage(t *testing.T) {
	waiting := []Closing{{`a "<ä>"`, noon}, {"b", noon.Add(time.Hour)}}
	for members, own := range map[string][]string{
		``: nil, `, "close": ["x", "y", "x"]`: {"x", "y"}, `, "localized": {"de": {"title": "Tor!"}}, "close": ["x"]`: {"x"},
	} {
		for _, body := range []string{"2:1", "{{name|nobody}} {{name}}"} {
			r := decodeMessage(t, notification(fmt.Sprintf(`, "body": %q, "data": [1]`, body)))
			if err := json.Unmarshal([]byte("{"+strings.TrimPrefix(members, ", ")+"}"), &r); err != nil {
				t.Fatal(err)
			}
			m, _, err := ParseMessage(r, base, Hours{}, noon)
			if err != nil {
				t.Fatal(err)
			}
			d := Delivery{Message: m, Payload: m.PayloadFor("de"), Attributes: ada, Closings: waiting}
			template := string(d.Payload.Template())
			got, _ := closes(t, &d)
			if want := append([]string{waiting[0].Tag, "b"}, own...); !slices.Equal(got, want) || len(d.Closings) != 2 {
				t.Errorf("%s %s closes %q, want %q", members, body, got, want)
			}
			if string(d.Payload.Template()) != template {
				t.Error("what all deliveries share was changed")
			}
			d.Closings = nil
			if got, _ := closes(t, &d); !slices.Equal(got, own) {
				t.Errorf("%s closes %q by itself, want %q", members, got, own)
			}
		}
	}
}

// What a push service takes with a short TTL, or with a topic, may never arrive. What waits
// for its own tag waits on, unless it would close the message itself, which is later.
func TestTagsToCloseRideOnWhatArrives(t *testing.T) {
	for members, want := range map[string]int{``: 2, `, "ttl": 86400`: 2, `, "ttl": 80000`: 0, `, "ttl": 0`: 0, `, "topic": "x"`: 0} {
		r := decodeMessage(t, notification(`, "tag": "own"`))
		if err := json.Unmarshal([]byte("{"+strings.TrimPrefix(members, ", ")+"}"), &r); err != nil {
			t.Fatal(err)
		}
		m, _, err := ParseMessage(r, base, Hours{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		made := m.ID.Time()
		for later, done := range map[time.Duration]int{-time.Minute: want, time.Minute: max(want, 1)} {
			d := Delivery{ID: DeliveryID{Message: m.ID}, Message: m, Payload: &m.Payload, Closings: []Closing{{"other", made}, {"own", made.Add(later)}}}
			if got, _ := closes(t, &d); len(got) != want/2 || len(d.Closings) != done {
				t.Errorf("%s, read %v later: closes %q, and is done with %v, want %d", members, later, got, d.Closings, done)
			}
		}
	}
}

// What waits for a message's own tag would close what it shows, where it was made before:
// it goes with the message, which replaces the rest, and not on it.
func TestAMessageDoesNotCarryTheClosingOfItsOwnTag(t *testing.T) {
	for members, tag := range map[string]string{`, "tag": "a \"<ä>\""`: `a "<ä>"`, `, "tag": "x", "data": {"tag": "b"}`: "x", ``: ""} {
		m, _, err := ParseMessage(decodeMessage(t, notification(members+`, "body": "{{name}}"`)), base, Hours{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		waiting := []Closing{{`a "<ä>"`, noon}, {"b", noon}}
		d := Delivery{Message: m, Payload: &m.Payload, Attributes: ada, Closings: waiting}
		want := slices.DeleteFunc([]string{waiting[0].Tag, "b"}, func(each string) bool { return each == tag })
		if got, _ := closes(t, &d); !slices.Equal(got, want) || len(d.Closings) != 2 {
			t.Errorf("%q closes %q, want %q, and is done with %v", tag, got, want, d.Closings)
		}
	}
}

// A message's own tags close what was posted before it, and so never itself.
func TestAMessageClosesWhatWasPostedBefore(t *testing.T) {
	r := decodeMessage(t, notification(`, "tag": "x"`))
	r.Close = []string{"x"}
	m, _, err := ParseMessage(r, base, Hours{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var payload wire.Payload
	if err := json.Unmarshal(m.Payload.Template(), &payload); err != nil {
		t.Fatal(err)
	}
	if got := payload.Notification.Data.Pushkit.Close; len(got) != 1 || got[0].Before != m.ID.Time().UnixMilli() {
		t.Errorf("got %+v of %v", got, m.ID.Time())
	}
}

// What does not fit waits for the next message: neither a push service's limit nor
// that of Firefox on Android is passed for it.
func TestTagsToCloseThatDoNotFitWait(t *testing.T) {
	var waiting []Closing
	for i := range MaxClosings {
		waiting = append(waiting, Closing{fmt.Sprintf("%02d%s", i, strings.Repeat("x", 200)), noon})
	}
	for _, test := range []struct{ body, limit int }{{100, firefoxAndroidLimit}, {2300, firefoxAndroidLimit}, {2600, webpush.MaxPlaintext}, {3500, webpush.MaxPlaintext}} {
		m, _, err := ParseMessage(decodeMessage(t, notification(fmt.Sprintf(`, "body": %q`, strings.Repeat("y", test.body)))), base, Hours{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		d := Delivery{Message: m, Payload: &m.Payload, Closings: waiting}
		got, size := closes(t, &d)
		if size > test.limit || size < test.limit-300 && len(got) < MaxClosings {
			t.Errorf("of %d: %d bytes for %d", test.body, size, len(got))
		}
		if len(d.Closings) != len(got) {
			t.Errorf("of %d: %d ride, and %d are told", test.body, len(got), len(d.Closings))
		}
	}
}

func FuzzTagsToClose(f *testing.F) {
	m, _, err := ParseMessage(wire.MessageRequest{Audience: wire.Audience{All: true}, Notification: wire.Notification{Title: "x"}, Close: []string{"own"}}, base, Hours{}, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`chat-42`)
	f.Add("\\\"<\u2028>{{name}}~")
	f.Fuzz(func(t *testing.T, tag string) {
		tags, err := ParseTags("tags", []string{tag, tag})
		if err != nil {
			return
		}
		d := Delivery{Message: m, Payload: &m.Payload, Closings: []Closing{{tags[0], noon}}}
		if got, _ := closes(t, &d); !slices.Equal(got, []string{tag, "own"}) {
			t.Errorf("%q closes %q", tag, got)
		}
	})
}

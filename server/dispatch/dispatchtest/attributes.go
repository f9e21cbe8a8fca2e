package dispatchtest

import (
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (r *rig) set(t *testing.T, user string, attributes push.Attributes) {
	t.Helper()
	if err := r.SetAttributes(t.Context(), r.site.ID, user, attributes); err != nil {
		t.Fatal(err)
	}
}

const balance = `"notification": {"title": "Hello {{name|you}}!", "body": "{{points|no}} points", "navigate": "/of/{{name|all}}?p={{points}}",
	"actions": [{"action": "a", "title": "More for {{name|you}}"}]}, "localized": {"de": {"title": "Hallo {{name|du}}!"}, "fr": {"title": "Bonjour !"}}`

func testAttributes(t *testing.T, r *rig) {
	r.set(t, "ada", push.Attributes{"name": "Ada/\"L\"", "points": true})
	r.set(t, "bob", push.Attributes{"name": "Bob"})
	r.set(t, "cy", push.Attributes{"name": strings.Repeat("~", push.TokenLength)})
	r.subscribe(t, 0, "ada", `"locale": "de-AT"`)
	r.subscribe(t, 1, "ada", "")
	r.subscribe(t, 2, "bob", `"locale": "fr"`)
	r.subscribe(t, 3, "cy", "")
	r.subscribe(t, 4, "dan", "")
	r.subscribe(t, 5, "", `"locale": "de"`)
	const site = "https://example.com/of/"
	want := []struct{ title, body, navigate, action string }{
		{`Hallo Ada/"L"!`, "true points", site + "Ada%2F%22L%22?p=true", `More for Ada/"L"`},
		{`Hello Ada/"L"!`, "true points", site + "Ada%2F%22L%22?p=true", `More for Ada/"L"`},
		{"Bonjour !", "no points", site + "Bob?p=", "More for Bob"},
		{"Hello " + strings.Repeat("~", push.TokenLength) + "!", "no points", site + strings.Repeat("~", push.TokenLength) + "?p=", "More for " + strings.Repeat("~", push.TokenLength)},
		{"Hello you!", "no points", site + "all?p=", "More for you"},
		{"Hallo du!", "no points", site + "all?p=", "More for you"},
	}
	for number, n := range r.receive(t, len(want), `{"audience": {"all": true}, `+balance+`}`) {
		w := want[number]
		if n.Title != w.title || n.Body != w.body || n.Navigate != w.navigate || n.Actions[0].Title != w.action || n.Actions[0].Navigate != w.navigate {
			t.Errorf("%d is shown %+v, want %+v", number, n, w)
		}
	}
	for number, n := range r.receive(t, 2, `{"audience": {"users": ["ada"]}, `+balance+`}`) {
		if n.Title != want[number].title {
			t.Errorf("%d is shown %q, want %q", number, n.Title, want[number].title)
		}
	}
}

// What does not fit with a user's attributes fails for that user alone, and says why.
func testTooLong(t *testing.T, r *rig) {
	r.set(t, "ada", push.Attributes{"name": strings.Repeat("x", wire.MaxAttribute)})
	r.subscribe(t, 0, "ada", "")
	r.subscribe(t, 1, "", "")
	id := r.post(t, `{"audience": {"all": true}, "notification": {"title": "x", "body": "`+strings.Repeat("{{name}}", 10)+`"}}`)
	if c := r.awaitSent(t, id); c.Failed != 1 || c.Accepted != 1 {
		t.Fatalf("got %+v", c)
	}
	failed, _, err := r.ListDeliveries(t.Context(), r.site.ID, id, push.DeliveryFailed, "", 10)
	for deadline := time.Now().Add(time.Minute); err == nil && len(failed) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		failed, _, err = r.ListDeliveries(t.Context(), r.site.ID, id, push.DeliveryFailed, "", 10)
	}
	if err != nil || len(failed) != 1 {
		t.Fatalf("got %+v, %v", failed, err)
	}
	if verdict := failed[0].Verdict(); !strings.Contains(verdict.Meaning, "attributes") || !strings.Contains(verdict.Advice, "/v1/users/") {
		t.Errorf("got %+v", verdict)
	}
}

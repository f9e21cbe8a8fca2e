package dispatchtest

import (
	"slices"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

// What waits to be closed rides on the next message of any kind, once, and does not
// hinder those for whom nothing waits.
func testClosings(t *testing.T, r *rig) {
	for number := range 4 {
		user := "ada"
		if number > 1 {
			user = "bob"
		}
		r.subscribe(t, number, user, "")
	}
	nextCloses := func(message string, want ...string) {
		t.Helper()
		for number, n := range r.receive(t, 1, `{"audience": {"users": ["eve"]}, `+message+`}`) {
			var got []string
			for _, c := range n.Data.Pushkit.Close {
				got = append(got, c.Tag)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s closes %q at %d, want %q", message, got, number, want)
			}
		}
	}
	tags := func(n wire.PayloadNotification) (tags []string) {
		for _, c := range n.Data.Pushkit.Close {
			tags = append(tags, c.Tag)
		}
		return tags
	}
	for _, audience := range []string{`{"all": true}`, `{"users": ["ada", "bob"]}`} {
		if n, err := r.CloseTags(t.Context(), r.site.ID, "ada", []string{"chat-1"}); err != nil || n != 2 {
			t.Fatalf("%d subscriptions, %v", n, err)
		}
		for _, first := range []bool{true, false} {
			for number, n := range r.receive(t, 4, `{"audience": `+audience+`, "notification": {"title": "x"}, "close": ["own"]}`) {
				want := 1
				if first && number < 2 {
					want = 2
				}
				if got := tags(n); len(got) != want || got[want-1] != "own" {
					t.Errorf("%s, first: %v: %d closes %q", audience, first, number, got)
				}
			}
		}
	}
	// Nor on what has the tag itself, which replaces what there is.
	r.subscribe(t, 4, "eve", "")
	r.closeTags(t, "eve", "chat-1", "chat-2")
	// Nor on what may be dropped on its way.
	nextCloses(`"ttl": 3600, "notification": {"title": "x"}`)
	nextCloses(`"topic": "t", "notification": {"title": "x"}`)
	nextCloses(`"notification": {"title": "x", "tag": "chat-1"}`, "chat-2")
	nextCloses(`"notification": {"title": "x"}`)
}

func (r *rig) closeTags(t *testing.T, user string, tags ...string) {
	t.Helper()
	if _, err := r.CloseTags(t.Context(), r.site.ID, user, tags); err != nil {
		t.Fatal(err)
	}
}

package dispatchtest

import (
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
}

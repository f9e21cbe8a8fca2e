package pushtest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

func testOtherKeys(t *testing.T, s *store) {
	keys := func(want ...webpush.VAPIDKey) {
		t.Helper()
		s.reopen(t)
		got, err := s.VAPIDKeys(t.Context(), s.site.ID)
		if err != nil || len(got) != len(want) {
			t.Fatalf("got %d keys, want %d: %v", len(got), len(want), err)
		}
		for i, key := range got {
			if key.Public() != want[i].Public() || !bytes.Equal(key.Private(), want[i].Private()) || key.Current != (i == 0) {
				t.Errorf("key %d is %d, current: %v", i, key.ID, key.Current)
			}
		}
	}
	add := func(key webpush.VAPIDKey, role push.KeyRole, current bool) push.KeyID {
		t.Helper()
		added, err := s.AddVAPIDKey(t.Context(), s.site.ID, key, role)
		if err != nil || added.Current != current || added.Public() != key.Public() {
			t.Fatalf("got %d, current: %v, %v", added.ID, added.Current, err)
		}
		return added.ID
	}
	var made [3]webpush.VAPIDKey
	for i := range made {
		var err error
		if made[i], err = webpush.GenerateVAPIDKey(); err != nil {
			t.Fatal(err)
		}
	}
	fresh, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := fresh[0].VAPIDKey
	// Nobody uses the first one.
	won := add(made[0], push.KeyFirst, true)
	keys(made[0], first)
	if again := add(made[0], push.KeyFirst, true); again != won {
		t.Errorf("twice it is %d and %d", won, again)
	}
	s.put(t, someEndpoint, "")
	if sub := s.byEndpoint(t, someEndpoint); sub.Key != won {
		t.Errorf("a browser is subscribed with %d, want %d", sub.Key, won)
	}
	// Now somebody is subscribed.
	if _, err := s.AddVAPIDKey(t.Context(), s.site.ID, made[1], push.KeyFirst); !errors.Is(err, push.ErrKeyInUse) {
		t.Errorf("got %v", err)
	}
	if _, err := s.AddVAPIDKey(t.Context(), s.site.ID, first, push.KeyFirst); !errors.Is(err, push.ErrKeyInUse) {
		t.Errorf("the key before: %v", err)
	}
	keys(made[0], first)
	add(made[0], push.KeyFirst, true)
	add(made[1], push.KeyBeside, false)
	keys(made[0], made[1], first)
	add(made[2], push.KeyCurrent, true)
	add(made[1], push.KeyCurrent, true)
	add(made[2], push.KeyBeside, false)
	keys(made[1], made[2], made[0], first)
	held, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil || held[1].Replaced || !held[2].Replaced {
		t.Errorf("got %+v, %v: one that is kept beside is not replaced", held, err)
	}
	s.put(t, someEndpoint+"2", "")
	counts, err := s.CountByVAPIDKey(t.Context(), s.site.ID)
	if err != nil || len(counts) != 2 || counts[won] != 1 || counts[held[0].ID] != 1 {
		t.Errorf("the keys have %v subscriptions, %v", counts, err)
	}
	// They are served with the key that they have subscribed with.
	if sub := s.byEndpoint(t, someEndpoint); sub.Key != won {
		t.Errorf("it is subscribed with %d, want %d", sub.Key, won)
	}
	// A visit says with which that is, whichever it was before; without a word it is the
	// current one.
	for _, visit := range []struct {
		key  string
		want push.KeyID
	}{{made[2].Public(), held[1].ID}, {made[0].Public(), won}, {made[0].Public(), won}, {"", held[0].ID}, {"", held[0].ID}, {made[2].Public(), held[1].ID}} {
		s.put(t, someEndpoint, `"applicationServerKey": "`+visit.key+`"`)
		if sub := s.byEndpoint(t, someEndpoint); sub.Key != visit.want {
			t.Errorf("after a visit with %q it has %d, want %d", visit.key, sub.Key, visit.want)
		}
	}
}

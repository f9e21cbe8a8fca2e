package pushtest

import (
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

func (s *store) addKey(t *testing.T, name, key string, scopes ...push.Scope) push.APIKey {
	t.Helper()
	added, err := s.AddAPIKey(t.Context(), s.site.ID, name, scopes, push.HashAPIKey(key))
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// key looks a key up; nil where it opens nothing.
func (s *store) key(t *testing.T, key string) *push.APIKey {
	t.Helper()
	found, ok, err := s.APIKeyByHash(t.Context(), push.HashAPIKey(key))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	return &found
}

func testAPIKeys(t *testing.T, s *store) {
	const sends, reads = "the key that sends", "the key that reads"
	if key := s.key(t, sends); key != nil {
		t.Errorf("an unknown key is %+v", key)
	}
	began := s.clock.Now()
	added := s.addKey(t, "shop", sends, push.ScopeSend, push.ScopeRead)
	s.clock.Advance(time.Second)
	other := s.addKey(t, "", reads, push.ScopeRead)
	// It is known, and stays as it is.
	if again := s.addKey(t, "more", sends, push.ScopeAdmin); again.ID != added.ID || again.Name != "shop" || again.Scopes.Allow(push.ScopeAdmin) {
		t.Errorf("the same key again is %+v", again)
	}
	s.clock.Advance(time.Second)
	used := s.clock.Now()
	if err := s.UseAPIKey(t.Context(), s.site.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
	key := s.key(t, sends)
	if key == nil || key.ID != added.ID || key.Site != s.site.ID || key.Name != "shop" || !slices.Equal(key.Scopes, push.Scopes{push.ScopeSend, push.ScopeRead}) ||
		!key.CreatedAt.Equal(began) || !key.LastUsedAt.IsZero() || !key.RevokedAt.IsZero() {
		t.Errorf("got %+v", key)
	}
	if key := s.key(t, reads); key == nil || key.ID != other.ID || !key.LastUsedAt.Equal(used) {
		t.Errorf("got %+v, want it used at %s", key, used)
	}
	keys, err := s.ListAPIKeys(t.Context(), s.site.ID)
	if err != nil || len(keys) != 2 || keys[0].ID != added.ID || keys[1].ID != other.ID {
		t.Errorf("got %+v, %v", keys, err)
	}
	if keys, err := s.ListAPIKeys(t.Context(), s.other); err != nil || len(keys) > 0 {
		t.Errorf("another site has %+v, %v", keys, err)
	}
}

func testRevokedAPIKey(t *testing.T, s *store) {
	const leaked, kept = "the key that leaked", "the key that is kept"
	added := s.addKey(t, "", leaked, push.ScopeAdmin)
	s.addKey(t, "", kept, push.ScopeAdmin)
	if ok, err := s.RevokeAPIKey(t.Context(), s.other, added.ID); ok || err != nil || s.key(t, leaked) == nil {
		t.Errorf("another site revokes it: %v, %v", ok, err)
	}
	if ok, err := s.RevokeAPIKey(t.Context(), s.site.ID, push.NewID()); ok || err != nil {
		t.Errorf("an unknown key: %v, %v", ok, err)
	}
	// What is another node's learns of it by its next look-up.
	node := s.open(t, s.database, s.clock.Now)
	revoked := s.clock.Now()
	for range 2 {
		if ok, err := node.RevokeAPIKey(t.Context(), s.site.ID, added.ID); !ok || err != nil {
			t.Fatalf("got %v, %v", ok, err)
		}
		s.clock.Advance(time.Second)
	}
	if key := s.key(t, leaked); key != nil {
		t.Errorf("it opens the site: %+v", key)
	}
	// A server that starts with it in its settings does not bring it back.
	if again := s.addKey(t, "", leaked, push.ScopeAdmin); !again.RevokedAt.Equal(revoked) || s.key(t, leaked) != nil {
		t.Errorf("it is back: %+v", again)
	}
	if s.key(t, kept) == nil {
		t.Error("the other key opens nothing either")
	}
	if keys, err := s.ListAPIKeys(t.Context(), s.site.ID); err != nil || len(keys) != 2 || !keys[0].RevokedAt.Equal(revoked) || !keys[1].RevokedAt.IsZero() {
		t.Errorf("got %+v, %v", keys, err)
	}
}

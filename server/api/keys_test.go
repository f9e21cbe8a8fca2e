package api_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// Each call takes the keys of the scopes that are described for it, and those of
// admin, and no other.
func TestAKeyOpensWhatItsScopesSay(t *testing.T) {
	s := newServer(t)
	for _, operation := range openapi.Load().Operations() {
		if !operation.NeedsKey() {
			continue
		}
		if len(operation.Scopes()) == 0 {
			t.Errorf("%s is described without scopes", operation.OperationID)
		}
		path := strings.ReplaceAll(operation.Path, "{id}", push.NewID().String())
		for scope, key := range keysByScope {
			may := scope == push.ScopeAdmin || slices.Contains(operation.Scopes(), string(scope))
			w := s.call(operation.Method, path, "", "Authorization: Bearer "+key)
			if refused := problemOf(w).Code == wire.APIKeyLacksScope; refused == may {
				t.Errorf("%s with a key for %s is answered %d %s", operation.OperationID, scope, w.Code, w.Body)
			}
		}
	}
}

func TestARevokedKeyOpensNothingAtOnce(t *testing.T) {
	s := newServer(t)
	key, ok, err := s.store.APIKeyByHash(t.Context(), push.HashAPIKey(apiKey))
	if !ok || err != nil {
		t.Fatal(err)
	}
	want(t, s.call("GET", "/v1/messages", "", withKey), 200)
	if _, err := s.store.RevokeAPIKey(t.Context(), s.site.ID, key.ID); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, s.call("GET", "/v1/messages", "", withKey), 401, wire.APIKeyInvalid, "")
}

// users counts what is written of the use of keys.
type users struct {
	push.Store
	wrote chan push.ID
}

func (u users) UseAPIKey(_ context.Context, _ push.SiteID, id push.ID) error {
	u.wrote <- id
	return nil
}

// A call never waits for the note that its key is used, and a thousand calls make
// one note a minute.
func TestTheUseOfAKeyIsWrittenOnceAMinute(t *testing.T) {
	clock := pushtest.NewClock()
	wrote := make(chan push.ID) // nobody reads it while the calls are made
	s := newServer(t, func(o *api.Options) { o.Store, o.Now = users{o.Store, wrote}, clock.Now })
	for minute := range 3 {
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				if w := s.call("GET", "/v1/messages", "", withKey); w.Code != 200 {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		}
		calls.Wait()
		<-wrote
		select {
		case <-wrote:
			t.Errorf("in the minute %d it is written twice", minute)
		default:
		}
		clock.Advance(time.Minute)
	}
}

// What another node has written a moment ago is not written again.
func TestTheUseOfAKeyIsWrittenByOneNode(t *testing.T) {
	wrote := make(chan push.ID, 1)
	s := newServer(t, func(o *api.Options) { o.Store = users{o.Store, wrote} })
	key, _, err := s.store.APIKeyByHash(t.Context(), push.HashAPIKey(apiKey))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.UseAPIKey(t.Context(), s.site.ID, key.ID); err != nil {
		t.Fatal(err)
	}
	want(t, s.call("GET", "/v1/messages", "", withKey), 200)
	want(t, s.call("GET", "/v1/messages", "", "Authorization: Bearer "+keysByScope[push.ScopeRead]), 200)
	if id := <-wrote; id == key.ID {
		t.Error("it is written again")
	}
}

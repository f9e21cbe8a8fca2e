package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// withKey asks for an API key that has one of some scopes, and opens its site alone.
// Each call looks the key up, so that one that is revoked opens nothing from then on, on
// every node.
func (a *api) withKey(next siteHandler, oneOf ...push.Scope) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		key, err := a.key(r)
		if err != nil {
			return err
		}
		if !key.Scopes.Allow(oneOf...) {
			return &push.Error{Code: wire.APIKeyLacksScope,
				Detail: "This call needs an API key with the scope " + strings.Join(push.Scopes(oneOf).Names(), " or ") + "; this one has " + strings.Join(key.Scopes.Names(), " and ") + "."}
		}
		site, err := a.sites.byID(r.Context(), key.Site)
		if err != nil {
			return err
		}
		a.used.note(r.Context(), key, a.Now(), a.Store)
		return next(w, r, site)
	}
}

// ofOperator refuses keys of all sites but the default one, whose keys are held by
// whoever runs the server: what follows is of all sites.
func (a *api) ofOperator(next siteHandler) siteHandler {
	return func(w http.ResponseWriter, r *http.Request, site *push.Site) error {
		if site.Name != push.DefaultSite {
			return &push.Error{Code: wire.APIKeyLacksScope, Detail: "This call is about the whole server and needs an API key of its default site; this one is the site " + site.Name + "'s."}
		}
		return next(w, r, site)
	}
}

// hasKey says whether a request has an API key, of a site; nil: of any.
func (a *api) hasKey(r *http.Request, site *push.Site) bool {
	if r.Header.Get("Authorization") == "" {
		return false
	}
	key, err := a.key(r)
	return err == nil && (site == nil || key.Site == site.ID)
}

var errUnknownKey = &push.Error{Code: wire.APIKeyInvalid, Detail: "This API key is not one of this server's."}

// key is the request's API key (RFC 6750).
func (a *api) key(r *http.Request) (key push.APIKey, err error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		return key, &push.Error{Code: wire.APIKeyMissing, Detail: "This call needs the header Authorization: Bearer with an API key."}
	}
	key, ok, err := a.Store.APIKeyByHash(r.Context(), push.HashAPIKey(strings.TrimSpace(text)))
	if err == nil && !ok {
		err = errUnknownKey
	}
	return key, err
}

const (
	// useEvery is how often the use of a key is written at most.
	useEvery = time.Minute
	// useLimit bounds how long that may take.
	useLimit = 10 * time.Second
)

// used remembers when this node last wrote that keys are used.
type used struct {
	mu sync.Mutex
	at map[push.ID]time.Time
}

// note writes that a key is used, in the background and where that was not written
// lately. It is only for people to read: a write that fails is left out.
func (u *used) note(ctx context.Context, key push.APIKey, now time.Time, store push.Store) {
	if now.Sub(key.LastUsedAt).Abs() < useEvery || !u.isTurn(key.ID, now) {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), useLimit)
		defer cancel()
		store.UseAPIKey(ctx, key.Site, key.ID)
	}()
}

// isTurn says whether the last write is long ago, and takes the turn.
func (u *used) isTurn(id push.ID, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if last, ok := u.at[id]; ok && now.Sub(last).Abs() < useEvery {
		return false
	}
	if u.at == nil {
		u.at = make(map[push.ID]time.Time)
	}
	u.at[id] = now
	return true
}

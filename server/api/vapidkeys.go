package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// config tells pages what they subscribe with.
func (a *api) config(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	keys, err := a.keysOf(site).get(a.Now(), a.readKeys(r.Context(), site))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, wire.Config{ApplicationServerKey: keys[0].Public()})
}

// vapidKey is the site's key of this public key; nil where it has none. That it has none,
// or another in its place, is never said from memory: browsers subscribe anew at that.
func (a *api) vapidKey(ctx context.Context, site *push.Site, public string) (*push.VAPIDKey, error) {
	kept, read := a.keysOf(site), a.readKeys(ctx, site)
	keys, err := kept.get(a.Now(), read)
	if err != nil {
		return nil, err
	}
	if key := keyOf(keys, public); key != nil && !key.Replaced {
		return key, nil
	}
	keys, err = kept.anew(a.Now(), read)
	return keyOf(keys, public), err
}

func keyOf(keys []push.VAPIDKey, public string) *push.VAPIDKey {
	i := slices.IndexFunc(keys, func(k push.VAPIDKey) bool { return k.Public() == public })
	if i < 0 {
		return nil
	}
	return &keys[i]
}

// keysOf are the site's VAPID keys, the current one first.
func (a *api) keysOf(site *push.Site) *remembered[[]push.VAPIDKey] {
	kept, known := a.vapidKeys.Load(site.ID)
	if !known {
		kept, _ = a.vapidKeys.LoadOrStore(site.ID, new(remembered[[]push.VAPIDKey]))
	}
	return kept.(*remembered[[]push.VAPIDKey])
}

// readKeys is how they are read: to parse each takes a scalar multiplication.
func (a *api) readKeys(ctx context.Context, site *push.Site) func() ([]push.VAPIDKey, error) {
	return func() ([]push.VAPIDKey, error) { return a.Store.VAPIDKeys(ctx, site.ID) }
}

package dispatch

import (
	"context"
	"fmt"
	"sync"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// A keyRing keeps the VAPID keys of sites. A key does not change once it is
// made.
type keyRing struct {
	source KeySource
	mu     sync.Mutex
	keys   map[keyPlace]webpush.VAPIDKey
}

type keyPlace struct {
	site push.SiteID
	key  push.KeyID
}

func (r *keyRing) find(ctx context.Context, site push.SiteID, id push.KeyID) (webpush.VAPIDKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key, ok := r.keys[keyPlace{site, id}]; ok {
		return key, nil
	}
	keys, err := r.source.VAPIDKeys(ctx, site)
	if err != nil {
		return webpush.VAPIDKey{}, err
	}
	if r.keys == nil {
		r.keys = make(map[keyPlace]webpush.VAPIDKey)
	}
	for _, key := range keys {
		r.keys[keyPlace{site, key.ID}] = key.VAPIDKey
	}
	key, ok := r.keys[keyPlace{site, id}]
	if !ok {
		return webpush.VAPIDKey{}, fmt.Errorf("site %d has no VAPID key %d", site, id)
	}
	return key, nil
}

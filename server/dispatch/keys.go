package dispatch

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

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

// siteNameLimit is how long a line of the log waits for a site's name.
const siteNameLimit = 2 * time.Second

// siteName is how people call a site; its number where that cannot be read.
func (r *keyRing) siteName(id push.SiteID) string {
	ctx, cancel := context.WithTimeout(context.Background(), siteNameLimit)
	defer cancel()
	sites, err := r.source.ListSites(ctx)
	if err == nil {
		for _, site := range sites {
			if site.ID == id {
				return site.Name
			}
		}
	}
	return strconv.FormatInt(int64(id), 10)
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

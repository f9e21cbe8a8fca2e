package api

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// readSitesLimit is how long requests wait for the store to say which sites there are.
const readSitesLimit = 3 * time.Second

// sites are the server's, as the store had them at a time.
type sites struct {
	at time.Time
	// main is the default one.
	main             *push.Site
	byID             map[push.SiteID]*push.Site
	byOrigin, byHost map[string]*push.Site
}

func newSites(all []push.Site, at time.Time) *sites {
	s := &sites{at: at, byID: make(map[push.SiteID]*push.Site), byOrigin: make(map[string]*push.Site), byHost: make(map[string]*push.Site)}
	for i := range all {
		site := &all[i]
		s.byID[site.ID] = site
		if site.Name == push.DefaultSite {
			s.main = site
		}
		for _, origin := range site.Origins {
			s.byOrigin[origin] = site
			scheme, host, _ := strings.Cut(origin, "://")
			// Behind a proxy that speaks TLS the scheme is not known here, and where two
			// sites share a host, the one on https is the one that has push.
			if s.byHost[host] == nil || scheme == "https" {
				s.byHost[host] = site
			}
		}
	}
	return s
}

// ofHost is the site that has pages at a host; the default one where none has.
func (s *sites) ofHost(host string) *push.Site {
	if site := s.byHost[strings.ToLower(host)]; site != nil {
		return site
	}
	return s.main
}

// A directory knows which sites there are, and asks the store for it once in a while,
// however many requests there are.
type directory struct {
	store push.Sites
	now   func() time.Time
	known atomic.Pointer[sites]
	// reading is held by who reads.
	reading chan struct{}
}

func newDirectory(store push.Sites, now func() time.Time) *directory {
	return &directory{store: store, now: now, reading: make(chan struct{}, 1)}
}

// get returns the sites. Where the store does not say, they are those of before: what a
// request wants of the store is answered by that.
func (d *directory) get(ctx context.Context) (*sites, error) {
	if known := d.known.Load(); known != nil && isFresh(known.at, d.now()) {
		return known, nil
	}
	end, err := d.begin(ctx)
	known := d.known.Load()
	if err != nil && known != nil {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	defer end()
	if known != nil && isFresh(known.at, d.now()) {
		return known, nil
	}
	fresh, err := d.read(ctx)
	if err != nil && known != nil {
		// As if they were read, so that not every request waits.
		again := *known
		again.at = d.now()
		d.known.Store(&again)
		return &again, nil
	}
	return fresh, err
}

// begin waits until nobody reads. A store that hangs holds nobody up for the sum of what
// it takes for each who waits.
func (d *directory) begin(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, readSitesLimit)
	defer cancel()
	select {
	case d.reading <- struct{}{}:
		return func() { <-d.reading }, nil
	case <-ctx.Done():
		return nil, push.ErrUnavailable(ctx.Err())
	}
}

func (d *directory) read(ctx context.Context) (*sites, error) {
	// Others wait for it, too: who gives up must not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readSitesLimit)
	defer cancel()
	all, err := d.store.ListSites(ctx)
	if err != nil {
		return nil, err
	}
	fresh := newSites(all, d.now())
	d.known.Store(fresh)
	return fresh, nil
}

// byID returns the site of an API key that the store has: one that is not known is new.
func (d *directory) byID(ctx context.Context, id push.SiteID) (*push.Site, error) {
	known, err := d.get(ctx)
	if err != nil {
		return nil, err
	}
	if site := known.byID[id]; site != nil {
		return site, nil
	}
	end, err := d.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if known, err = d.read(ctx); err != nil {
		return nil, err
	}
	if site := known.byID[id]; site != nil {
		return site, nil
	}
	return nil, errUnknownKey
}

// A siteHandler answers a request of a site: of its back end, its pages or its workers.
type siteHandler func(w http.ResponseWriter, r *http.Request, site *push.Site) error

// public finds the site of a public call, and refuses pages of no site's origin. A
// request without Origin is not from another site's page: browsers always send it across
// origins.
func (a *api) public(next siteHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		site, err := a.siteOfPublic(r)
		if err != nil {
			return err
		}
		return next(w, r, site)
	}
}

// siteOfPublic is that of the page's origin; without one that of the API key, with which
// a back end speaks for its visitors, else of the host that the request is for.
func (a *api) siteOfPublic(r *http.Request) (*push.Site, error) {
	known, err := a.sites.get(r.Context())
	if err != nil {
		return nil, err
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if site := a.siteOfOrigin(known, r, origin); site != nil {
			return site, nil
		}
		return nil, originNotAllowed(origin)
	}
	key, err := a.key(r)
	if push.CodeOf(err) == wire.APIKeyMissing {
		return known.ofHost(r.Host), nil
	}
	if err != nil {
		// What is meant for one site does not end up in another.
		return nil, err
	}
	return a.sites.byID(r.Context(), key.Site)
}

// siteOfOrigin is the one whose pages are at an origin; nil: none. The server's own
// pages are the default site's, unless another has their host.
func (a *api) siteOfOrigin(known *sites, r *http.Request, origin string) *push.Site {
	if site := known.byOrigin[origin]; site != nil {
		return site
	}
	if u := a.ownOrigin(r, origin); u != nil {
		return known.ofHost(u.Host)
	}
	return nil
}

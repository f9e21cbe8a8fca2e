package webpush

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// maxOrigins bounds what is kept of push services: Microsoft's has many hosts.
const maxOrigins = 4096

// A destination is a push service as a client reaches it.
type destination struct {
	// path is what the targets of its endpoints begin with.
	path   string
	origin string // of the endpoints: the VAPID audience
	to     transport.Origin
	vendor *vendors.Vendor
	pace   *pace
	// last is the header that was last made.
	last atomic.Pointer[header]
}

// destinations finds the push service of each subscription. It is safe for
// concurrent use.
type destinations struct {
	services *Services
	// mostInFlight bounds each pace; 0: as usual.
	mostInFlight int
	mu           sync.Mutex
	// byOrigin holds the destinations of an origin; the first whose path fits
	// counts.
	byOrigin map[string][]*destination
}

func (d *destinations) find(s *Subscription) (*destination, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.byOrigin[s.origin]
	if !ok {
		u, err := url.Parse(s.origin)
		if err != nil {
			return nil, ErrServiceNotAllowed
		}
		for _, rule := range d.services.rulesOf(u) {
			known = append(known, &destination{
				path: rule.path, origin: s.origin, to: originOf(u, rule), vendor: vendors.Of(u.Hostname()), pace: newBoundedPace(time.Now, d.mostInFlight),
			})
		}
		// What is not allowed is not kept: there is no end of it.
		if known != nil && d.hasRoom() {
			d.byOrigin[s.origin] = known
		}
	}
	for _, destination := range known {
		if strings.HasPrefix(s.target, destination.path) {
			return destination, nil
		}
	}
	return nil, ErrServiceNotAllowed
}

// hasRoom says whether one more origin can be kept. Those of which nothing is under
// way go for it: strangers may name any host below a vendor's.
func (d *destinations) hasRoom() bool {
	if d.byOrigin == nil {
		d.byOrigin = make(map[string][]*destination)
	}
	if len(d.byOrigin) < maxOrigins {
		return true
	}
	for origin, known := range d.byOrigin {
		if !slices.ContainsFunc(known, func(k *destination) bool { return !k.pace.isIdle() }) {
			delete(d.byOrigin, origin)
		}
	}
	return len(d.byOrigin) < maxOrigins
}

// originOf says where the requests for an origin go by its rule.
func originOf(u *url.URL, rule serviceRule) transport.Origin {
	to := transport.Origin{Scheme: u.Scheme, Authority: u.Host, Address: u.Host}
	switch {
	case rule.routedVia != nil:
		to.Scheme, to.Address, to.Local = rule.routedVia.Scheme, rule.routedVia.Host, true
	case rule.plain:
		to.Local = true
	default:
		to.Address = u.Host + ":443"
	}
	return to
}

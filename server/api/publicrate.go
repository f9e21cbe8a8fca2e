package api

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A PublicRate is how often one client may make public calls.
type PublicRate struct {
	// PerSecond is what it may do for ever; 0: there is no limit.
	PerSecond float64
	// Burst is what it may do at once after a rest.
	Burst int
}

// ParsePublicRate reads PERSECOND:BURST, such as 20:1000, or 0 for no limit.
func ParsePublicRate(text string) (PublicRate, error) {
	if text == "0" {
		return PublicRate{}, nil
	}
	perSecond, burst, _ := strings.Cut(text, ":")
	p, err := strconv.ParseFloat(perSecond, 64)
	n, err2 := strconv.Atoi(burst)
	if err != nil || err2 != nil || !(p > 0) || math.IsInf(p, 0) || n < 1 {
		return PublicRate{}, fmt.Errorf("%q is not a rate such as 20:1000 (calls a second, and at once), or 0 for no limit", text)
	}
	return PublicRate{p, n}, nil
}

const (
	// maxClients bounds how many clients are remembered, some 16 MB of them. Who comes
	// from more networks than that is not held up by a limit for each.
	maxClients = 1 << 16
	// logRefusedEvery is how often it is logged at most that clients are refused.
	logRefusedEvery = time.Minute
)

// A limiter counts calls in a token bucket for each key, such as a client's network.
type limiter[Key comparable] struct {
	rate    PublicRate
	buckets *lru.Cache[Key, *rate.Limiter]
}

// newLimiter returns nil where there is no limit.
func newLimiter[Key comparable](r PublicRate) (*limiter[Key], error) {
	if r.PerSecond == 0 {
		return nil, nil
	}
	buckets, err := lru.New[Key, *rate.Limiter](maxClients)
	return &limiter[Key]{r, buckets}, err
}

// take takes a call; wait is how long it has to wait where it may not, and
// nothing is taken then.
func (l *limiter[Key]) take(client Key, now time.Time) (wait time.Duration) {
	bucket, known := l.buckets.Get(client)
	if !known {
		bucket = rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
		if others, known, _ := l.buckets.PeekOrAdd(client, bucket); known {
			bucket = others
		}
	}
	reservation := bucket.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// limited refuses clients that call too often.
func (a *api) limited(next siteHandler) siteHandler {
	return func(w http.ResponseWriter, r *http.Request, site *push.Site) error {
		if err := a.takeCall(w, r, site); err != nil {
			return err
		}
		return next(w, r, site)
	}
}

// takeCall counts a public call. Those with an API key of the site count for nothing: a
// back end may speak for all of its visitors.
func (a *api) takeCall(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	if a.limiter == nil || a.hasKey(r, site) {
		return nil
	}
	client := a.clientAddress(r)
	wait := a.limiter.take(network(client), a.Now())
	if wait <= 0 {
		return nil
	}
	a.refused.Do(func() { a.logRefused(r, client) })
	return tooMany(w, wait, "Too many calls come from this address. Try again later.")
}

// tooMany is the refusal of a call that may be made after a wait.
func tooMany(w http.ResponseWriter, wait time.Duration, detail string) error {
	w.Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	return &push.Error{Code: wire.TooManyRequests, Detail: detail}
}

func (a *api) logRefused(r *http.Request, client netip.Addr) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	if r.Header.Get(headerForwardedFor) != "" && plain(peer.Addr()) == client {
		a.Log.Warn("public calls are answered 429: if they come through a proxy, all its clients count as one until it is in --trusted-proxies", "client", client)
		return
	}
	a.Log.Warn("public calls are answered 429: a client makes more than --public-rate", "client", client)
}

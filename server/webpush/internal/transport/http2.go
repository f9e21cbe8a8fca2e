package transport

import (
	"context"
	"net"
	"sync"
	"time"
)

// limits are the numbers that an HTTP2 lives by.
type limits struct {
	// streams is how many requests a connection carries at once: more were
	// slower in measurements, whatever the peer allows.
	streams int
	// connections is how many an origin has, without those that drain.
	connections int
	// dial bounds a connection's beginning: TCP, TLS and the peer's SETTINGS.
	dial time.Duration
	// redial is how long nobody dials after that failed.
	redial time.Duration
	// http1 is how long an origin is known not to speak HTTP/2.
	http1 time.Duration
	// tick is how often a connection looks at itself.
	tick time.Duration
	// ping is how long a peer may be silent before it is asked for a sign of
	// life, and how long it then has.
	ping time.Duration
	// write is how long a peer may not take what is written.
	write time.Duration
	// idle is how long a connection without requests is kept.
	idle time.Duration
	// age is when a connection is replaced, give or take a tenth: names may
	// have come to mean other addresses.
	age time.Duration
	// drain is how long requests have on a connection that takes no more.
	drain time.Duration
	// flood is how many frames may come in a tick, since the last answer, that
	// bring no answer any further.
	flood int
}

var defaults = limits{
	streams:     100,
	connections: 16,
	dial:        15 * time.Second,
	redial:      250 * time.Millisecond,
	http1:       10 * time.Minute,
	tick:        5 * time.Second,
	ping:        10 * time.Second,
	write:       writeTimeout,
	idle:        3 * time.Minute,
	age:         time.Hour,
	drain:       30 * time.Second,
	flood:       10_000,
}

// HTTP2 is the lean transport: HTTP/2 (RFC 9113) over TLS by direct
// connections, few of them and each kept full, with two goroutines a connection
// and none a request. What it is not made for goes to its fallback: plain http,
// origins behind a proxy and push services without HTTP/2.
type HTTP2 struct {
	fallback Transport
	proxies  proxies
	limits   limits
	connect  func(ctx context.Context, to Origin) (net.Conn, error)
	// dialing ends with Close.
	dialing context.Context
	stop    context.CancelFunc

	mu     sync.Mutex
	pools  map[Origin]*pool
	closed bool
}

var _ Transport = (*HTTP2)(nil)

// NewHTTP2 returns an HTTP2, which owns fallback and reads the proxies from the
// environment.
func NewHTTP2(config Config, fallback Transport) *HTTP2 {
	base := tlsConfig(config)
	h := &HTTP2{
		fallback: fallback, proxies: proxiesFromEnvironment(), limits: defaults, pools: map[Origin]*pool{},
		connect: func(ctx context.Context, to Origin) (net.Conn, error) { return dialHTTP2(ctx, config, base, to) },
	}
	h.dialing, h.stop = context.WithCancel(context.Background())
	return h
}

// Post implements [Transport].
func (h *HTTP2) Post(ctx context.Context, to Origin, requests []Request, done func(i int, r Response, err error)) {
	if len(requests) == 0 {
		return
	}
	if ctx.Err() != nil {
		refuse(requests, done, context.Cause(ctx))
		return
	}
	for {
		p := h.pool(to)
		switch {
		case p == nil:
			refuse(requests, done, errClosed)
		case p.direct:
			if !p.post(ctx, requests, done) {
				continue // it was forgotten meanwhile
			}
		default:
			h.fallback.Post(ctx, to, requests, done)
		}
		return
	}
}

// Close implements [Transport].
func (h *HTTP2) Close() {
	h.mu.Lock()
	h.closed = true
	pools := h.pools
	h.pools = nil
	h.mu.Unlock()
	h.stop()
	for _, p := range pools {
		p.close()
	}
	h.fallback.Close()
}

// pool returns an origin's pool, or nil after Close.
func (h *HTTP2) pool(of Origin) *pool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.pools[of]; p != nil || h.closed {
		return p
	}
	// Origins may be many over time: who adds one takes the forgotten away.
	for origin, p := range h.pools {
		if p.forgettable() {
			delete(h.pools, origin)
		}
	}
	proxy, err := h.proxies.of(of)
	p := &pool{http2: h, origin: of, direct: of.Scheme == "https" && proxy == nil && err == nil}
	h.pools[of] = p
	return p
}

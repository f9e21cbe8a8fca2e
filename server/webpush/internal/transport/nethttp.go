package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

const (
	// maxHeader is how large the header of an answer may be, in bytes.
	maxHeader = 16 << 10
	// maxDrain is how much of a body is read over [MaxAnswer] to keep the
	// connection, in bytes.
	maxDrain = 64 << 10
)

// NetHTTP is the transport on net/http: HTTP/2 where the push service offers
// it, HTTP/1.1 where not, and through the proxies of the environment.
type NetHTTP struct {
	config  Config
	proxies proxies
	closed  context.Context
	close   context.CancelFunc
	workers workers

	mu sync.Mutex
	// transports has one for all origins on the internet, and one for each that
	// the operator leads elsewhere: net/http keeps connections of HTTP/2 by the
	// authority alone, wherever they go.
	transports map[Origin]*http.Transport
}

var _ Transport = (*NetHTTP)(nil)

// NewNetHTTP returns a NetHTTP that reads the proxies from the environment.
func NewNetHTTP(config Config) *NetHTTP {
	config.TLS = tlsConfig(config)
	n := &NetHTTP{config: config, proxies: proxiesFromEnvironment(), transports: map[Origin]*http.Transport{}}
	n.closed, n.close = context.WithCancel(context.Background())
	n.workers = workers{make(chan func()), n.closed.Done()}
	return n
}

func (n *NetHTTP) transport(to Origin) *http.Transport {
	if to.Scheme == "http" || !to.Local && to.Address == net.JoinHostPort(to.Authority, "443") {
		to = Origin{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.transports[to]
	if t == nil {
		t = newTransport(n.config)
		n.transports[to] = t
	}
	return t
}

func newTransport(config Config) *http.Transport {
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) { return routeOf(r.Context()).proxy, nil },
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := dialRoute(ctx, config, network, address)
			if err != nil {
				return nil, err
			}
			return newGatherConn(nc), nil
		},
		TLSClientConfig:     config.TLS.Clone(),
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		// Before the first connection says that it is of HTTP/2, net/http dials
		// one for each request.
		MaxConnsPerHost:        256,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        3 * time.Minute,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// A route is an origin and how to get there.
type route struct {
	Origin
	proxy *url.URL
}

type routeKey struct{}

func routeOf(ctx context.Context) route { return ctx.Value(routeKey{}).(route) }

// dialRoute connects to an origin, or to the proxy on the way there: the
// operator named that one, whatever its address is.
func dialRoute(ctx context.Context, config Config, network, address string) (net.Conn, error) {
	r := routeOf(ctx)
	if r.proxy != nil {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return config.Dial(ctx, r.Origin)
}

// Post implements [Transport].
func (n *NetHTTP) Post(ctx context.Context, to Origin, requests []Request, done func(i int, r Response, err error)) {
	if len(requests) == 0 {
		return
	}
	proxy, err := n.proxies.of(to)
	if n.closed.Err() != nil {
		err = errClosed
	}
	if err != nil {
		refuse(requests, done, err)
		return
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, routeKey{}, route{to, proxy}))
	stop := context.AfterFunc(n.closed, func() { cancel(errClosed) })
	transport := n.transport(to)
	var left atomic.Int64
	left.Store(int64(len(requests)))
	for i := range requests {
		n.workers.do(func() {
			response, err := roundTrip(ctx, transport, &requests[i])
			done(i, response, err)
			if left.Add(-1) == 0 {
				cancel(nil)
				if !stop() {
					transport.CloseIdleConnections()
				}
			}
		})
	}
}

// Close implements [Transport].
func (n *NetHTTP) Close() {
	n.close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.transports {
		t.CloseIdleConnections()
	}
}

func roundTrip(ctx context.Context, t *http.Transport, r *Request) (Response, error) {
	if err := ended(ctx, r.check()); err != nil {
		return Response{}, unprocessed{err}
	}
	var connected bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	request, err := newRequest(ctx, r)
	if err != nil {
		return Response{}, unprocessed{errTarget}
	}
	response, err := t.RoundTrip(request)
	if err != nil {
		return Response{}, explain(ctx, err, connected, r.Path)
	}
	return readResponse(response), nil
}

func newRequest(ctx context.Context, r *Request) (*http.Request, error) {
	u, err := url.ParseRequestURI(r.Path)
	if err != nil {
		return nil, err
	}
	to := routeOf(ctx)
	u.Scheme, u.Host = to.Scheme, to.Authority
	if to.Scheme == "http" && to.proxy == nil {
		// net/http keeps connections by this host: by the address, since many
		// names may lead there.
		u.Host = to.Address
	}
	header := make(http.Header, len(r.Fields)+1)
	for _, f := range r.Fields {
		header.Add(f.Name, f.Value)
	}
	header.Set("User-Agent", userAgent)
	body := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
	request := &http.Request{
		Method: http.MethodPost, URL: u, Host: to.Authority, Header: header,
		ContentLength: int64(len(r.Body)), GetBody: body,
	}
	if len(r.Body) > 0 {
		request.Body, _ = body()
	} else {
		request.Body = http.NoBody
	}
	return request.WithContext(ctx), nil
}

// explain says what became of a request without an answer. connected is
// whether it had a connection, on which it may have been written.
func explain(ctx context.Context, err error, connected bool, path string) error {
	var reset http2.StreamError
	refused := errors.As(err, &reset) && reset.Code == http2.ErrCodeRefusedStream
	err = ended(ctx, err)
	if strings.Contains(err.Error(), path) {
		// net/http quotes what it cannot read, and the peer may have said
		// anything.
		err = errors.New("the push service did not answer in HTTP")
	}
	if !connected || refused {
		return unprocessed{err}
	}
	return err
}

// readResponse reads an answer. Its status says it all: a body that breaks off
// is cut off there.
func readResponse(from *http.Response) Response {
	defer from.Body.Close()
	r := Response{Status: from.StatusCode}
	for name, values := range from.Header {
		if name = strings.ToLower(name); Kept[name] {
			for _, value := range values {
				r.Fields = append(r.Fields, Field{name, value})
			}
		}
	}
	if from.ContentLength != 0 {
		r.Body, _ = io.ReadAll(io.LimitReader(from.Body, MaxAnswer))
		_, _ = io.CopyN(io.Discard, from.Body, maxDrain)
	}
	return r
}

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// errNoHTTP2 says that a push service does not speak HTTP/2.
var errNoHTTP2 = errors.New("the push service does not offer HTTP/2")

// tlsConfig returns a transport's own TLS configuration.
func tlsConfig(config Config) *tls.Config {
	c := new(tls.Config)
	if config.TLS != nil {
		c = config.TLS.Clone()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12) // RFC 9113 section 9.2
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	}
	// Requests are gathered: small first records would take them apart.
	c.DynamicRecordSizingDisabled = true
	return c
}

// dialHTTP2 connects to an origin and agrees on HTTP/2 by ALPN (RFC 9113
// section 3.2), or returns errNoHTTP2.
func dialHTTP2(ctx context.Context, config Config, base *tls.Config, to Origin) (net.Conn, error) {
	tcp, err := config.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	c := base.Clone()
	c.ServerName = hostOf(to.Authority)
	c.NextProtos = []string{"h2", "http/1.1"}
	nc := tls.Client(newInlet(tcp), c)
	if err := nc.HandshakeContext(ctx); err != nil {
		tcp.Close()
		return nil, err
	}
	if nc.ConnectionState().NegotiatedProtocol != "h2" {
		nc.Close()
		return nil, errNoHTTP2
	}
	return nc, nil
}

// hostOf returns an authority's host, an IPv6 address without brackets.
func hostOf(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

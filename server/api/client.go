package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const headerForwardedFor = "X-Forwarded-For"

// clientAddress is whom a request comes from: who has the connection, or where that is
// a trusted proxy, who it says. It is the zero Addr where there is none, as of a
// Unix socket.
func (a *api) clientAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return forwardedFor(plain(peer.Addr()), r.Header.Values(headerForwardedFor), a.TrustedProxies)
}

// forwardedFor follows X-Forwarded-For from the right: each proxy appends whom it was
// called by, so that what stands left of the first one who is not trusted may be
// anybody's invention. A text that is no address ends the way. The header Forwarded
// (RFC 7239) is not read: a proxy that writes one of the two lets the client's own
// other one through.
func forwardedFor(peer netip.Addr, lines []string, trusted []netip.Prefix) netip.Addr {
	client := peer
	for _, line := range slices.Backward(lines) {
		for _, text := range slices.Backward(strings.Split(line, ",")) {
			if !isTrusted(client, trusted) {
				return client
			}
			before, ok := parseForwarded(strings.TrimSpace(text))
			if !ok {
				return client
			}
			client = before
		}
	}
	return client
}

// parseForwarded reads an address; some proxies write its port as well.
func parseForwarded(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return plain(addr), true
	}
	if both, err := netip.ParseAddrPort(text); err == nil {
		return plain(both.Addr()), true
	}
	inner, open := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	addr, err := netip.ParseAddr(inner)
	return plain(addr), open && closed && err == nil
}

// plain has one form for each address.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// network is what counts as one client: an address of IPv4, or the 64 bits of IPv6
// that a household gets at least (RFC 6177 section 2).
func network(addr netip.Addr) netip.Prefix {
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits) // the zero Prefix of the zero Addr
	return p
}

// ParseProxies reads networks, such as 10.0.0.0/8, and addresses.
func ParseProxies(texts []string) (proxies []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", text)
			}
			addr = addr.Unmap()
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is a network of IPv4: write it as one", text)
		}
		proxies = append(proxies, p.Masked())
	}
	return proxies, nil
}

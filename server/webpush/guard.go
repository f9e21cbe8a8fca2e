package webpush

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
)

// dialTimeout bounds one connection, names included.
const dialTimeout = 10 * time.Second

// A guard connects to push services. It looks at the address of each connection
// when it is made: a name may resolve to anything, and to something else a moment
// later (DNS rebinding), so that an address that was looked up and found good says
// nothing.
type guard struct {
	// resolver is nil for the system's.
	resolver *net.Resolver
	// control is called for each address before a packet goes there.
	control func(network, address string, _ syscall.RawConn) error
}

func newGuard() guard { return guard{control: publicAddresses().Safe} }

// dial connects to a push service by TCP. It fails with one of ssrf's errors
// where no address of its host is one of the internet, unless the operator listed
// it as one of this machine.
func (g guard) dial(ctx context.Context, to transport.Origin) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, Resolver: g.resolver}
	if !to.Local {
		dialer.Control = g.control
	}
	return dialer.DialContext(ctx, "tcp", to.Address)
}

// publicAddresses lets through port 443 of the internet: no address of the
// special-purpose registries of IANA, hence no loopback, private, link-local,
// shared, benchmarking, documentation, multicast or unspecified one, and of IPv6
// only global unicast without what carries an IPv4 address in it (mapped,
// compatible, NAT64, 6to4, Teredo).
func publicAddresses() *ssrf.Guardian {
	return ssrf.New(
		ssrf.WithPorts(443),
		ssrf.WithDeniedV4Prefixes(
			// Azure's machines reach their host here. It is registered as any other
			// address of the internet.
			netip.MustParsePrefix("168.63.129.16/32"),
		),
	)
}

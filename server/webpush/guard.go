package webpush

import (
	"context"
	"net"
	"time"

	"code.dny.dev/ssrf"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
)

// dialTimeout bounds the connection by TCP.
const dialTimeout = 10 * time.Second

// dial connects to a push service. Addresses of this machine and of private
// networks are refused however the name resolves, and when the connection is
// made, so that a name cannot resolve to another one after a check; but for the
// push services of this machine that the operator listed.
func dial(ctx context.Context, to transport.Origin) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if !to.Local {
		dialer.Control = ssrf.New().Safe
	}
	return dialer.DialContext(ctx, "tcp", to.Address)
}

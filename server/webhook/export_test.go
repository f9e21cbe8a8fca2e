package webhook

import (
	"net"
	"time"
)

// NewSenderAt is NewSender with a resolver.
func NewSenderAt(hosts *Hosts, resolver *net.Resolver) *Sender {
	return newSender(hosts, nil, resolver)
}

// SetClock gives the deliverer a clock; see [New].
func (d *Deliverer) SetClock(now func() time.Time) { d.now = now }

// SetClock gives the sender a clock.
func (s *Sender) SetClock(now func() time.Time) { s.now = now }

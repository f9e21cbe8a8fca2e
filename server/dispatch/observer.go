package dispatch

import (
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// An Observer is told of sending. It is called for every message, from many
// goroutines, and must cost next to nothing.
type Observer interface {
	// Attempted says what came of a request to a push service, and how long after the
	// delivery was due.
	Attempted(service string, outcome webpush.Outcome, sinceDue time.Duration)
	// Halted says that a push service is halted for a site from now on, or is not any
	// more.
	Halted(service string, halted bool)
}

// Observe has an observer told from now on. It is called before [Dispatcher.Run].
func (d *Dispatcher) Observe(o Observer) { d.observer = o }

// nobody is who is told where nobody observes.
type nobody struct{}

func (nobody) Attempted(string, webpush.Outcome, time.Duration) {}

func (nobody) Halted(string, bool) {}

// sinceDue is how long ago a delivery was due: the TTL counts from then, but for
// quiet hours.
func (d *Dispatcher) sinceDue(delivery push.Delivery) time.Duration {
	return max(d.now().Sub(delivery.Message.AfterQuiet(delivery.TTLFrom, delivery.TimeZone)), 0)
}

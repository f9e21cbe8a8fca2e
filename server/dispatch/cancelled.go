package dispatch

import (
	"maps"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// A cancelled knows the messages of which nothing more is to be sent: those that
// the queue names with a beat, and those that were told since. It is safe for
// concurrent use.
type cancelled struct {
	mu sync.Mutex
	// told is when each was told.
	told map[push.ID]time.Time
	// changed is closed when one is added.
	changed chan struct{}
}

func newCancelled() *cancelled {
	return &cancelled{told: make(map[push.ID]time.Time), changed: make(chan struct{})}
}

// add notes that messages were cancelled, at a time of this process's clock.
func (c *cancelled) add(at time.Time, ids ...push.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	more := false
	for _, id := range ids {
		if _, known := c.told[id]; !known {
			more = true
		}
		c.told[id] = at
	}
	if more {
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// forget forgets those that were told before a time, which the queue, asked then
// or later, does not name: nothing of them is leased here, and never will be.
func (c *cancelled) forget(before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.told, func(_ push.ID, at time.Time) bool { return at.Before(before) })
}

func (c *cancelled) has(id push.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.told[id]
	return ok
}

// more is closed when another message is cancelled.
func (c *cancelled) more() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Cancel says that a message was cancelled: what is not under way is not sent.
func (d *Dispatcher) Cancel(id push.ID) { d.cancelled.add(time.Now(), id) }

// withoutCancelled returns the deliveries of messages that were not cancelled, and
// records the others.
func (d *Dispatcher) withoutCancelled(deliveries []push.Delivery) []push.Delivery {
	kept := make([]push.Delivery, 0, len(deliveries))
	for _, delivery := range deliveries {
		if d.cancelled.has(delivery.Message.ID) {
			d.recorder.add(push.DeliveryResult{Delivery: delivery, Outcome: push.DeliveryCancelled})
			continue
		}
		kept = append(kept, delivery)
	}
	return kept
}

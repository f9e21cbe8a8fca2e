package transport

import (
	"errors"
	"time"
)

// vitals are what a connection knows about its health and age. They are looked
// at every tick, so that no frame needs a clock.
type vitals struct {
	born   time.Time
	retire time.Time
	// frames counts what was read; vain are those that brought no answer any
	// further, since the last answer or tick.
	frames uint64
	vain   int
	// seen is what there was at the last tick.
	seen struct {
		frames, writes uint64
		nextID         uint32
	}
	heard  time.Time // when frames had grown
	used   time.Time // when there were requests
	pinged time.Time // when a PING went out that has no answer, or zero
}

func newVitals(l *limits) vitals {
	now := time.Now()
	return vitals{born: now, retire: now.Add(jitter(l.age)), heard: now, used: now}
}

var (
	errNoSettings = errors.New("the push service did not begin HTTP/2 in time")
	errDead       = errors.New("the connection is dead: the push service did not answer a PING")
	errSlowDrain  = errors.New("the connection had to end before the push service answered")
)

// check is called every tick.
func (c *conn) check() {
	c.pool.mu.Lock()
	defer c.pool.unlock()
	if c.err != nil {
		return
	}
	now := time.Now()
	if c.frames != c.seen.frames {
		c.heard, c.pinged = now, time.Time{}
	}
	if len(c.streams) > 0 || c.nextID != c.seen.nextID {
		c.used = now
	}
	c.stuck = c.writing && c.writes == c.seen.writes
	c.seen.frames, c.seen.writes, c.seen.nextID = c.frames, c.writes, c.nextID
	c.vain = 0

	switch l := c.limits; {
	case !c.ready && now.Sub(c.born) >= l.dial:
		c.end(errNoSettings)
	case c.draining && !now.Before(c.drainUntil):
		c.end(errSlowDrain)
	case !c.pinged.IsZero() && now.Sub(c.pinged) >= l.ping:
		c.end(errDead)
	case len(c.streams) == 0 && now.Sub(c.used) >= l.idle, !now.Before(c.retire):
		c.drain()
	case c.pinged.IsZero() && now.Sub(c.heard) >= l.ping:
		c.pinged = now
		c.framer.WritePing(false, [8]byte{})
		c.kick()
	}
	if c.err == nil {
		c.pool.assign()
		c.timer.Reset(c.limits.tick)
	}
}

package emulator

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// push is one push request, from the POST to its end. Its fields are guarded by
// the emulator's lock.
type push struct {
	record       Push
	version      string // names the message in Mozilla's protocol and in its resource
	subscription *subscription
	body         []byte // nil once it will not be sent again
	received     time.Time
	expires      time.Time
	inFlight     bool // sent on the open connection, not acknowledged
}

// enqueue takes an accepted push: it goes to a connected browser at once and
// waits for one that is away. The lock is held.
func (e *Emulator) enqueue(p *push) {
	p.version = uuid.NewString()
	p.record.State = stateQueued
	e.log.add(p)
	b := p.subscription.browser
	if p.record.TTL == 0 && b.conn == nil {
		e.drop(p, stateExpired)
		return
	}
	if p.record.Topic != "" {
		b.queue = slices.DeleteFunc(b.queue, func(old *push) bool {
			replaced := old.subscription == p.subscription && old.record.Topic == p.record.Topic && !old.inFlight
			if replaced {
				e.drop(old, stateReplaced)
			}
			return replaced
		})
	}
	b.queue = append(b.queue, p)
	if len(b.queue) > e.queueSize {
		e.drop(b.queue[0], stateDropped)
		b.queue = slices.Delete(b.queue, 0, 1)
	}
	if b.conn != nil {
		b.conn.wake()
	}
}

// message is what a browser gets of a push.
type message struct {
	channelID string
	version   string
	ttl       int // seconds
	topic     string
	body      []byte // not to be changed
	received  time.Time
	app       string // of a Chromium's subscription
	sender    string // of a Chromium's subscription
}

// next is the oldest message that has not been sent on connection c, and marks
// it sent; false if there is none or c is no longer the browser's connection.
func (e *Emulator) next(b *browser, c connection) (message, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.conn != c {
		return message{}, false
	}
	e.expire()
	for _, p := range b.queue {
		if !p.inFlight {
			p.inFlight = true
			e.log.set(p, stateDelivered)
			s := p.subscription
			return message{s.channelID, p.version, p.record.TTL, p.record.Topic, p.body, p.received, s.app, s.sender}, true
		}
	}
	return message{}, false
}

// acknowledge records the browser's word about a message. A nack may follow an
// ack: the worker got the message, and then failed.
func (e *Emulator) acknowledge(b *browser, version string, code int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.confirm(b, version, code)
}

// confirm is acknowledge with the lock held. The code of a Chromium, which says
// only that a message has arrived, is 0.
func (e *Emulator) confirm(b *browser, version string, code int) {
	p := e.log.byVersion[version]
	if p != nil && p.record.State != stateAcked {
		p = nil // only a nack after an ack is about a push that no longer waits
	}
	i := slices.IndexFunc(b.queue, func(q *push) bool { return q.version == version })
	if i >= 0 {
		p = b.queue[i]
		p.record.Milliseconds = float64(e.now().Sub(p.received).Microseconds()) / 1000
		b.queue = slices.Delete(b.queue, i, i+1)
	}
	if p == nil || p.subscription.browser != b {
		return
	}
	p.record.Code, p.record.Answer, p.body, p.inFlight = code, answerText(code), nil, false
	e.log.set(p, stateAcked)
}

// expire drops what waits past its TTL; what is in flight may still be
// acknowledged. The lock is held.
func (e *Emulator) expire() {
	now := e.now()
	for _, b := range e.browsers {
		b.queue = slices.DeleteFunc(b.queue, func(p *push) bool {
			late := !p.inFlight && !now.Before(p.expires) && (p.record.TTL > 0 || b.conn == nil)
			if late {
				e.drop(p, stateExpired)
			}
			return late
		})
	}
}

// nextExpiry is how long until the next waiting message expires, at most limit.
// The lock is held.
func (e *Emulator) nextExpiry(limit time.Duration) time.Duration {
	now := e.now()
	for _, b := range e.browsers {
		for _, p := range b.queue {
			if !p.inFlight {
				limit = min(limit, max(p.expires.Sub(now), time.Millisecond))
			}
		}
	}
	return limit
}

// drop ends a push that will not be sent any more. The lock is held.
func (e *Emulator) drop(p *push, state string) {
	p.body = nil
	e.log.set(p, state)
}

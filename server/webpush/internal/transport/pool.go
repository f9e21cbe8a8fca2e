package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A pool is what there is of one origin: its connections, and the requests that
// wait for a stream on one of them. Connections take what they have room for
// when they are about to write.
type pool struct {
	http2  *HTTP2
	origin Origin
	// direct says that this client may connect to it.
	direct bool

	// mu guards all that follows, and what the connections say it does. It is
	// never held while something waits, nor while a done is called: unlock
	// calls them.
	mu      sync.Mutex
	waiting exchangeList
	conns   []*conn
	// dialing is whether a connection begins: one at a time.
	dialing bool
	// fruitless is how many connections in a row ended without any answer.
	fruitless int
	// failure is what became of the last dial, for limits.redial.
	failure     error
	failedUntil time.Time
	// http1Until is when HTTP/2 is offered again to an origin without.
	http1Until time.Time
	forgotten  bool

	finished, diverted exchangeList
}

// post queues requests. It returns false if the pool is forgotten.
func (p *pool) post(ctx context.Context, requests []Request, done func(int, Response, error)) bool {
	p.mu.Lock()
	if p.forgotten {
		p.mu.Unlock()
		return false
	}
	if time.Now().Before(p.http1Until) {
		p.mu.Unlock()
		p.http2.fallback.Post(ctx, p.origin, requests, done)
		return true
	}
	b := &batch{ctx: ctx, requests: requests, done: done, exchanges: make([]exchange, len(requests)), left: len(requests)}
	for i := range b.exchanges {
		x := &b.exchanges[i]
		x.batch, x.i = b, i
		p.waiting.push(x)
	}
	if ctx.Done() != nil {
		b.stop = context.AfterFunc(ctx, func() { p.cancel(b) })
	}
	p.assign()
	p.unlock()
	return true
}

// assign wakes as many connections as the waiting requests fill, and dials
// another when that is not enough.
func (p *pool) assign() {
	need, live, blocked := p.waiting.len, 0, false
	for _, c := range p.conns {
		if need <= 0 {
			return
		}
		if c.draining {
			continue
		}
		live++
		blocked = blocked || c.ready && c.limit() == 0
		if room := c.room(); room > 0 {
			c.kick()
			need -= room
		}
	}
	if need <= 0 || p.dialing {
		return
	}
	if p.failure != nil && time.Now().Before(p.failedUntil) {
		if live == 0 {
			p.failWaiting(p.failure)
		}
		return
	}
	// A peer that allows no streams at all has no use for a second connection.
	if !blocked && live < p.http2.limits.connections && len(p.conns) < 2*p.http2.limits.connections {
		p.dialing = true
		go p.dial()
	}
}

// dial makes a connection, and becomes the goroutine that reads it.
func (p *pool) dial() {
	ctx, cancel := context.WithTimeoutCause(p.http2.dialing, p.http2.limits.dial, errDialTimeout)
	nc, err := p.http2.connect(ctx, p.origin)
	if err != nil {
		err = ended(ctx, err)
	}
	cancel()
	p.mu.Lock()
	if err == nil && p.forgotten {
		nc.Close()
		err = errClosed
	}
	if err != nil {
		p.dialFailed(err)
		p.unlock()
		return
	}
	c := newConn(p, nc)
	p.conns = append(p.conns, c)
	p.mu.Unlock()
	go c.write()
	c.read()
}

var errDialTimeout = errors.New("no connection in time")

// dialFailed gives up on the requests that only a new connection could carry.
func (p *pool) dialFailed(err error) {
	p.dialing = false
	if errors.Is(err, errNoHTTP2) {
		p.http1Until = time.Now().Add(p.http2.limits.http1)
		for x := p.waiting.first; x != nil; x = p.waiting.first {
			p.waiting.remove(x)
			p.conclude(x)
			p.diverted.push(x)
		}
		return
	}
	p.pause(err)
}

// pause dials no more for a while.
func (p *pool) pause(err error) {
	p.failure = fmt.Errorf("connecting to %s: %w", p.origin.Authority, err)
	p.failedUntil = time.Now().Add(p.http2.limits.redial)
	p.assign()
}

// connected says that a connection has begun.
func (p *pool) connected() {
	p.dialing, p.failure = false, nil
	p.assign()
}

// disconnected takes a connection that has ended out. Two in a row that never
// brought an answer count as a failed dial: a push service that hangs up on
// everyone is not called in a loop.
func (p *pool) disconnected(c *conn) {
	p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
	if !c.fruitful {
		p.fruitless++
	}
	switch {
	case !c.ready:
		p.dialFailed(c.err)
	case p.fruitless > 1:
		p.fruitless = 0
		p.pause(c.err)
	default:
		p.assign()
	}
}

// cancel ends what is left of a batch whose context has.
func (p *pool) cancel(b *batch) {
	p.mu.Lock()
	cause := context.Cause(b.ctx)
	for i := range b.exchanges {
		switch x := &b.exchanges[i]; x.state {
		case waiting:
			p.waiting.remove(x)
			p.finish(x, unprocessed{cause})
		case open, answered:
			x.stream.conn.cancel(x, cause)
		}
	}
	p.unlock()
}

// retry queues an exchange that was provably not processed once more, on
// whatever connection. It fails with err the second time.
func (p *pool) retry(x *exchange, err error) {
	if x.again {
		p.finish(x, unprocessed{err})
		return
	}
	x.again, x.state, x.stream = true, waiting, stream{}
	p.waiting.pushFirst(x)
}

// lose ends an exchange whose connection or stream has ended before it: it may
// have been processed or not. A status that was read is an answer.
func (p *pool) lose(x *exchange, err error) {
	if x.state == answered {
		err = nil
	}
	p.finish(x, err)
}

// finish has done called by unlock.
func (p *pool) finish(x *exchange, err error) {
	if err != nil {
		x.response = Response{}
	}
	x.err = err
	p.conclude(x)
	p.finished.push(x)
}

func (p *pool) conclude(x *exchange) {
	x.state, x.stream = over, stream{}
	x.batch.left--
	if x.batch.left == 0 && x.batch.stop != nil {
		x.batch.stop()
	}
}

func (p *pool) failWaiting(err error) {
	for x := p.waiting.first; x != nil; x = p.waiting.first {
		p.waiting.remove(x)
		p.finish(x, unprocessed{err})
	}
}

// unlock unlocks mu, and says what was decided meanwhile.
func (p *pool) unlock() {
	finished, diverted := p.finished.take(), p.diverted.take()
	p.mu.Unlock()
	for x := finished; x != nil; x = x.next {
		x.batch.done(x.i, x.response, x.err)
	}
	for x := diverted; x != nil; x = x.next {
		b, i := x.batch, x.i
		p.http2.fallback.Post(b.ctx, p.origin, b.requests[i:i+1], func(_ int, r Response, err error) { b.done(i, r, err) })
	}
}

// close ends everything.
func (p *pool) close() {
	p.mu.Lock()
	p.forgotten = true
	p.failWaiting(errClosed)
	for len(p.conns) > 0 {
		p.conns[0].end(errClosed)
	}
	p.unlock()
}

// forgettable forgets a pool that has nothing worth keeping.
func (p *pool) forgettable() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.waiting.len == 0 && len(p.conns) == 0 && !p.dialing && now.After(p.http1Until) && now.After(p.failedUntil) {
		p.forgotten = true
	}
	return p.forgotten
}

package webpush

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// A pace begins with firstInFlight requests under way at once, and stays
	// between the other two.
	firstInFlight = 64
	leastInFlight = 8
	mostInFlight  = 2048
	// urgentInFlight is by how much urgent requests may exceed what the others
	// are bound by.
	urgentInFlight = 32
	// A push service is crowded when its answers take longer than slackFactor
	// times its quickest one and slack.
	slackFactor = 2
	slack       = 10 * time.Millisecond
	// quickestFor is how long a quickest answer counts, at least.
	quickestFor = 30 * time.Second
	// growth is by which part the bound grows while as many requests as it allows
	// are answered, once it has met a crowd; before, it doubles.
	growth = 0.1
	// crowdedBy and throttledBy are what the bound is multiplied by.
	crowdedBy   = 0.9
	throttledBy = 0.7
	// throttledShare of a push service's answers, one in so many, is about the
	// sender; fewer are about single browsers, as Apple's.
	throttledShare = 20
	// throttledEnough is from how many in a row on a push service is left alone as
	// it asks.
	throttledEnough = 5
	// After breakAfter failures in a row a push service is left alone, first for
	// firstBreak, then twice as long each time, up to longestBreak.
	breakAfter   = 20
	firstBreak   = time.Second
	longestBreak = time.Minute
)

// A word is what an answer, or the lack of one, says of the push service.
type word int

const (
	wordNothing   word = iota // the request was given up by the sender
	wordWorks                 // it answered, whatever
	wordThrottles             // it asked to be asked less
	wordFails                 // it did not answer, or said that it cannot
)

// A pace bounds the requests that are under way to one push service at once. The
// bound grows while the push service keeps up, as TCP's congestion window does,
// and shrinks when it slows down or throttles. After many failures in a row the
// pace breaks: nothing is sent for a while, and then one request tries.
type pace struct {
	now func() time.Time

	mu sync.Mutex
	// limit is the bound, most the largest that it may be.
	limit, most float64
	inFlight    int
	// freed is closed when there is room for those that wait, or never will be;
	// nil where nobody waits. wanted is for how many others wait at least, 0 where
	// only urgent ones do.
	freed       chan struct{}
	wanted      int
	urgentWaits bool

	growing bool      // quickly, until the first crowd
	shrunk  time.Time // requests that began before tell nothing new
	// answered and throttled are since then.
	answered, throttled int
	latency             time.Duration // a moving average
	// quickest answers of this period and of the one before.
	quickest, before time.Duration
	period           time.Time

	throttlesInRow int
	failures       int // in a row
	breaks         int // in a row
	// until is when a broken pace lets one request try; zero: it is not broken.
	until  time.Time
	trying bool
}

// A grant is room for n requests.
type grant struct {
	n     int
	began time.Time
	// full says that the requests then under way came near the bound.
	full bool
	// trial says that it is the one by which a broken pace tries.
	trial bool
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, limit: firstInFlight, most: mostInFlight, growing: true}
}

// newBoundedPace is newPace with another largest bound; 0: the usual one.
func newBoundedPace(now func() time.Time, most int) *pace {
	p := newPace(now)
	if most > 0 {
		p.most = float64(most)
		p.limit = min(p.limit, p.most)
	}
	return p
}

// A brokenError says that a push service is left alone for a while: it failed so
// often in a row, or asked for it.
type brokenError struct {
	failures int
	wait     time.Duration
}

func (e *brokenError) Error() string {
	if e.failures == 0 {
		return "the push service asked to be left alone for now"
	}
	return fmt.Sprintf("the push service failed %d times in a row and is left alone for now", e.failures)
}

// acquire waits for room and grants as much of n as makes a good batch. The room
// of each request is to be released. Urgent requests have room where others have
// to wait. The error is the context's or a *brokenError.
func (p *pace) acquire(ctx context.Context, n int, urgent bool) (grant, error) {
	for {
		granted, freed, err := p.take(n, urgent)
		if freed == nil {
			return granted, err
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return grant{}, ctx.Err()
		}
	}
}

// take is acquire without the wait; freed is what to wait for.
func (p *pace) take(n int, urgent bool) (granted grant, freed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !p.until.IsZero() {
		if wait := p.until.Sub(now); wait > 0 || p.trying {
			return grant{}, nil, &brokenError{p.failures, max(wait, firstBreak)}
		}
		p.trying = true
		p.inFlight++
		return grant{n: 1, began: now, trial: true}, nil, nil
	}
	n = min(n, p.part())
	limit := int(p.limit)
	if urgent {
		limit += urgentInFlight
	}
	if p.inFlight+n <= limit {
		p.inFlight += n
		return grant{n: n, began: now, full: p.inFlight >= int(p.limit)*3/4}, nil, nil
	}
	if p.freed == nil {
		p.freed, p.wanted, p.urgentWaits = make(chan struct{}), 0, false
	}
	switch {
	case urgent:
		p.urgentWaits = true
	case p.wanted == 0 || n < p.wanted:
		p.wanted = n
	}
	return grant{}, p.freed, nil
}

// hasRoom says whether one of those that wait can go on. The bound may have shrunk
// since they began to.
func (p *pace) hasRoom() bool {
	room := int(p.limit) - p.inFlight
	return p.wanted > 0 && room >= min(p.wanted, p.part()) || p.urgentWaits && room+urgentInFlight > 0
}

// part is how many requests of a batch have to have room at once: fewer are not
// worth its while.
func (p *pace) part() int { return max(int(p.limit)/4, 1) }

// release gives back the room of one request of a grant, and learns from how it
// went; wait is how long the push service asked to be left alone, or 0.
func (p *pace) release(g grant, w word, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	now := p.now()
	switch {
	case g.trial:
		p.tried(w, wait, now)
	case !p.until.IsZero():
		// It began before the pace broke, and tells nothing new.
	case w == wordWorks:
		p.works(g, now)
	case w == wordThrottles:
		p.throttles(g, wait, now)
	case w == wordFails:
		p.fails(now)
	}
	if p.freed != nil && (!p.until.IsZero() || p.hasRoom()) {
		close(p.freed)
		p.freed = nil
	}
}

func (p *pace) works(g grant, now time.Time) {
	p.failures, p.throttlesInRow = 0, 0
	p.answered++
	took := max(now.Sub(g.began), 1)
	p.latency += (took - p.latency) / 16
	if now.Sub(p.period) > quickestFor {
		p.period, p.before, p.quickest = now, p.quickest, took
	}
	p.quickest = min(p.quickest, took)
	quickest := p.quickest
	if p.before > 0 {
		quickest = min(quickest, p.before)
	}
	switch {
	case p.latency > slackFactor*quickest+slack:
		p.growing = false
		if g.began.After(p.shrunk) {
			p.shrink(crowdedBy, now)
		}
	case !g.full:
		// It is not the bound that bounds the requests.
	case p.growing:
		p.limit = min(p.limit+1, p.most)
	default:
		p.limit = min(p.limit+growth, p.most)
	}
}

func (p *pace) throttles(g grant, wait time.Duration, now time.Time) {
	p.failures = 0
	p.answered++
	p.throttled++
	p.throttlesInRow++
	if wait > 0 && p.throttlesInRow >= throttledEnough {
		p.leaveFor(min(wait, longestBreak), now)
	}
	if p.throttled*throttledShare < p.answered {
		return
	}
	if g.began.After(p.shrunk) {
		p.growing = false
		p.shrink(throttledBy, now)
	}
}

func (p *pace) shrink(by float64, now time.Time) {
	p.limit = min(max(p.limit*by, leastInFlight), p.most)
	p.shrunk = now
	p.answered, p.throttled = 0, 0
}

func (p *pace) fails(now time.Time) {
	p.failures++
	if p.failures >= breakAfter {
		p.breakFor(now)
	}
}

func (p *pace) breakFor(now time.Time) {
	wait := min(firstBreak<<min(p.breaks, 10), longestBreak)
	p.breaks++
	p.leaveFor(wait, now)
}

// leaveFor leaves the push service alone, with jitter so that several senders do
// not come back in one moment.
func (p *pace) leaveFor(wait time.Duration, now time.Time) {
	p.until = now.Add(wait + rand.N(wait/4+1))
}

// tried judges the request by which a broken pace tried.
func (p *pace) tried(w word, wait time.Duration, now time.Time) {
	p.trying = false
	switch {
	case w == wordFails:
		p.failures++
		p.breakFor(now)
	case w == wordThrottles && wait > 0:
		p.leaveFor(min(wait, longestBreak), now)
	case w != wordNothing:
		p.failures, p.throttlesInRow, p.breaks, p.until = 0, 0, 0, time.Time{}
		p.limit, p.growing, p.shrunk = min(leastInFlight, p.most), true, now
		p.answered, p.throttled = 0, 0
	}
}

// isIdle says that nothing of the pace is worth keeping.
func (p *pace) isIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inFlight == 0 && p.freed == nil && p.until.IsZero()
}

package emulator

import (
	"slices"
	"time"
)

// The states of a push.
const (
	stateRefused   = "refused"   // not accepted; Status and Rule say why
	stateQueued    = "queued"    // waits for the browser
	stateDelivered = "delivered" // sent to the browser, which has not answered
	stateAcked     = "acked"     // the browser answered; Code says what
	stateExpired   = "expired"   // the TTL ended first
	stateReplaced  = "replaced"  // another with the same topic came
	stateDropped   = "dropped"   // the subscription ended, or too many waited
)

// Push is what the emulator tells of one push request.
type Push struct {
	// ID numbers the push requests from 1.
	ID int `json:"id"`
	// Seq numbers the changes of all pushes from 1; it is that of this one's last.
	Seq int `json:"seq"`
	// Time is when the request came.
	Time time.Time `json:"time"`
	// Subscription is the subscription's id; empty if the endpoint is unknown.
	Subscription string `json:"subscription,omitempty"`
	// TTL is that of the answer, in seconds.
	TTL int `json:"ttl"`
	// Urgency is the header, or normal.
	Urgency string `json:"urgency"`
	// Topic is the header; empty without.
	Topic string `json:"topic,omitempty"`
	// Size is that of the body, in bytes; of one over the limit, what was read.
	Size int `json:"size"`
	// Status is the answer's.
	Status int `json:"status"`
	// Rule is the ID of the rule that the request broke; empty if it broke none.
	Rule string `json:"rule,omitempty"`
	// Detail says what was seen of the break; may be empty.
	Detail string `json:"detail,omitempty"`
	// State is refused, queued, delivered, acked, expired, replaced or dropped.
	State string `json:"state"`
	// Code is the browser's answer: 100 given to the worker, 101 does not
	// decrypt, 102 not delivered, 301 to 303 the worker failed; 0 until then, and
	// always of a Chromium, which says only that the push has arrived.
	Code int `json:"code,omitempty"`
	// Milliseconds are from the request to the browser's answer.
	Milliseconds float64 `json:"ms,omitempty"`
}

// pushLog keeps the latest pushes. It is guarded by the emulator's lock.
type pushLog struct {
	size      int
	pushes    []*push // oldest first
	byVersion map[string]*push
	lastID    int
	lastSeq   int
	changed   chan struct{} // closed at the next change
}

func newPushLog(size int) pushLog {
	if size == 0 {
		size = defaultLogSize
	}
	return pushLog{size: size, byVersion: map[string]*push{}, changed: make(chan struct{})}
}

// add puts p into the log, as its newest.
func (l *pushLog) add(p *push) {
	l.lastID++
	p.record.ID = l.lastID
	l.pushes = append(l.pushes, p)
	if p.version != "" {
		l.byVersion[p.version] = p
	}
	if len(l.pushes) > l.size {
		delete(l.byVersion, l.pushes[0].version)
		l.pushes = slices.Delete(l.pushes, 0, 1)
	}
	l.touch(p)
}

// set moves p to a state.
func (l *pushLog) set(p *push, state string) {
	p.record.State = state
	l.touch(p)
}

func (l *pushLog) touch(p *push) {
	l.lastSeq++
	p.record.Seq = l.lastSeq
	close(l.changed)
	l.changed = make(chan struct{})
}

// since are the pushes that changed after seq, in the order of their last change.
func (l *pushLog) since(seq int) []Push {
	list := []Push{}
	for _, p := range l.pushes {
		if p.record.Seq > seq {
			list = append(list, p.record)
		}
	}
	slices.SortFunc(list, func(a, b Push) int { return a.Seq - b.Seq })
	return list
}

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
	// Seq is that of this push's last change: it grows with each change of anything.
	Seq int `json:"seq"`
	// Time is when the request came.
	Time time.Time `json:"time"`
	// Subscription is the subscription's id; empty if the endpoint is unknown.
	Subscription string `json:"subscription,omitempty"`
	// As is as whose service the sender was answered; empty of the emulator's own.
	As string `json:"as,omitempty"`
	// TTL is that of the answer, in seconds; of a refused push, the header's.
	TTL int `json:"ttl"`
	// Urgency is the header, or normal.
	Urgency string `json:"urgency"`
	// Topic is the header; empty without.
	Topic string `json:"topic,omitempty"`
	// Size is that of the body, in bytes; of one over the limit, what was read.
	Size int `json:"size"`
	// Status is the answer's; 0 where the sender got none: an injected fault, or a
	// push of the emulator's own.
	Status int `json:"status"`
	// Faults are the kinds of the injected faults that it met.
	Faults []string `json:"faults,omitempty"`
	// Own tells that the emulator made it, by POST /api/deliver.
	Own bool `json:"own,omitempty"`
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
	// Answer is the browser's answer in words; empty until then.
	Answer string `json:"answer,omitempty"`
	// Milliseconds are from the request to the browser's answer.
	Milliseconds float64 `json:"ms,omitempty"`
	// Text is the message, decrypted: only of the emulator's own, and of
	// subscriptions whose keys it was given. What is not UTF-8 is replaced.
	Text string `json:"text,omitempty"`
	// TextError says why those keys do not decrypt it.
	TextError string `json:"textError,omitempty"`
}

// answerText is a browser's answer in words: the codes of Firefox's
// PushServiceWebSocket.sys.mjs, and 0, since a Chromium has none.
func answerText(code int) string {
	switch code {
	case 0:
		return "arrived at the browser"
	case 100:
		return "given to the service worker"
	case 101:
		return "could not be decrypted"
	case 102:
		return "not given to the service worker"
	case 301:
		return "the service worker threw an exception"
	case 302:
		return "the service worker's waitUntil() was rejected"
	case 303:
		return "the service worker failed"
	}
	return "answered with a code that is not known"
}

// pushLog keeps the latest pushes, and counts the changes of everything that the
// control API tells. It is guarded by the emulator's lock.
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
	l.count()
	p.record.Seq = l.lastSeq
}

// count wakes those who wait for a change.
func (l *pushLog) count() {
	l.lastSeq++
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

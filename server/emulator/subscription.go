package emulator

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// connection is a browser's open connection, in whichever protocol.
type connection interface {
	// wake says that the browser's queue may hold something to send. It must not
	// block and is called with the emulator's lock held.
	wake()
	// cut ends the connection, without waiting. The lock is held.
	cut(reason string)
}

// browser is a user agent: what Mozilla's protocol names by uaid, and Google's
// by an Android id, which stands for it as a decimal.
type browser struct {
	uaid     string
	device   *device                  // of a Chromium; nil: a Firefox
	channels map[string]*subscription // by channelID, active ones
	conn     connection               // nil while away
	since    time.Time                // when it came or went
	queue    []*push                  // not acknowledged yet, oldest first
	known    bool                     // it has registered once, so its uaid is kept
}

// subscription is one registration of a browser.
type subscription struct {
	id        string
	token     string
	endpoint  string
	origin    string // of a Firefox's endpoint, which the VAPID aud must be
	channelID string // of a Chromium: the subtype
	app       string // of a Chromium: the app that registered
	sender    string // of a Chromium: key in the form that it registered
	key       []byte // the applicationServerKey, 65 bytes; nil: anyone may send
	browser   *browser
	createdAt time.Time
	lastPush  time.Time    // zero: none yet
	keys      *browserKeys // nil: the emulator was not given them
	end       *end         // nil while active
}

// end is how a subscription came to its end.
type end struct {
	reason string // unregistered, deleted, forgotten or replaced
	code   int    // the browser's code in unregister; 0 if it gave none
	rule   Rule   // how senders are refused from now on
}

// attach makes c the connection of the browser with this uaid, or of a new one
// where the uaid is unknown. Nil: the emulator takes no browsers now.
func (e *Emulator) attach(uaid string, c connection) *browser {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.online || e.closed {
		return nil
	}
	b := e.browsers[uaid]
	if b == nil || b.device != nil {
		id := uuid.New()
		b = &browser{uaid: strings.ReplaceAll(id.String(), "-", ""), channels: map[string]*subscription{}}
		e.browsers[b.uaid] = b
	}
	e.connect(b, c)
	return b
}

// connect makes c the connection of b. The lock is held.
func (e *Emulator) connect(b *browser, c connection) {
	if b.conn != nil {
		b.conn.cut("the browser connected again")
		e.release(b)
	}
	b.conn, b.since = c, e.now()
	e.log.count()
	e.expire()
}

// detach ends what attach began; what was not acknowledged waits again.
func (e *Emulator) detach(b *browser, c connection) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.conn != c {
		return
	}
	e.release(b)
	e.expire()
	if !b.known && b.device == nil {
		delete(e.browsers, b.uaid)
	}
}

// release takes the connection from b. The lock is held.
func (e *Emulator) release(b *browser) {
	b.conn, b.since = nil, e.now()
	e.log.count()
	for _, p := range b.queue {
		if p.inFlight {
			p.inFlight = false
			e.log.set(p, stateQueued)
		}
	}
}

// cutBrowsers ends all connections. The lock is held.
func (e *Emulator) cutBrowsers(reason string) {
	for _, b := range e.browsers {
		if b.conn != nil {
			b.conn.cut(reason)
			e.release(b)
		}
	}
}

// register gives b, connected by c, a subscription for channelID. One that is
// there already with the same key is given again. Nil: there are too many, or c
// was cut.
func (e *Emulator) register(b *browser, c connection, channelID string, key []byte, origin string) *subscription {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.conn != c {
		return nil
	}
	s := e.subscribe(b, channelID, key)
	if s != nil && s.endpoint == "" {
		// Autopush names endpoints without a key v1 and those with one v2.
		version := "v2"
		if key == nil {
			version = "v1"
		}
		s.origin = e.endpointOrigin(origin)
		s.endpoint = s.origin + mozillaPath + version + "/" + s.token
	}
	return s
}

// subscribe is the core of a registration; a Firefox's subscription gets its
// endpoint from [Emulator.register]. The lock is held.
func (e *Emulator) subscribe(b *browser, channelID string, key []byte) *subscription {
	if s := b.channels[channelID]; s != nil {
		if bytes.Equal(s.key, key) {
			return s
		}
		e.endSubscription(s, end{reason: "replaced", rule: ruleSubscriptionEnded})
	}
	if e.active >= maxSubscriptions {
		return nil
	}
	s := &subscription{
		id: uuid.NewString(), token: newToken(), channelID: channelID,
		key: key, browser: b, createdAt: e.now(),
	}
	if b.device != nil {
		s.token = tokenPrefix + s.token
		s.endpoint = "https://" + b.device.host + googlePath + s.token
	}
	b.channels[channelID] = s
	b.known = true
	e.byToken[s.token] = s
	e.active++
	e.log.count()
	return s
}

// unregister is the browser's own end of a subscription; code is the reason in
// Mozilla's protocol (200 the page, 201 quota, 202 permission).
func (e *Emulator) unregister(b *browser, channelID string, code int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := b.channels[channelID]; s != nil {
		e.endSubscription(s, end{reason: "unregistered", code: code, rule: ruleSubscriptionEnded})
	}
}

// forgetBrowsers is what a push service does that lost its records: every
// subscription is gone, and a Firefox that comes back gets another uaid. A
// Chromium keeps its id, and is told nothing. The lock is held.
func (e *Emulator) forgetBrowsers() {
	for uaid, b := range e.browsers {
		for _, s := range b.channels {
			e.endSubscription(s, end{reason: "forgotten", rule: ruleBrowserForgotten})
		}
		b.known = false
		if b.device == nil {
			delete(e.browsers, uaid)
		}
		if b.conn != nil {
			b.conn.cut("the push service has forgotten this browser")
			e.release(b)
		}
	}
}

// endSubscription is the end of s for its senders and for what waits. The
// browser is not told: Mozilla's protocol has no frame for it. The lock is held.
func (e *Emulator) endSubscription(s *subscription, how end) {
	s.end = &how
	e.active--
	e.log.count()
	b := s.browser
	delete(b.channels, s.channelID)
	b.queue = slices.DeleteFunc(b.queue, func(p *push) bool {
		if p.subscription == s {
			e.log.set(p, stateDropped)
		}
		return p.subscription == s
	})
	e.ended = append(e.ended, s)
	if len(e.ended) > maxEnded {
		oldest := e.ended[0]
		delete(e.byToken, oldest.token)
		e.faults = slices.DeleteFunc(e.faults, func(f Fault) bool { return f.Subscription == oldest.id })
		e.ended = slices.Delete(e.ended, 0, 1)
		if b := oldest.browser; b.conn == nil && len(b.channels) == 0 {
			delete(e.browsers, b.uaid)
		}
	}
}

package emulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Browser is what the control API tells of a browser.
type Browser struct {
	// ID is Firefox's uaid or Chromium's Android id, which only the two know.
	ID string `json:"id"`
	// Kind is firefox or chromium.
	Kind string `json:"kind"`
	// Connected tells whether it is connected, Since when that last changed.
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since"`
	// Subscriptions are the active ones.
	Subscriptions int `json:"subscriptions"`
	// Waiting is how many messages it has not acknowledged.
	Waiting int `json:"waiting"`
}

// BrowserState is the body of GET and the answer of POST /api/browser.
type BrowserState struct {
	// Online tells whether browsers may connect.
	Online bool `json:"online"`
	// Connected is how many are.
	Connected int `json:"connected"`
	// Websocket is the URL for Firefox's preference dom.push.serverURL.
	Websocket string `json:"websocket"`
	// Firefox are the preferences of a profile, see [FirefoxPreferences].
	Firefox map[string]any `json:"firefox"`
	// Chromium are the flags of Chromium's command line; empty if the emulator
	// was started without a listener for it.
	Chromium []string `json:"chromium"`
	// Browsers are those that are connected or have a subscription, the latest
	// change first.
	Browsers []Browser `json:"browsers"`
}

// State is the answer of GET /api/state: all that the emulator tells but for the
// pushes.
type State struct {
	Browser       BrowserState   `json:"browser"`
	Subscriptions []Subscription `json:"subscriptions"`
	Faults        []Fault        `json:"faults"`
	Personality   Personality    `json:"personality"`
	// Next is the number of the last change, for the next call's after.
	Next int `json:"next"`
}

// getState is GET /api/state?after=SEQ&wait=SECONDS. With wait it answers at the
// first change of anything, pushes included, or when the time is over.
func (e *Emulator) getState(w http.ResponseWriter, r *http.Request) {
	e.poll(w, r, func(after int) (any, bool) {
		return State{
			Browser: e.describeBrowsers(e.originOf(r)), Subscriptions: e.describeSubscriptions(),
			Faults: append([]Fault{}, e.faults...), Personality: e.personality(), Next: e.log.lastSeq,
		}, e.log.lastSeq > after
	})
}

// listPushes is GET /api/pushes?after=SEQ&wait=SECONDS: the pushes that are new
// or changed since SEQ. With wait it answers at the first change, or empty when
// the time is over. next is the SEQ for the next call.
func (e *Emulator) listPushes(w http.ResponseWriter, r *http.Request) {
	e.poll(w, r, func(after int) (any, bool) {
		list := e.log.since(after)
		return map[string]any{"data": list, "next": e.log.lastSeq}, len(list) > 0
	})
}

// poll answers what look gives, as soon as look says that there is something to
// tell after the SEQ asked for, or when the time is over. look is called with
// the lock held.
func (e *Emulator) poll(w http.ResponseWriter, r *http.Request, look func(after int) (v any, ready bool)) {
	after, ok1 := queryNumber(w, r, "after")
	wait, ok2 := queryNumber(w, r, "wait")
	if !ok1 || !ok2 {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(time.Duration(min(wait, 3600))*time.Second, maxWait))
	defer cancel()
	for over := wait == 0; ; {
		e.mu.Lock()
		e.expire()
		v, ready := look(after)
		changed := e.log.changed
		timer := time.NewTimer(e.nextExpiry(maxWait))
		e.mu.Unlock()
		if ready || over {
			timer.Stop()
			answer(w, v)
			return
		}
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			over = true
		case <-e.done:
			over = true
		}
		timer.Stop()
	}
}

// describeBrowsers is for a caller to whom the emulator is at origin. The lock
// is held.
func (e *Emulator) describeBrowsers(origin string) BrowserState {
	websocket := websocketURL(origin)
	state := BrowserState{
		Online: e.online, Websocket: websocket, Firefox: FirefoxPreferences(websocket), Chromium: e.ChromiumFlags(origin), Browsers: []Browser{},
	}
	for _, b := range e.browsers {
		if b.conn != nil {
			state.Connected++
		} else if len(b.channels) == 0 {
			continue
		}
		state.Browsers = append(state.Browsers, Browser{
			ID: b.uaid, Kind: b.kind(), Connected: b.conn != nil, Since: b.since,
			Subscriptions: len(b.channels), Waiting: len(b.queue),
		})
	}
	slices.SortFunc(state.Browsers, func(a, b Browser) int {
		if c := b.Since.Compare(a.Since); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return state
}

func (b *browser) kind() string {
	if b.device != nil {
		return "chromium"
	}
	return "firefox"
}

// describeSubscriptions is all that are known, oldest first. The lock is held.
func (e *Emulator) describeSubscriptions() []Subscription {
	waiting := map[*subscription]int{}
	for _, b := range e.browsers {
		for _, p := range b.queue {
			waiting[p.subscription]++
		}
	}
	list := make([]Subscription, 0, len(e.byToken))
	for _, s := range e.byToken {
		d := s.describe()
		d.Waiting = waiting[s]
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Subscription) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// site is the origin of the page that subscribed, where the browser says it:
// Chromium's subtype is wp:ORIGIN/#ID.
func (s *subscription) site() string {
	scope, ok := strings.CutPrefix(s.channelID, "wp:")
	if !ok {
		return ""
	}
	origin, _, _ := strings.Cut(scope, "#")
	return strings.TrimSuffix(origin, "/")
}

package emulator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"
)

const (
	// maxWait is the longest wait of a long poll.
	maxWait = 60 * time.Second
	// maxControlBody is in bytes.
	maxControlBody = 4 << 10
)

// Subscription is what the control API tells of a subscription.
type Subscription struct {
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	// Browser is firefox or chromium.
	Browser string `json:"browser"`
	// ChannelID names the subscription between browser and push service; a
	// Chromium's begins with wp: and the site's origin.
	ChannelID string `json:"channelID"`
	// ApplicationServerKey is an uncompressed point in base64url; empty: anyone may send.
	ApplicationServerKey string    `json:"applicationServerKey,omitempty"`
	CreatedAt            time.Time `json:"createdAt"`
	// Connected tells whether its browser is connected.
	Connected bool `json:"connected"`
	// Waiting is how many messages the browser has not acknowledged.
	Waiting int `json:"waiting"`
	// State is active or ended.
	State string `json:"state"`
	// EndReason is unregistered (the browser), deleted (the control API),
	// forgotten, or replaced (registered with another key).
	EndReason string `json:"endReason,omitempty"`
	// EndCode is Firefox's code: 200 the page, 201 quota, 202 permission;
	// Chromium gives none, 0.
	EndCode int `json:"endCode,omitempty"`
}

// BrowserState is the body of GET and the answer of POST /api/browser.
type BrowserState struct {
	// Online tells whether browsers may connect.
	Online bool `json:"online"`
	// Connected is how many are.
	Connected int `json:"connected"`
	// Websocket is the URL for Firefox's preference dom.push.serverURL.
	Websocket string `json:"websocket"`
	// Chromium are the flags of Chromium's command line; empty if the emulator
	// was started without a listener for it.
	Chromium []string `json:"chromium"`
}

// listPushes is GET /api/pushes?after=SEQ&wait=SECONDS: the pushes that are new
// or changed since SEQ. With wait it answers at the first change, or empty when
// the time is over. next is the SEQ for the next call.
func (e *Emulator) listPushes(w http.ResponseWriter, r *http.Request) {
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
		list, next, changed := e.log.since(after), e.log.lastSeq, e.log.changed
		timer := time.NewTimer(e.nextExpiry(maxWait))
		e.mu.Unlock()
		if len(list) > 0 || over {
			timer.Stop()
			answer(w, map[string]any{"data": list, "next": next})
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

// queryNumber reads a number of the query; 0 if it is not there.
func queryNumber(w http.ResponseWriter, r *http.Request, name string) (int, bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		problem(w, http.StatusBadRequest, "invalid-query", name+" must be a number, 0 or more.")
		return 0, false
	}
	return n, true
}

func (e *Emulator) listSubscriptions(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	e.expire()
	list := make([]Subscription, 0, len(e.byToken))
	for _, s := range e.byToken {
		list = append(list, s.describe())
	}
	e.mu.Unlock()
	slices.SortFunc(list, func(a, b Subscription) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	answer(w, map[string]any{"data": list, "next": nil})
}

// describe is s for the control API. The lock is held.
func (s *subscription) describe() Subscription {
	d := Subscription{
		ID: s.id, Endpoint: s.endpoint, ChannelID: s.channelID, CreatedAt: s.createdAt, State: "active",
		ApplicationServerKey: base64.RawURLEncoding.EncodeToString(s.key), Connected: s.browser.conn != nil,
		Browser: "firefox",
	}
	if s.browser.device != nil {
		d.Browser = "chromium"
	}
	if s.end != nil {
		d.State, d.EndReason, d.EndCode = "ended", s.end.reason, s.end.code
	}
	for _, p := range s.browser.queue {
		if p.subscription == s {
			d.Waiting++
		}
	}
	return d
}

// deleteSubscription ends a subscription as the push service may: senders get
// 410, and the browser hears nothing.
func (e *Emulator) deleteSubscription(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	found := false
	for _, s := range e.byToken {
		if s.id == mux.Vars(r)["id"] {
			found = true
			if s.end == nil {
				e.endSubscription(s, end{reason: "deleted", rule: ruleSubscriptionEnded})
			}
			break
		}
	}
	e.mu.Unlock()
	if !found {
		problem(w, http.StatusNotFound, "not-found", "There is no subscription with this id; GET /api/subscriptions lists them.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *Emulator) browserState(w http.ResponseWriter, r *http.Request) {
	state := BrowserState{Websocket: websocketURL(e.originOf(r)), Chromium: e.ChromiumFlags(e.originOf(r))}
	e.mu.Lock()
	state.Online = e.online
	for _, b := range e.browsers {
		if b.conn != nil {
			state.Connected++
		}
	}
	e.mu.Unlock()
	answer(w, state)
}

// setBrowserState is POST /api/browser: {"online": false} cuts the browsers and
// refuses them until {"online": true}; {"forget": true} ends all subscriptions
// and gives every Firefox a new uaid when it comes back.
func (e *Emulator) setBrowserState(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Online *bool `json:"online"`
		Forget bool  `json:"forget"`
	}
	if !decode(w, r, &body) {
		return
	}
	e.mu.Lock()
	if body.Online != nil && *body.Online != e.online {
		e.online = *body.Online
		if e.online {
			close(e.cameBack)
			e.cameBack = make(chan struct{})
		}
	}
	if !e.online {
		e.cutBrowsers("the browser was told to be offline")
	}
	if body.Forget {
		e.forgetBrowsers()
	}
	e.expire()
	e.mu.Unlock()
	e.browserState(w, r)
}

// setFaults is POST /api/faults, for example {"status": 503, "retryAfter": 2,
// "count": 3}: the next 3 pushes are answered so. A count of 0 ends it.
func (e *Emulator) setFaults(w http.ResponseWriter, r *http.Request) {
	body := struct {
		Status     int  `json:"status"`
		RetryAfter int  `json:"retryAfter"`
		Count      *int `json:"count"`
	}{Status: http.StatusServiceUnavailable}
	if !decode(w, r, &body) {
		return
	}
	count := 1
	if body.Count != nil {
		count = *body.Count
	}
	if body.Status < 400 || body.Status > 599 || body.RetryAfter < 0 || count < 0 {
		problem(w, http.StatusBadRequest, "invalid-body", "status must be 400 to 599, retryAfter and count 0 or more.")
		return
	}
	e.mu.Lock()
	e.fault = fault{status: body.Status, retryAfter: body.RetryAfter, count: count}
	e.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		problem(w, http.StatusBadRequest, "invalid-body", fmt.Sprintf("The body is not the JSON expected: %v.", err))
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}

// problem answers with the problem details of RFC 9457.
func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"title": http.StatusText(status), "status": status, "code": code, "detail": detail,
	})
}

package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"
)

const (
	// maxWait is the longest wait of a long poll.
	maxWait = 60 * time.Second
	// maxControlBody is in bytes.
	maxControlBody = 32 << 10
)

// Subscription is what the control API tells of a subscription.
type Subscription struct {
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	// Browser is firefox or chromium, BrowserID the id of its [Browser].
	Browser   string `json:"browser"`
	BrowserID string `json:"browserID"`
	// Site is the origin of the page that subscribed, which only a Chromium tells.
	Site string `json:"site,omitempty"`
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
	// LastPush is when the last push for it came; absent: none has.
	LastPush time.Time `json:"lastPush,omitzero"`
	// HasKeys tells whether the emulator was given the keys that decrypt its pushes.
	HasKeys bool `json:"hasKeys,omitempty"`
	// State is active or ended.
	State string `json:"state"`
	// EndReason is unregistered (the browser), deleted (the control API),
	// forgotten, or replaced (registered with another key).
	EndReason string `json:"endReason,omitempty"`
	// EndCode is Firefox's code: 200 the page, 201 quota, 202 permission;
	// Chromium gives none, 0.
	EndCode int `json:"endCode,omitempty"`
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
	list := e.describeSubscriptions()
	e.mu.Unlock()
	answer(w, map[string]any{"data": list, "next": nil})
}

// describe is s for the control API, but for what waits. The lock is held.
func (s *subscription) describe() Subscription {
	d := Subscription{
		ID: s.id, Endpoint: s.endpoint, ChannelID: s.channelID, CreatedAt: s.createdAt, State: "active",
		ApplicationServerKey: base64.RawURLEncoding.EncodeToString(s.key), Connected: s.browser.conn != nil,
		Browser: s.browser.kind(), BrowserID: s.browser.uaid, Site: s.site(), LastPush: s.lastPush, HasKeys: s.keys != nil,
	}
	if s.end != nil {
		d.State, d.EndReason, d.EndCode = "ended", s.end.reason, s.end.code
	}
	return d
}

// find is the subscription with this id, which is not its token; nil: there is
// none. The lock is held.
func (e *Emulator) find(id string) *subscription {
	for _, s := range e.byToken {
		if s.id == id {
			return s
		}
	}
	return nil
}

func noSubscription(w http.ResponseWriter) {
	problem(w, http.StatusNotFound, "not-found", "There is no subscription with this id; GET /api/subscriptions lists them.")
}

// deleteSubscription ends a subscription as the push service may: senders get
// 410, and the browser hears nothing.
func (e *Emulator) deleteSubscription(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	s := e.find(mux.Vars(r)["id"])
	if s != nil && s.end == nil {
		e.endSubscription(s, end{reason: "deleted", rule: ruleSubscriptionEnded})
	}
	e.mu.Unlock()
	if s == nil {
		noSubscription(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (e *Emulator) browserState(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	state := e.describeBrowsers(e.originOf(r))
	e.mu.Unlock()
	answer(w, state)
}

// setBrowserState is POST /api/browser: {"online": false} cuts the browsers and
// refuses them until {"online": true}; {"cut": true} cuts them once, and they may
// come back; {"forget": true} ends all subscriptions and gives every Firefox a
// new uaid when it comes back.
func (e *Emulator) setBrowserState(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Online *bool `json:"online"`
		Cut    bool  `json:"cut"`
		Forget bool  `json:"forget"`
	}
	if !decode(w, r, &body) {
		return
	}
	e.mu.Lock()
	if body.Online != nil && *body.Online != e.online {
		e.online = *body.Online
		e.log.count()
		if e.online {
			close(e.cameBack)
			e.cameBack = make(chan struct{})
		}
	}
	if !e.online {
		e.cutBrowsers("the browser was told to be offline")
	}
	if body.Cut {
		e.cutBrowsers("the connection was to be cut")
	}
	if body.Forget {
		e.forgetBrowsers()
	}
	e.expire()
	e.mu.Unlock()
	e.browserState(w, r)
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

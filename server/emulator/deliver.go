package emulator

import (
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"time"

	"github.com/gorilla/mux"
)

// defaultOwnTTL is that of the emulator's own pushes, in seconds.
const defaultOwnTTL = 3600

// ownPush is the body of POST /api/deliver.
type ownPush struct {
	// Subscription is PushSubscription.toJSON().
	Subscription json.RawMessage `json:"subscription"`
	// Payload is a text, or any other JSON, which is sent as it stands.
	Payload json.RawMessage `json:"payload"`
	// TTL is in seconds; absent: an hour.
	TTL *int `json:"ttl"`
}

// pushSubscription is what is used of PushSubscription.toJSON().
type pushSubscription struct {
	endpoint string
	p256dh   *ecdh.PublicKey
	auth     []byte
}

func parsePushSubscription(text []byte) (pushSubscription, error) {
	var raw struct {
		Endpoint string `json:"endpoint"`
		Keys     struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(text, &raw); err != nil || raw.Endpoint == "" {
		return pushSubscription{}, errors.New("subscription is not what PushSubscription.toJSON() gives")
	}
	point, err := decodeBase64URL(raw.Keys.P256dh)
	if err != nil {
		return pushSubscription{}, errors.New("keys.p256dh is not base64url")
	}
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return pushSubscription{}, errors.New("keys.p256dh is not an uncompressed P-256 point")
	}
	auth, err := parseAuth(raw.Keys.Auth)
	if err != nil {
		return pushSubscription{}, errors.New("keys." + err.Error())
	}
	return pushSubscription{raw.Endpoint, public, auth}, nil
}

// text is the message; nil: there is none.
func (o ownPush) text() []byte {
	var text string
	if json.Unmarshal(o.Payload, &text) == nil {
		return []byte(text)
	}
	return o.Payload
}

// deliver is POST /api/deliver: a push of the emulator's own. A push service
// needs no VAPID and obeys no fault, since there is no application server; the
// browser cannot tell the difference.
func (e *Emulator) deliver(w http.ResponseWriter, r *http.Request) {
	var body ownPush
	if !decode(w, r, &body) {
		return
	}
	to, err := parsePushSubscription(body.Subscription)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-subscription", "The push cannot be made: "+err.Error()+".")
		return
	}
	ttl := defaultOwnTTL
	if body.TTL != nil {
		ttl = *body.TTL
	}
	if ttl < 0 || ttl > maxTTL {
		problem(w, http.StatusBadRequest, "invalid-body", "ttl must be 0 to 2592000 seconds.")
		return
	}
	text := body.text()
	if len(text) > maxText {
		problem(w, http.StatusRequestEntityTooLarge, ruleTooLarge.ID, ruleTooLarge.Message+" "+ruleTooLarge.Advice)
		return
	}
	var sealed []byte
	if len(text) > 0 {
		if sealed, err = encrypt(to.p256dh, to.auth, text); err != nil {
			problem(w, http.StatusInternalServerError, "not-encrypted", "The push could not be encrypted: "+err.Error()+".")
			return
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	// Only the token is sure: Chromium makes the rest of the endpoint.
	s := e.byToken[path.Base(to.endpoint)]
	switch {
	case s == nil:
		problem(w, http.StatusNotFound, "not-found", ruleEndpointUnknown.Message)
		return
	case s.end != nil:
		problem(w, http.StatusGone, s.end.rule.ID, s.end.rule.Message)
		return
	}
	e.expire()
	p := &push{received: e.now(), subscription: s, body: sealed}
	p.expires = p.received.Add(time.Duration(ttl) * time.Second)
	p.record = Push{Time: p.received, Subscription: s.id, TTL: ttl, Urgency: "normal", Size: len(sealed), Own: true, Text: string(text)}
	s.lastPush = p.received
	e.enqueue(p)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(p.record)
}

// setKeys is PUT /api/subscriptions/{id}/keys: the keys of a browser that a test
// plays, so that the log tells what its pushes say. A real browser keeps its
// private key to itself.
func (e *Emulator) setKeys(w http.ResponseWriter, r *http.Request) {
	var body struct {
		PrivateKey string `json:"privateKey"`
		Auth       string `json:"auth"`
	}
	if !decode(w, r, &body) {
		return
	}
	keys, err := parseBrowserKeys(body.PrivateKey, body.Auth)
	if err != nil {
		problem(w, http.StatusBadRequest, "invalid-keys", "The keys cannot be used: "+err.Error()+".")
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.find(mux.Vars(r)["id"])
	if s == nil {
		noSubscription(w)
		return
	}
	s.keys = keys
	for _, p := range s.browser.queue {
		if p.subscription == s {
			p.decrypt()
			e.log.touch(p)
		}
	}
	e.log.count()
	w.WriteHeader(http.StatusNoContent)
}

package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
)

// A Payload is a message's plaintext, encoded once, with a hole of fixed
// length for what is a delivery's own: its token.
type Payload struct {
	template []byte
	hole     int
}

// hole is what the template holds in place of the token. A payload holds it
// once: within JSON strings of the site's own it is refused.
var hole = strings.Repeat("~", TokenLength)

// newPayload encodes a notification, whose place in the request is field.
func newPayload(field string, n wire.PayloadNotification, appBadge *uint64) (Payload, error) {
	n.Mutable, n.AppBadge = true, appBadge
	n.Data.Pushkit.Token = hole
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(wire.Payload{WebPush: wire.DeclarativeWebPush, Mutable: true, AppBadge: appBadge, Notification: n}); err != nil {
		return Payload{}, invalid(field, "cannot be written as JSON")
	}
	template := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	payload, err := ParsePayload(template)
	if err != nil {
		return Payload{}, invalid(field, "must not hold %d tildes in a row", TokenLength)
	}
	return payload, nil
}

// ParsePayload takes a template that [Payload.Template] returned.
func ParsePayload(template []byte) (Payload, error) {
	if bytes.Count(template, []byte(hole)) != 1 {
		return Payload{}, errors.New("a payload's template has not exactly one hole")
	}
	return Payload{template, bytes.Index(template, []byte(hole))}, nil
}

// Template is the form in which a store keeps the payload.
func (p Payload) Template() []byte { return p.template }

// Size is the plaintext's length in bytes, the same for every delivery.
func (p Payload) Size() int { return len(p.template) }

// Hole is where the template has room for a delivery's token.
func (p Payload) Hole() int { return p.hole }

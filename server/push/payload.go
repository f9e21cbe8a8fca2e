package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A Payload is a message's plaintext, encoded once, with a hole of fixed
// length for what is a delivery's own: its token. Where it has placeholders, it
// also has fields, in the order of their places, for what is the user's.
type Payload struct {
	template []byte
	hole     int
	fields   []Field
}

// hole is what the template holds in place of the token. A payload holds it
// once: within JSON strings of the site's own it is refused.
var hole = strings.Repeat("~", TokenLength)

// newPayload encodes a notification, whose place in the request is field, and whose
// placeholders were masked.
func newPayload(field string, n wire.PayloadNotification, appBadge *uint64, closings []wire.Closing, masked *masking) (Payload, error) {
	n.Mutable, n.AppBadge = true, appBadge
	n.Data.Pushkit = wire.PayloadPushkit{Token: hole, Close: closings}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(wire.Payload{WebPush: wire.DeclarativeWebPush, Mutable: true, AppBadge: appBadge, Notification: n}); err != nil {
		return Payload{}, invalid(field, "cannot be written as JSON")
	}
	template, fields := masked.unmask(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	if len(fields) > wire.MaxPlaceholders {
		return Payload{}, invalid(field, "has %d placeholders where those of navigate are those of each action without one, and may have %d", len(fields), wire.MaxPlaceholders)
	}
	payload, err := ParsePayload(template, fields)
	if err != nil {
		return Payload{}, invalid(field, "must not hold %d tildes in a row", TokenLength)
	}
	return payload, nil
}

// ParsePayload takes what [Payload.Template] and [Payload.Fields] returned.
func ParsePayload(template []byte, fields []Field) (Payload, error) {
	if bytes.Count(template, []byte(hole)) != 1 {
		return Payload{}, errors.New("a payload's template has not exactly one hole")
	}
	at := 0
	for _, f := range fields {
		if f.At < at || f.At > len(template) {
			return Payload{}, errors.New("a payload's fields are not in its template")
		}
		at = f.At
	}
	return Payload{template, bytes.Index(template, []byte(hole)), fields}, nil
}

// Template is the form in which a store keeps the payload.
func (p Payload) Template() []byte { return p.template }

// Fields are what a store keeps beside the template.
func (p Payload) Fields() []Field { return p.fields }

// Size is the plaintext's length in bytes for whoever has no attributes; without
// fields it is the same for every delivery.
func (p Payload) Size() int {
	size := len(p.template)
	for _, f := range p.fields {
		size += len(f.Default)
	}
	return size
}

// Filled is the plaintext for a user, and where in it the token has its place. Where
// there are no fields it is the template, which others share. One that is too long to
// be sent may lack its end.
func (p Payload) Filled(attributes Attributes) (text []byte, hole int) {
	if len(p.fields) == 0 {
		return p.template, p.hole
	}
	text, hole = make([]byte, 0, p.Size()+fillRoom), p.hole
	at := 0
	for _, f := range p.fields {
		text = append(text, p.template[at:f.At]...)
		before := len(text)
		if value := attributes.text(f.Name); value != "" {
			text = appendValue(text, value, f.URL)
		} else {
			text = append(text, f.Default...)
		}
		if at = f.At; at <= p.hole {
			hole += len(text) - before
		}
		if len(text) > webpush.MaxPlaintext {
			return text, hole
		}
	}
	return append(text, p.template[at:]...), hole
}

// fillRoom is for values that are longer than their defaults.
const fillRoom = 128

// Hole is where the template has room for a delivery's token.
func (p Payload) Hole() int { return p.hole }

// title is the notification's for whoever has no attributes; empty where the payload is
// none of ours.
func (p Payload) title() string {
	text, _ := p.Filled(nil)
	var payload struct {
		Notification struct {
			Title string `json:"title"`
		} `json:"notification"`
	}
	_ = json.Unmarshal(text, &payload)
	return payload.Notification.Title
}

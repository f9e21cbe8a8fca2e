package push

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// Closings is the part of a [Store] that keeps which notifications are to be closed
// on a user's devices. A push only to close would be punished by browsers, so they
// wait: for the next push that shows something, on which they ride and with which
// [Queue.Record] forgets them, or for the browser to ask.
type Closings interface {
	// CloseTags has the notifications with these tags closed that were sent until now to
	// a user's subscriptions, of which the ClosedSubscriptions that were seen last count.
	// It says how many those are. Of a subscription the MaxClosings latest are kept.
	CloseTags(ctx context.Context, site SiteID, user string, tags []string) (subscriptions int, err error)
	// TakeClosings returns those that wait for a subscription, the oldest first, and
	// forgets them. Whether there are any, its Closings say.
	TakeClosings(ctx context.Context, site SiteID, subscription ID) ([]Closing, error)
}

const (
	// MaxClosings is how many wait for one subscription at most.
	MaxClosings = wire.MaxClosings - wire.MaxCloseTags
	// ClosedSubscriptions bounds of how many of a user's subscriptions it is kept: one
	// who may sign in can subscribe as often as they like.
	ClosedSubscriptions = 100
	// carrierTTL is the least that is left of the TTL of a message on which they ride,
	// one of a day or more: what is accepted with a shorter one may never arrive.
	carrierTTL = 23 * time.Hour
	// ClosingMemory is how long they wait: as long as a notification of before can
	// still arrive and stand.
	ClosingMemory = 30 * 24 * time.Hour
)

// A Closing has a browser close the notifications with a tag that were sent before a
// time, and no later ones: it may arrive after them.
type Closing struct {
	Tag    string
	Before time.Time
}

// Wire is the form in which a browser gets it.
func (c Closing) Wire() wire.Closing { return wire.Closing{Tag: c.Tag, Before: c.Before.UnixMilli()} }

// ParseTags checks tags of notifications to close, of which there is one at least.
func ParseTags(field string, tags []string) ([]string, error) {
	if len(tags) == 0 || len(tags) > wire.MaxCloseTags {
		return nil, invalid(field, "must have between 1 and %d tags", wire.MaxCloseTags)
	}
	for i, tag := range tags {
		at := field + indexed(i, "")
		if tag == "" {
			return nil, invalid(at, "is empty")
		}
		if err := checkText(at, tag, wire.MaxTagLength); err != nil {
			return nil, err
		}
	}
	return distinct(tags), nil
}

// closingsBefore are what a message says itself: what was sent before it is closed.
func closingsBefore(before time.Time, tags []string) (closings []wire.Closing) {
	for _, tag := range tags {
		closings = append(closings, Closing{tag, before}.Wire())
	}
	return closings
}

// appendClosings adds as many closings as fit to a delivery's plaintext, whose token
// has its place at hole, and says how many those are. The text may be shared, and is
// copied where it changes.
func appendClosings(text []byte, hole int, closings []Closing) (longer []byte, rode int) {
	room := webpush.MaxPlaintext
	if len(text) <= firefoxAndroidLimit {
		room = firefoxAndroidLimit
	}
	// After the token's quotation mark, within the list where the message has one.
	at := hole + TokenLength + len(`"`)
	before, after := []byte(`,"close":[`), []byte(`]`)
	if there := text[at:]; bytes.HasPrefix(there, before) {
		at += len(before)
		before, after = nil, []byte(`,`)
	}
	inserted := before
	for _, c := range closings[:min(len(closings), MaxClosings)] {
		element, err := encodeClosing(c)
		if err != nil || len(text)+len(inserted)+len(element)+len(after) > room {
			break
		}
		if rode > 0 {
			inserted = append(inserted, ',')
		}
		inserted = append(inserted, element...)
		rode++
	}
	if rode == 0 {
		return text, 0
	}
	longer = make([]byte, 0, len(text)+len(inserted)+len(after))
	longer = append(append(longer, text[:at]...), inserted...)
	return append(append(longer, after...), text[at:]...), rode
}

// encodeClosing writes a closing as the rest of a payload is written.
func encodeClosing(c Closing) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(c.Wire())
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Plaintext is what is sent of a delivery, and where in it the token has its place.
// Closings ride on it, but for those of its own tag: what they would close, it replaces,
// and it must not close itself. A message that may well be dropped after it was accepted,
// as ttl is short or another of its topic follows, takes none along, and has none done but
// such as would close it later on. Those that are not done with the delivery are no longer
// its own: they wait for the next.
func (d *Delivery) Plaintext(ttl time.Duration) (text []byte, hole int) {
	text, hole = d.Payload.Filled(d.Attributes)
	if len(d.Closings) == 0 || len(text) > webpush.MaxPlaintext {
		return text, hole
	}
	var others, done []Closing
	own, lasts := tagOf(text), ttl >= carrierTTL && d.Message.Topic == ""
	for _, c := range d.Closings {
		switch {
		case c.Tag != own && lasts:
			others = append(others, c)
		case c.Tag == own && (lasts || d.ID.Message.Time().Before(c.Before)):
			done = append(done, c)
		}
	}
	text, rode := appendClosings(text, hole, others)
	d.Closings = append(done, others[:rode]...)
	return text, hole
}

// tagOf is the tag of a plaintext's notification, whose placeholders are filled; empty
// where it has none.
func tagOf(text []byte) string {
	var payload struct {
		Notification struct {
			Tag string `json:"tag"`
		} `json:"notification"`
	}
	if json.Unmarshal(text, &payload) != nil {
		return ""
	}
	return payload.Notification.Tag
}

// ClosingsDone says whether the delivery's Closings are done with what became of it.
func (r DeliveryResult) ClosingsDone() bool {
	return r.Outcome == DeliveryAccepted && len(r.Delivery.Closings) > 0
}

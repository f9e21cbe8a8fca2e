package push

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/pushkit/pushkit/server/wire"
)

// BatchSize is how many deliveries a batch has at most.
const BatchSize = 1000

// A DeliveryID is one message to one subscription: the ordinal counts the
// members of a batch from 0.
type DeliveryID struct {
	Message ID
	Batch   uint32
	Ordinal uint16
}

// An Outcome is the state of a delivery, stored as one byte.
type Outcome byte

// The outcomes; DeliveryPending is the first state, also between two attempts.
const (
	DeliveryPending Outcome = iota
	DeliveryAccepted
	DeliveryGone
	DeliveryFailed
	DeliveryExpired
	DeliveryCancelled
)

// An EventKind is a set of what a browser told of a delivery, stored as one
// byte.
type EventKind byte

// The kinds of events. A delivery ends as clicked or closed, never both.
const (
	EventDisplayed EventKind = 1 << iota
	EventClicked
	EventClosed
)

// Add returns the set after the browser told of kind: a click wins over a close
// told before or after it, and what was told before changes nothing.
func (k EventKind) Add(kind EventKind) EventKind {
	switch {
	case kind == EventClicked:
		return k&^EventClosed | EventClicked
	case kind == EventClosed && k&EventClicked != 0:
		return k
	}
	return k | kind
}

// An Event is what a browser told of a delivery.
type Event struct {
	Delivery DeliveryID
	Kind     EventKind
	// Action is the button that was clicked; empty: none.
	Action string
}

// A TokenKey makes the tokens with which browsers report on a delivery, and
// which nobody can guess. It is 32 random bytes, one for each site.
type TokenKey [32]byte

const (
	deliveryLength = 16 + 4 + 2
	macLength      = 11
	// TokenLength is how many characters every token has.
	TokenLength = (deliveryLength + macLength) * 4 / 3
)

// Token returns the delivery's token: its id and a MAC (HMAC-SHA256, 88 bits)
// in base64url. A repeated delivery has the same token.
func (k TokenKey) Token(d DeliveryID) string {
	var raw [deliveryLength + macLength]byte
	copy(raw[:16], d.Message[:])
	binary.BigEndian.PutUint32(raw[16:], d.Batch)
	binary.BigEndian.PutUint16(raw[20:], d.Ordinal)
	copy(raw[deliveryLength:], k.mac(raw[:deliveryLength]))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// ParseToken returns the delivery of a token. wellFormed is false for a text
// that no server makes, ok for a token that this key did not make.
func (k TokenKey) ParseToken(token string) (d DeliveryID, wellFormed, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != deliveryLength+macLength {
		return DeliveryID{}, false, false
	}
	if !hmac.Equal(k.mac(raw[:deliveryLength]), raw[deliveryLength:]) {
		return DeliveryID{}, true, false
	}
	return DeliveryID{
		Message: ID(raw[:16]),
		Batch:   binary.BigEndian.Uint32(raw[16:]),
		Ordinal: binary.BigEndian.Uint16(raw[20:]),
	}, true, true
}

func (k TokenKey) mac(data []byte) []byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write(data)
	return mac.Sum(nil)[:macLength]
}

// ParseEvents checks what a browser reports. Tokens of another server are
// passed over: a browser that moved from one to another would otherwise repeat
// them for ever.
func (k TokenKey) ParseEvents(reports []wire.EventReport) ([]Event, error) {
	if len(reports) > wire.MaxEvents {
		return nil, invalid("", "has %d events, at most %d are allowed", len(reports), wire.MaxEvents)
	}
	var events []Event
	for i, report := range reports {
		delivery, wellFormed, ok := k.ParseToken(report.Token)
		if !wellFormed {
			return nil, invalid(indexed(i, "token"), "is not a delivery's token")
		}
		var kind EventKind
		switch report.Type {
		case wire.EventDisplayed:
			kind = EventDisplayed
		case wire.EventClicked:
			kind = EventClicked
		case wire.EventClosed:
			kind = EventClosed
		default:
			return nil, invalid(indexed(i, "type"), "is not displayed, clicked or closed")
		}
		if ok {
			events = append(events, Event{delivery, kind, clickedAction(report)})
		}
	}
	return events, nil
}

// clickedAction is the button that was clicked. One of a name that no message has room
// for is none.
func clickedAction(report wire.EventReport) string {
	if report.Type != wire.EventClicked || len(report.Action) > wire.MaxEncrypted {
		return ""
	}
	return report.Action
}

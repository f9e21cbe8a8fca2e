package push

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// A DeliveryStatus says why a delivery was not accepted, or not yet.
type DeliveryStatus struct {
	// Subscription is zero where it is not known: whoever had unsubscribed before the
	// message was sent.
	Subscription ID
	// Service is the push service's name; see [webpush.Services.Check].
	Service string
	Outcome Outcome
	// Status and Reason are as in [DeliveryResult].
	Status int
	Reason string
	// RetryAt is when it is tried again; it goes with DeliveryPending.
	RetryAt time.Time
}

// states are the outcomes that have reasons, by the names that they have outside.
var states = map[string]Outcome{
	wire.DeliveryFailed: DeliveryFailed, wire.DeliveryGone: DeliveryGone, wire.DeliveryExpired: DeliveryExpired, wire.DeliveryPending: DeliveryPending,
}

// ParseDeliveryState reads the name of a state of which deliveries are listed; an
// empty text is failed.
func ParseDeliveryState(text string) (Outcome, error) {
	if text == "" {
		return DeliveryFailed, nil
	}
	state, ok := states[text]
	if !ok {
		return 0, invalid("state", "is not failed, gone, expired or pending")
	}
	return state, nil
}

// State is the name of an outcome that has reasons.
func (o Outcome) State() string {
	for name, outcome := range states {
		if outcome == o {
			return name
		}
	}
	return ""
}

// Of is how many deliveries of an outcome that has reasons are counted.
func (o Outcome) Of(c Counts) int64 {
	switch o {
	case DeliveryGone:
		return c.Gone
	case DeliveryExpired:
		return c.Expired
	case DeliveryPending:
		return c.Pending
	}
	return c.Failed
}

// A ReasonGroup is what the reasons that a store keeps are counted by.
type ReasonGroup struct {
	Message ID
	Outcome Outcome
}

// ReasonGroup is that of the result; ok is false where its reason is not counted: it
// is to be tried again, or there is none.
func (r DeliveryResult) ReasonGroup() (group ReasonGroup, ok bool) {
	return ReasonGroup{r.Delivery.ID.Message, r.Outcome}, r.HasException() && r.Outcome != DeliveryPending
}

// Reasons are how many are kept, by group: a broadcast that fails for a million does
// not write a million.
type Reasons map[ReasonGroup]int

// Keep says whether a store keeps an exception for the result, and counts it.
func (k Reasons) Keep(r DeliveryResult) bool {
	group, counted := r.ReasonGroup()
	if !counted {
		return r.HasException()
	}
	if k[group] >= wire.MaxReasons {
		return false
	}
	k[group]++
	return true
}

// A DeliveryCursor is the place of a delivery in the list of a message's.
type DeliveryCursor struct {
	// Batch is -1 before the first.
	Batch   int64
	Ordinal uint16
}

func (c DeliveryCursor) String() string {
	raw := binary.BigEndian.AppendUint32(nil, uint32(c.Batch))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint16(raw, c.Ordinal))
}

// ParseDeliveryCursor reads a cursor; an empty text is the list's start.
func ParseDeliveryCursor(text string) (DeliveryCursor, error) {
	if text == "" {
		return DeliveryCursor{Batch: -1}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 6 {
		return DeliveryCursor{}, errCursor()
	}
	return DeliveryCursor{int64(binary.BigEndian.Uint32(raw)), binary.BigEndian.Uint16(raw[4:])}, nil
}

package push

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// NewWebhookEvent makes an event of now, with its data as JSON has it: what is old is
// found by the time in its id.
func NewWebhookEvent(kind WebhookTypes, at time.Time, data any) (WebhookEvent, error) {
	body, err := json.Marshal(wire.WebhookPayload{Type: kind.String(), Timestamp: at.UTC().Format(webhookTime), Data: data})
	if err != nil {
		return WebhookEvent{}, fmt.Errorf("an event of the type %s: %w", kind, err)
	}
	return WebhookEvent{ID: NewID(), Type: kind, HappenedAt: at, Body: body}, nil
}

// webhookTime is RFC 3339 with milliseconds.
const webhookTime = "2006-01-02T15:04:05.000Z07:00"

// GoneEvent is the data of [TypeSubscriptionGone].
func (s *Subscription) GoneEvent(reason EndReason) wire.SubscriptionGone {
	gone := wire.SubscriptionGone{ID: s.ID.String(), User: s.User, PushService: s.Service, Reason: string(reason)}
	if reason == EndRemoved {
		// It may be gone since all that is known of the user was to be forgotten.
		gone.User = ""
	}
	return gone
}

// ClickEvents are the data of [TypeNotificationClicked]: of events of this batch those
// clicks that s has not. who is asked who has clicked, where there are any: user and
// subscription may be empty.
func (s EventSets) ClickEvents(events []Event, who func() (user, subscription string, err error)) (clicks []any, err error) {
	var user, subscription string
	seen := make(map[uint16]bool)
	for _, e := range events {
		ordinal := e.Delivery.Ordinal
		if e.Kind != EventClicked || int(ordinal) >= len(s) || seen[ordinal] || EventKind(s[ordinal])&EventClicked != 0 {
			continue
		}
		if len(seen) == 0 {
			if user, subscription, err = who(); err != nil {
				return nil, err
			}
		}
		seen[ordinal] = true
		clicks = append(clicks, wire.NotificationClicked{Message: e.Delivery.Message.String(), Action: e.Action, User: user, Subscription: subscription})
	}
	return clicks, nil
}

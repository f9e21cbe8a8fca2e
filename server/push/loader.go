package push

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
)

// A Loader makes the deliveries of one message to the subscriptions of one push
// service, for a store that hands them out.
type Loader struct {
	Site    SiteID
	Tokens  TokenKey
	Message *Message
	Service string
	// TTLFrom is that of the deliveries that are added next.
	TTLFrom time.Time

	Deliveries []Delivery
	// Attributes are those of the recipients' users, for a message that has placeholders.
	Attributes map[string]Attributes
	// payloads are those that were chosen, by locale.
	payloads map[string]*Payload
	// Left are the outcomes of members who have unsubscribed, and of all where the
	// message was cancelled. The store records them before it hands out the others.
	Left []DeliveryResult
}

// A Recipient is what a delivery needs of a subscription.
type Recipient struct {
	ID ID
	webpush.Subscription
	Key      KeyID
	TimeZone string
	Locale   string
	// User is whose the subscription is; empty: nobody's who is known.
	User string
	// Closings wait for the subscription.
	Closings []Closing
}

// Add adds a delivery, unless the message was cancelled; to is nil where the member has unsubscribed.
func (l *Loader) Add(batch uint32, ordinal uint16, fence int64, attempt int, to *Recipient) {
	d := Delivery{
		ID:   DeliveryID{l.Message.ID, batch, ordinal},
		Site: l.Site, Message: l.Message, Attempt: attempt, Service: l.Service, Fence: fence, TTLFrom: l.TTLFrom,
	}
	d.Token = l.Tokens.Token(d.ID)
	if l.Message.Cancelled {
		l.Left = append(l.Left, DeliveryResult{Delivery: d, Outcome: DeliveryCancelled})
		return
	}
	if to == nil {
		l.Left = append(l.Left, DeliveryResult{Delivery: d, Outcome: DeliveryGone, Reason: ReasonUnsubscribed})
		return
	}
	d.Subscription, d.SubscriberID, d.Key, d.TimeZone = to.Subscription, to.ID, to.Key, to.TimeZone
	d.Payload, d.Attributes, d.Closings = l.payloadFor(to.Locale), l.Attributes[to.User], to.Closings
	l.Deliveries = append(l.Deliveries, d)
}

// Users are those of recipients whose attributes the message needs.
func (l *Loader) Users(recipients map[ID]*Recipient) (users []string) {
	if !l.Message.hasPlaceholders() {
		return nil
	}
	named := make(map[string]bool)
	for _, to := range recipients {
		if to.User != "" && !named[to.User] {
			named[to.User] = true
			users = append(users, to.User)
		}
	}
	return users
}

// AddAttributes adds those of a user, in the form in which a store keeps them.
func (l *Loader) AddAttributes(user, encoded string) (err error) {
	if l.Attributes == nil {
		l.Attributes = make(map[string]Attributes)
	}
	l.Attributes[user], err = DecodeAttributes(encoded)
	return err
}

// payloadFor looks a locale up once.
func (l *Loader) payloadFor(locale string) *Payload {
	if len(l.Message.Localized) == 0 {
		return &l.Message.Payload
	}
	payload, known := l.payloads[locale]
	if !known {
		payload = l.Message.PayloadFor(locale)
		if l.payloads == nil {
			l.payloads = make(map[string]*Payload)
		}
		l.payloads[locale] = payload
	}
	return payload
}

// Restore reads a message's audience, schedule and payloads from the forms in which
// a store keeps them: JSON, and what [Payload.Template] and [Message.Content] returned.
func (m *Message) Restore(audience, schedule, template []byte, content string) error {
	err := json.Unmarshal(audience, &m.Audience)
	if err == nil {
		err = json.Unmarshal(schedule, &m.Schedule)
	}
	if err == nil {
		err = m.restorePayloads(template, content)
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	return nil
}

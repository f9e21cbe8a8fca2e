package push

import (
	"strings"

	"github.com/pushkit/pushkit/server/webpush"
)

// Reasons of our own why a delivery is not made, or not yet.
const (
	ReasonTTLEnded     = "the TTL ended before it could be sent"
	ReasonQuietHours   = "the recipient's quiet hours had begun before it could be sent"
	ReasonHalted       = "the push service is halted: it refuses this server"
	ReasonUnsubscribed = "unsubscribed before the message was sent"
	ReasonTooLarge     = "too long with the user's attributes"
	// ReasonNoKey has the cause behind it.
	ReasonNoKey = "the VAPID key cannot be read"
)

// A Verdict says in plain words what a delivery's reason means, and what to do.
type Verdict struct{ Meaning, Advice string }

var ownVerdicts = map[string]Verdict{
	ReasonTTLEnded: {
		"The message was to be sent within its TTL, and could not be: this server was down, or busy, for so long.",
		"Give the message a longer ttl if it is worth being late."},
	ReasonQuietHours: {
		"The recipient is not to be disturbed now.",
		"It is sent by itself when the quiet hours end. What a person waits for is sent with ignoreQuietHours."},
	ReasonHalted: {
		"The push service has refused this server many times in a row, and is left alone until that is mended.",
		"Look at what it says of the deliveries that failed, and mend that. It is tried again every minute."},
	ReasonUnsubscribed: {
		"The person had unsubscribed, or another subscription had taken this one's place, before the message was sent.",
		"Nothing: there is nobody to send to."},
	ReasonTooLarge: {
		"With what this user's attributes say in the place of its placeholders, the message is larger than push services take.",
		"Shorten the message, or the attributes (PUT /v1/users/{id}), and send it to this user once more."},
	ReasonNoKey: {
		"This server could not read the key with which the subscription was made.",
		"It is tried again by itself. Look whether the database answers."},
}

// Verdict explains the delivery's status and reason.
func (d DeliveryStatus) Verdict() Verdict {
	for reason, own := range ownVerdicts {
		if d.Status == 0 && strings.HasPrefix(d.Reason, reason) {
			return own
		}
	}
	result := webpush.Result{Outcome: webpush.Unavailable, Status: d.Status, Reason: d.Reason}
	if d.Outcome == DeliveryFailed {
		result.Outcome = webpush.Refused
	}
	result = result.Explained(d.Service)
	switch d.Outcome {
	case DeliveryGone:
		// The push service's word has been followed already.
		result.Advice = "Nothing: the subscription was deleted. The browser makes a new one when the person comes back to the site and still wants messages."
	case DeliveryExpired:
		result.Meaning = "The TTL ended before the push service took the message. Of its last answer: " + result.Meaning
		result.Advice = "Give the message a longer ttl if it is worth being late. " + result.Advice
	}
	return Verdict{result.Meaning, result.Advice}
}

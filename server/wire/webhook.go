package wire

// Types of events that a webhook may want.
const (
	// WebhookMessageSent: nothing of a message is pending any more; the data is a
	// [MessageResponse].
	WebhookMessageSent = "message.sent"
	// WebhookSubscriptionCreated: the data is a [SubscriptionInfo].
	WebhookSubscriptionCreated = "subscription.created"
	// WebhookSubscriptionGone: the data is a [SubscriptionGone].
	WebhookSubscriptionGone = "subscription.gone"
	// WebhookNotificationClicked: the data is a [NotificationClicked].
	WebhookNotificationClicked = "notification.clicked"
	// WebhookTest is sent where an operator asks for it, whatever the webhook wants.
	WebhookTest = "webhook.test"
)

// MaxWebhookURL is the longest URL of a webhook, in bytes.
const MaxWebhookURL = 2048

// WebhookRequest is the body of POST /v1/webhooks.
type WebhookRequest struct {
	// URL is https, or of a host that the operator has listed.
	URL string `json:"url"`
	// Types are those of the events that it is told of.
	Types []string `json:"types"`
}

// WebhookInfo is an element of GET /v1/webhooks. The times are in RFC 3339.
type WebhookInfo struct {
	ID    string   `json:"id"`
	URL   string   `json:"url"`
	Types []string `json:"types"`
	// Secret is there where it was made now: whsec_ and base64 (Standard Webhooks).
	Secret    string `json:"secret,omitempty"`
	CreatedAt string `json:"createdAt"`
	// FormerSecretUntil is until when the secret of before signs as well.
	FormerSecretUntil string `json:"formerSecretUntil,omitempty"`
	// LastSuccessAt and LastFailureAt are when an attempt last did, LastFailure is what
	// that failure was: the receiver's status and words, or the network's.
	LastSuccessAt string `json:"lastSuccessAt,omitempty"`
	LastFailureAt string `json:"lastFailureAt,omitempty"`
	LastFailure   string `json:"lastFailure,omitempty"`
	// FailingSince is when the first attempt failed after the last that succeeded.
	FailingSince string `json:"failingSince,omitempty"`
	// DisabledAt is when it was disabled, since it answered 410 or failed for long.
	DisabledAt string `json:"disabledAt,omitempty"`
	// Waiting events are to be sent, GivenUp ones were tried for long, Dropped ones
	// were too many.
	Waiting int64 `json:"waiting"`
	GivenUp int64 `json:"givenUp"`
	Dropped int64 `json:"dropped"`
}

// WebhookList answers GET /v1/webhooks. It has no further page.
type WebhookList struct {
	Data []WebhookInfo `json:"data"`
	Next *string       `json:"next"`
}

// WebhookFailure is an element of GET /v1/webhooks/{id}/failures: an event that was
// given up.
type WebhookFailure struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// HappenedAt is in RFC 3339.
	HappenedAt string `json:"happenedAt"`
	Attempts   int    `json:"attempts"`
	// Status is the receiver's at the last attempt, 0 where it gave none, Reason its
	// words or the network's.
	Status int    `json:"status"`
	Reason string `json:"reason"`
	// Payload is the [WebhookPayload] that was not taken.
	Payload any `json:"payload"`
}

// WebhookFailureList answers GET /v1/webhooks/{id}/failures.
type WebhookFailureList struct {
	Data []WebhookFailure `json:"data"`
	Next *string          `json:"next"`
}

// WebhookPayload is what a webhook is sent.
type WebhookPayload struct {
	Type string `json:"type"`
	// Timestamp is when it happened, in RFC 3339.
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

// SubscriptionGone is the data of subscription.gone.
type SubscriptionGone struct {
	ID          string `json:"id"`
	User        string `json:"user,omitempty"`
	PushService string `json:"pushService"`
	// Reason is gone, unsubscribed, retired or removed; see [Loss].
	Reason string `json:"reason"`
}

// NotificationClicked is the data of notification.clicked.
type NotificationClicked struct {
	// Message is the message's id.
	Message string `json:"message"`
	// Action is the button's name; empty: the notification itself was clicked.
	Action string `json:"action,omitempty"`
	// User and Subscription are those of a message for one alone: of others nobody
	// remembers which recipient is which.
	User         string `json:"user,omitempty"`
	Subscription string `json:"subscription,omitempty"`
}

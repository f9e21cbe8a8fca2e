package wire

// MessageRequest is the body of POST /v1/messages.
type MessageRequest struct {
	Notification Notification `json:"notification"`
	// Localized are what the notification says in other languages, by language tag
	// (BCP 47). A recipient gets what their subscription's locale looks up (RFC 4647
	// section 3.4), else Notification as it stands.
	Localized map[string]LocalizedNotification `json:"localized,omitempty"`
	Audience  Audience                         `json:"audience"`
	// Close are tags: their notifications of messages that were posted before are closed
	// once this one is shown.
	Close []string `json:"close,omitempty"`
	// AppBadge is the number on the app's icon; 0 clears it.
	AppBadge *uint64 `json:"appBadge,omitempty"`
	// TTL is in seconds from the time the message is due; nil means
	// DefaultTTL, 0 now or never.
	TTL *int64 `json:"ttl,omitempty"`
	// Urgency is very-low, low, normal or high (RFC 8030 section 5.3).
	Urgency string `json:"urgency,omitempty"`
	Topic   string `json:"topic,omitempty"`
	// SendAt is when the message is due: a text (RFC 3339), or a [LocalTime]; nil:
	// now.
	SendAt any `json:"sendAt,omitempty"`
	// Spread is over how many seconds a broadcast, to all or to channels, is
	// stretched evenly.
	Spread int64 `json:"spread,omitempty"`
	// IgnoreQuietHours is for what a person waits for, such as a code to sign in.
	IgnoreQuietHours bool `json:"ignoreQuietHours,omitempty"`
	// DryRun asks for a [DryRunResponse]: nothing is kept or sent.
	DryRun bool `json:"dryRun,omitempty"`
}

// A LocalTime is a time by the clock of each recipient.
type LocalTime struct {
	// Local is without a zone, such as 2026-12-01T09:00; seconds may follow. One
	// that a time zone skips is as late as if it did not; of one that it has twice
	// it is the first (RFC 5545 section 3.3.5).
	Local string `json:"local"`
}

// Notification is what the person sees. Its URLs may be relative to the site's
// first origin.
type Notification struct {
	Title              string               `json:"title"`
	Body               string               `json:"body,omitempty"`
	Navigate           string               `json:"navigate,omitempty"`
	Icon               string               `json:"icon,omitempty"`
	Image              string               `json:"image,omitempty"`
	Badge              string               `json:"badge,omitempty"`
	Tag                string               `json:"tag,omitempty"`
	Lang               string               `json:"lang,omitempty"`
	Dir                string               `json:"dir,omitempty"`
	Actions            []NotificationAction `json:"actions,omitempty"`
	RequireInteraction bool                 `json:"requireInteraction,omitempty"`
	Renotify           bool                 `json:"renotify,omitempty"`
	Silent             bool                 `json:"silent,omitempty"`
	// Data is the site's own, of any JSON type.
	Data any `json:"data,omitempty"`
}

// LocalizedNotification has members in the place of the [Notification]'s; those that
// are missing or empty are as there. Its lang is the language tag.
type LocalizedNotification struct {
	Title    string               `json:"title,omitempty"`
	Body     string               `json:"body,omitempty"`
	Navigate string               `json:"navigate,omitempty"`
	Icon     string               `json:"icon,omitempty"`
	Image    string               `json:"image,omitempty"`
	Badge    string               `json:"badge,omitempty"`
	Dir      string               `json:"dir,omitempty"`
	Actions  []NotificationAction `json:"actions,omitempty"`
	Data     any                  `json:"data,omitempty"`
}

// NotificationAction is one button; without Navigate it leads where the
// notification does.
type NotificationAction struct {
	Action   string `json:"action"`
	Title    string `json:"title"`
	Icon     string `json:"icon,omitempty"`
	Navigate string `json:"navigate,omitempty"`
}

// Audience says whom a message is for: one of its members is set, beside which
// NoChannels may stand unless people are named.
type Audience struct {
	All bool `json:"all,omitempty"`
	// Channels: subscriptions with any of these.
	Channels []string `json:"channels,omitempty"`
	// AllChannels: subscriptions with each of these.
	AllChannels []string `json:"allChannels,omitempty"`
	// NoChannels leaves out the subscriptions with any of these.
	NoChannels []string `json:"noChannels,omitempty"`
	// Users are the site's own ids, Subscriptions ours.
	Users         []string `json:"users,omitempty"`
	Subscriptions []string `json:"subscriptions,omitempty"`
}

// CloseRequest is the body of POST /v1/users/{id}/close.
type CloseRequest struct {
	Tags []string `json:"tags"`
}

// CloseResponse answers it.
type CloseResponse struct {
	// Subscriptions is how many of the user's subscriptions close them.
	Subscriptions int `json:"subscriptions"`
}

// States of a message.
const (
	MessageScheduled = "scheduled"
	MessageSending   = "sending"
	// MessageSent: nothing is pending.
	MessageSent      = "sent"
	MessageCancelled = "cancelled"
)

// MessageResponse answers POST /v1/messages and GET /v1/messages/{id}.
type MessageResponse struct {
	ID    string `json:"id"`
	State string `json:"state"`
	// CreatedAt and DueAt are in RFC 3339.
	CreatedAt string `json:"createdAt"`
	DueAt     string `json:"dueAt"`
	// Local is the time of a [LocalTime], with seconds: DueAt is when the first time
	// zone may have it. Spread is the request's.
	Local  string `json:"local,omitempty"`
	Spread int64  `json:"spread,omitempty"`
	// Title is the notification's, with the defaults of its placeholders.
	Title    string        `json:"title"`
	Audience AudienceInfo  `json:"audience"`
	Counts   MessageCounts `json:"counts"`
	// TargetedFinal is false while the audience is still being read.
	TargetedFinal bool `json:"targetedFinal"`
	// Warnings name what some browser will not honour.
	Warnings []string `json:"warnings,omitempty"`
}

// AudienceInfo is an [Audience] as it is shown: of people who are named only how many.
type AudienceInfo struct {
	All           bool     `json:"all,omitempty"`
	Channels      []string `json:"channels,omitempty"`
	AllChannels   []string `json:"allChannels,omitempty"`
	NoChannels    []string `json:"noChannels,omitempty"`
	Users         int      `json:"users,omitempty"`
	Subscriptions int      `json:"subscriptions,omitempty"`
}

// DryRunResponse answers POST /v1/messages with dryRun.
type DryRunResponse struct {
	// Targeted is how many subscriptions the audience has now.
	Targeted int64    `json:"targeted"`
	Warnings []string `json:"warnings,omitempty"`
}

// MessageLine answers a line of POST /v1/messages of application/x-ndjson: with ID and
// State where a message was accepted, with Targeted where it is a dry run, else with
// Problem.
type MessageLine struct {
	// Line is its number, from 1.
	Line     int64    `json:"line"`
	ID       string   `json:"id,omitempty"`
	State    string   `json:"state,omitempty"`
	Targeted *int64   `json:"targeted,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Problem  *Problem `json:"problem,omitempty"`
}

// MessageCounts say what became of a message's deliveries: Targeted is the sum
// of Accepted, Gone, Failed, Expired, Cancelled and Pending at all times.
type MessageCounts struct {
	Targeted  int64 `json:"targeted"`
	Accepted  int64 `json:"accepted"`
	Gone      int64 `json:"gone"`
	Failed    int64 `json:"failed"`
	Expired   int64 `json:"expired"`
	Cancelled int64 `json:"cancelled"`
	Pending   int64 `json:"pending"`
	Displayed int64 `json:"displayed"`
	Clicked   int64 `json:"clicked"`
	Closed    int64 `json:"closed"`
}

// States of a delivery that was not accepted.
const (
	DeliveryAccepted = "accepted" // of test messages alone
	DeliveryFailed   = "failed"
	DeliveryGone     = "gone"
	DeliveryExpired  = "expired"
	// DeliveryPending: it waits for a further attempt.
	DeliveryPending = "pending"
)

// DeliveryInfo is an element of GET /v1/messages/{id}/deliveries.
type DeliveryInfo struct {
	// Subscription is empty for whoever had unsubscribed before.
	Subscription string `json:"subscription,omitempty"`
	PushService  string `json:"pushService"`
	State        string `json:"state"`
	// Status is the push service's, 0 where it gave none.
	Status int `json:"status"`
	// Reason is the push service's own, or the network's, or ours; Meaning and Advice
	// are for a person: what it means, and what to do.
	Reason  string `json:"reason"`
	Meaning string `json:"meaning"`
	Advice  string `json:"advice"`
	// NextAttemptAt is in RFC 3339, for one that is pending.
	NextAttemptAt string `json:"nextAttemptAt,omitempty"`
}

// DeliveryList answers GET /v1/messages/{id}/deliveries.
type DeliveryList struct {
	Data []DeliveryInfo `json:"data"`
	Next *string        `json:"next"`
	// Total is how many deliveries of the message are in this state.
	Total int64 `json:"total"`
	// Bounded says that there are more than those whose reasons are kept, about
	// MaxReasons.
	Bounded bool `json:"bounded"`
}

// SubscriptionInfo is an element of GET /v1/subscriptions. It does not hold
// the endpoint, which is a secret of the subscriber.
type SubscriptionInfo struct {
	ID          string   `json:"id"`
	Channels    []string `json:"channels"`
	User        string   `json:"user,omitempty"`
	PushService string   `json:"pushService"`
	Locale      string   `json:"locale,omitempty"`
	TimeZone    string   `json:"timeZone,omitempty"`
	State       string   `json:"state"`
	CreatedAt   string   `json:"createdAt"`
	LastSeenAt  string   `json:"lastSeenAt"`
	// FailingSince is when the first delivery failed after the last one that was
	// accepted; empty for one that does well.
	FailingSince string `json:"failingSince,omitempty"`
	// Failure is the push service's status and reason of the last failure.
	Failure string `json:"failure,omitempty"`
}

// SubscriptionList answers GET /v1/subscriptions.
type SubscriptionList struct {
	Data []SubscriptionInfo `json:"data"`
	// Next is the cursor of the next page, nil on the last.
	Next *string `json:"next"`
}

// UserRequest is the body of PUT /v1/users/{id}.
type UserRequest struct {
	// Attributes are what placeholders of notifications say of the user: strings,
	// numbers and booleans. They replace all of before.
	Attributes map[string]any `json:"attributes"`
}

// UserResponse answers GET /v1/users/{id}.
type UserResponse struct {
	ID            string              `json:"id"`
	Attributes    map[string]any      `json:"attributes"`
	Subscriptions []SubscriptionInfo  `json:"subscriptions"`
	Ended         []EndedSubscription `json:"ended"`
}

// EndedSubscription is what is remembered of a subscription that has ended.
type EndedSubscription struct {
	ID       string   `json:"id"`
	Channels []string `json:"channels"`
	// Reason is gone, refused, unsubscribed, retired or replaced.
	Reason  string `json:"reason"`
	EndedAt string `json:"endedAt"`
}

// LossList answers GET /v1/subscriptions/losses. It has no further page.
type LossList struct {
	Data []Loss  `json:"data"`
	Next *string `json:"next"`
}

// Loss is how many subscriptions ended on a day, in UTC, for a reason: gone,
// refused, unsubscribed, retired or removed.
type Loss struct {
	Day    string `json:"day"`
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// MessageList answers GET /v1/messages, newest first.
type MessageList struct {
	Data []MessageResponse `json:"data"`
	Next *string           `json:"next"`
}

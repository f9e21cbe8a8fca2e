package wire

// Config answers GET /v1/config.
type Config struct {
	// ApplicationServerKey is the site's current VAPID public key: 65 bytes,
	// an uncompressed P-256 point, in unpadded base64url (RFC 8292 section 3.2).
	ApplicationServerKey string `json:"applicationServerKey"`
}

// Keys are the subscription's keys in base64url, as PushSubscription.toJSON()
// gives them (Push API, PushSubscriptionJSON).
type Keys struct {
	P256dh string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// SubscribeRequest is the body of POST /v1/subscriptions:
// PushSubscription.toJSON() and what pushkit adds to it.
type SubscribeRequest struct {
	Endpoint       string   `json:"endpoint"`
	ExpirationTime *float64 `json:"expirationTime,omitempty"`
	Keys           Keys     `json:"keys"`
	// ApplicationServerKey is the key that the subscription was made with;
	// empty: the site's current one.
	ApplicationServerKey string `json:"applicationServerKey,omitempty"`
	// Channels replaces the subscription's channels; nil leaves them.
	Channels       *[]string `json:"channels,omitempty"`
	AddChannels    []string  `json:"addChannels,omitempty"`
	RemoveChannels []string  `json:"removeChannels,omitempty"`
	Locale         string    `json:"locale,omitempty"`
	TimeZone       string    `json:"timeZone,omitempty"`
	// UserToken is a JWT by the site's back end that says whose this is.
	UserToken string `json:"userToken,omitempty"`
	// Replaces is the endpoint that this one follows.
	Replaces string `json:"replaces,omitempty"`
}

// SubscribeResponse answers POST /v1/subscriptions.
type SubscribeResponse struct {
	ID       string   `json:"id"`
	Channels []string `json:"channels"`
}

// CheckRequest is the body of POST /v1/subscriptions/check: does the server
// have this subscription, as it is?
type CheckRequest struct {
	Endpoint             string    `json:"endpoint"`
	ApplicationServerKey string    `json:"applicationServerKey"`
	Channels             *[]string `json:"channels,omitempty"`
}

// CheckResponse answers POST /v1/subscriptions/check where closings wait for the
// subscription.
type CheckResponse struct {
	Closings int64 `json:"closings"`
}

// ClosingsRequest is the body of POST /v1/subscriptions/closings, by which a worker
// takes the closings that wait for its subscription.
type ClosingsRequest struct {
	Endpoint string `json:"endpoint"`
}

// ClosingsResponse answers it.
type ClosingsResponse struct {
	Close []Closing `json:"close"`
}

// TestRequest is the body of POST /v1/subscriptions/test.
type TestRequest struct {
	Endpoint string `json:"endpoint"`
}

// TestTag is the tag of test messages.
const TestTag = "pushkit-test"

// TestResponse answers POST /v1/subscriptions/test: what became of the test message.
type TestResponse struct {
	// ID is the message's.
	ID          string `json:"id"`
	PushService string `json:"pushService"`
	// State is accepted, failed, gone, expired, or pending where the push service has
	// not taken it in time.
	State string `json:"state"`
	// Status and Reason are the push service's; Meaning and Advice say in plain words
	// what that means, and what to do. All are absent where it was accepted.
	Status  int    `json:"status,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Meaning string `json:"meaning,omitempty"`
	Advice  string `json:"advice,omitempty"`
}

// RemoveRequest is the body of POST /v1/subscriptions/remove.
type RemoveRequest struct {
	Endpoint string `json:"endpoint"`
}

// Event types of EventReport.
const (
	EventDisplayed = "displayed"
	EventClicked   = "clicked"
	EventClosed    = "closed"
)

// EventReport is one element of the body of POST /v1/events.
type EventReport struct {
	Token  string `json:"token"`
	Type   string `json:"type"`
	Action string `json:"action,omitempty"`
	// At is when it happened, in milliseconds since 1970.
	At int64 `json:"at"`
}

// Problem is the body of every error (RFC 9457), of type
// application/problem+json.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
	// Field is the path of the member that is wrong, for example
	// "keys.p256dh".
	Field string `json:"field,omitempty"`
}

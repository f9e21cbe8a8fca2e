package wire

// DeclarativeWebPush is the value of Payload.WebPush that marks a declarative
// push message (Push API, "declarative push message").
const DeclarativeWebPush = 8030

// Payload is the plaintext of a push: Declarative Web Push JSON that browsers
// which know it show by themselves, and that our service worker shows in the
// others. Mutable and AppBadge stand in two places because drafts and browsers
// differ.
type Payload struct {
	WebPush      int                 `json:"web_push"`
	Mutable      bool                `json:"mutable"`
	AppBadge     *uint64             `json:"app_badge,omitempty"`
	Notification PayloadNotification `json:"notification"`
}

// PayloadNotification is the notification member of Payload. Every URL is
// absolute.
type PayloadNotification struct {
	Title              string          `json:"title"`
	Body               string          `json:"body,omitempty"`
	Navigate           string          `json:"navigate"`
	Icon               string          `json:"icon,omitempty"`
	Image              string          `json:"image,omitempty"`
	Badge              string          `json:"badge,omitempty"`
	Tag                string          `json:"tag,omitempty"`
	Lang               string          `json:"lang,omitempty"`
	Dir                string          `json:"dir,omitempty"`
	Actions            []PayloadAction `json:"actions,omitempty"`
	RequireInteraction bool            `json:"requireInteraction,omitempty"`
	Renotify           bool            `json:"renotify,omitempty"`
	Silent             bool            `json:"silent,omitempty"`
	Mutable            bool            `json:"mutable"`
	AppBadge           *uint64         `json:"app_badge,omitempty"`
	Data               PayloadData     `json:"data"`
}

// PayloadAction is one button.
type PayloadAction struct {
	Action   string `json:"action"`
	Title    string `json:"title"`
	Icon     string `json:"icon,omitempty"`
	Navigate string `json:"navigate,omitempty"`
}

// PayloadData is notification.data: ours and, beside it, the site's own.
type PayloadData struct {
	Pushkit PayloadPushkit `json:"pushkit"`
	// Data is the site's own, of any JSON type.
	Data any `json:"data,omitempty"`
}

// PayloadPushkit is what the service worker needs to know of a delivery. Token
// is also the delivery's id: a push that arrives twice has the same.
type PayloadPushkit struct {
	Token string `json:"token"`
	// Close are what the worker closes once it has shown this one.
	Close []Closing `json:"close,omitempty"`
}

// A Closing has a browser close the notifications with a tag whose messages were
// posted before a time, in milliseconds since 1970. A message's time is that of its id,
// with which the token begins (RFC 9562 section 5.7): 48 bits in the first 8
// characters.
type Closing struct {
	Tag    string `json:"tag"`
	Before int64  `json:"before"`
}

package notification

// Options say what a notification looks like and does. The zero value of a
// member leaves the browser's default. See
// https://notifications.spec.whatwg.org/#dictdef-notificationoptions.
//
// Browsers ignore what they do not know or cannot show. Safari shows title and
// body alone; Firefox knows Actions on some systems only.
type Options struct {
	// Dir is the direction in which title and body are read.
	Dir Direction `json:"dir,omitempty"`
	// Lang is the language of title and body, a BCP 47 tag.
	Lang string `json:"lang,omitempty"`
	Body string `json:"body,omitempty"`
	// Navigate is the URL that a click opens, without an event in the service
	// worker, in browsers that know Declarative Web Push.
	Navigate string `json:"navigate,omitempty"`
	// Tag is the notification's identity: one with the same tag takes the place
	// of the last one.
	Tag string `json:"tag,omitempty"`
	// Image, Icon and Badge are URLs: of a picture beside the text, of one in
	// the text's place where there is little, and of one in one colour.
	Image string `json:"image,omitempty"`
	Icon  string `json:"icon,omitempty"`
	Badge string `json:"badge,omitempty"`
	// Vibrate is how long the device vibrates and pauses, in turn, in ms. A
	// Silent notification with it is a TypeError.
	Vibrate []int `json:"vibrate,omitempty"`
	// Timestamp is when what it tells of happens, in ms since 1970.
	Timestamp int64 `json:"timestamp,omitempty"`
	// Renotify tells the person anew where Tag takes the place of another;
	// without a Tag it is a TypeError.
	Renotify bool `json:"renotify,omitempty"`
	// Silent is whether it makes no sound and does not vibrate; nil leaves that
	// to the system.
	Silent *bool `json:"silent,omitempty"`
	// RequireInteraction keeps it until the person does something with it.
	RequireInteraction bool `json:"requireInteraction,omitempty"`
	// Data is the site's own, which package webidl converts.
	Data any `json:"data,omitempty"`
	// Actions are buttons; the browser shows [MaxActions] of them at most. They
	// are for notifications of a service worker: see the method
	// ShowNotification of package serviceworker's Registration.
	Actions []Action `json:"actions,omitempty"`
}

// An Action is a button of a notification. See
// https://notifications.spec.whatwg.org/#dictdef-notificationaction.
type Action struct {
	// Action is its name in the service worker's event; Title is on it.
	Action string `json:"action"`
	Title  string `json:"title"`
	// Navigate is as in [Options]; Icon is a picture's URL.
	Navigate string `json:"navigate,omitempty"`
	Icon     string `json:"icon,omitempty"`
}

// A Direction is that of text. See
// https://notifications.spec.whatwg.org/#enumdef-notificationdirection.
type Direction string

// Auto takes the direction of the text itself.
const (
	Auto        Direction = "auto"
	LeftToRight Direction = "ltr"
	RightToLeft Direction = "rtl"
)

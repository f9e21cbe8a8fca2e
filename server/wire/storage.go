package wire

// IndexedDB of the site's origin, which page and service worker share.
const (
	DatabaseName    = "pushkit"
	DatabaseVersion = 1
	// StoreRegistrations holds one Record for each service worker scope, under
	// the scope's URL.
	StoreRegistrations = "registrations"
	// StoreEvents holds EventRecords that the server has not got yet, under a
	// generated key.
	StoreEvents = "events"
)

// Record is what page and service worker remember of one scope. The page (Go)
// writes it before the browser's subscription exists, so that the worker knows
// the server from the first push on.
type Record struct {
	// Server is the server's address without a slash at the end.
	Server string `json:"server"`
	// Endpoint, ApplicationServerKey, ID and Channels are as the server last
	// confirmed them; Endpoint is empty where nothing was confirmed.
	Endpoint             string   `json:"endpoint"`
	ApplicationServerKey string   `json:"applicationServerKey"`
	ID                   string   `json:"id"`
	Channels             []string `json:"channels"`
	// Wanted is true from the moment that subscribe() was called until
	// unsubscribe() was: a wanted subscription that is missing is repaired.
	Wanted bool `json:"wanted"`
	// Pending is true while the server has not confirmed the present state: a
	// sync that failed, or a repair that the service worker could not make.
	Pending bool `json:"pending"`
	// WantedChannels are those that the last subscribe() named, until the server
	// has them; nil: none were named.
	WantedChannels *[]string `json:"wantedChannels,omitempty"`
	// Removing is an endpoint that the server has yet to be told is gone.
	Removing string `json:"removing"`
	// LastPush is the worker's [LastPush], for whoever looks for the reason why
	// nothing was seen; nil: none has come yet. The page only keeps it.
	LastPush any `json:"lastPush,omitempty"`
}

// What became of a push.
const (
	PushShown = "shown"
	// PushShownLess: the browser refused a member, so that only title, body, tag
	// and data were shown.
	PushShownLess = "shown-less"
	PushNotShown  = "not-shown"
)

// LastPush is what the last push did.
type LastPush struct {
	// At is in milliseconds since 1970.
	At      int64  `json:"at"`
	Title   string `json:"title"`
	Outcome string `json:"outcome"`
	// Error is the browser's, where it refused something.
	Error string `json:"error,omitempty"`
}

// EventRecord is an event that waits for the server.
type EventRecord struct {
	Server string      `json:"server"`
	Event  EventReport `json:"event"`
}

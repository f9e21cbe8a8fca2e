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
}

// EventRecord is an event that waits for the server.
type EventRecord struct {
	Server string      `json:"server"`
	Event  EventReport `json:"event"`
}

package wire

// Paths of the HTTP API. Those below PathMessages, PathUsers and PathWebhooks need an API key, the others
// are called by the browsers of a site's visitors.
const (
	PathConfig                = "/v1/config"
	PathSubscriptions         = "/v1/subscriptions"
	PathSubscriptionsCheck    = "/v1/subscriptions/check"
	PathSubscriptionsRemove   = "/v1/subscriptions/remove"
	PathSubscriptionsClosings = "/v1/subscriptions/closings"
	PathSubscriptionsTest     = "/v1/subscriptions/test"
	PathSubscriptionsLosses   = "/v1/subscriptions/losses"
	PathSubscriptionsImport   = "/v1/subscriptions/import"
	PathEvents                = "/v1/events"
	PathMessages              = "/v1/messages"
	PathUsers                 = "/v1/users"
	PathWebhooks              = "/v1/webhooks"
	// PathClose follows a user's path.
	PathClose = "/close"
	// PathRotate, PathEnable and PathFailures follow a webhook's path.
	PathRotate   = "/rotate"
	PathEnable   = "/enable"
	PathFailures = "/failures"
	// PathCancel follows a message's path.
	PathCancel = "/cancel"
	// PathDeliveries follows a message's path.
	PathDeliveries = "/deliveries"
)

// Files of the client as the server serves them. The WebAssembly and Go's
// wasm_exec.js have names with a content hash beside these.
const (
	FileLoader        = "pushkit.js"
	FileLoaderClassic = "pushkit.classic.js"
	FileElements      = "pushkit-elements.js"
	FileDebug         = "pushkit-debug.js"
	// FileCheck is <pushkit-check>, for a page that helps people.
	FileCheck  = "pushkit-check.js"
	FileWorker = "pushkit-sw.js"
	// FileClient is the way to both for the npm package, which may be of
	// another version than the server.
	FileClient = "pushkit-client.js"
)

// DefaultServiceWorker is the service worker's file on the site's own origin
// unless init({serviceWorker}) names another.
const DefaultServiceWorker = "/pushkit-sw.js"

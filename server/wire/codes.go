package wire

// A Code names an outcome. Codes are stable: programs may compare them.
type Code string

// Codes that the client gives in status().reason or in an error's code.
const (
	InsecureContext        Code = "insecure-context"
	NoServiceWorker        Code = "no-service-worker"
	NoPushManager          Code = "no-push-manager"
	IOSNeedsInstall        Code = "ios-needs-install"
	NoWebAssembly          Code = "no-webassembly"
	ForeignServiceWorker   Code = "foreign-service-worker"
	ServiceWorkerFailed    Code = "service-worker-failed"
	PermissionDenied       Code = "permission-denied"
	PermissionDismissed    Code = "permission-dismissed"
	NoUserGesture          Code = "no-user-gesture"
	NotSubscribed          Code = "not-subscribed"
	PushServiceUnreachable Code = "push-service-unreachable"
	ServerUnreachable      Code = "server-unreachable"
	NotInitialized         Code = "not-initialized"
	InvalidOption          Code = "invalid-option"
	StorageFailed          Code = "storage-failed"
	Unexpected             Code = "unexpected"
)

// Codes that the server gives in problem details (RFC 9457).
const (
	InvalidJSON           Code = "invalid-json"
	InvalidField          Code = "invalid-field"
	BodyTooLarge          Code = "body-too-large"
	UnsupportedMediaType  Code = "unsupported-media-type"
	NotFound              Code = "not-found"
	MethodNotAllowed      Code = "method-not-allowed"
	APIKeyMissing         Code = "api-key-missing"
	APIKeyInvalid         Code = "api-key-invalid"
	APIKeyLacksScope      Code = "api-key-lacks-scope"
	OriginNotAllowed      Code = "origin-not-allowed"
	PushServiceNotAllowed Code = "push-service-not-allowed"
	EndpointRemoved       Code = "endpoint-permanently-removed"
	EndpointTaken         Code = "endpoint-taken"
	EndpointGone          Code = "endpoint-gone"
	SubscriptionUnknown   Code = "subscription-unknown"
	MessageTooLarge       Code = "message-too-large"
	TooManyRequests       Code = "too-many-requests"
	IdempotencyConflict   Code = "idempotency-conflict"
	InvalidUserToken      Code = "invalid-user-token"
	MessageUnknown        Code = "message-unknown"
	UserUnknown           Code = "user-unknown"
	WebhookUnknown        Code = "webhook-unknown"
	WebhookURLNotAllowed  Code = "webhook-url-not-allowed"
	TooManyWebhooks       Code = "too-many-webhooks"
	Unavailable           Code = "unavailable"
	Internal              Code = "internal"
)

// A Sentence is what to tell a person about a code.
type Sentence struct {
	Code     Code   `json:"code"`
	Sentence string `json:"sentence"`
}

// LoaderSentences are those of the codes that the client's loader tells by
// itself, in the order of the constants. SERVER stands for the server's address.
var LoaderSentences = []Sentence{
	{InsecureContext, "Notifications need a page on https or localhost."},
	{NoServiceWorker, "This window has no service workers: it may be private."},
	{NoPushManager, "This browser cannot receive push messages."},
	{IOSNeedsInstall, "Add this site to the Home Screen and open it there for notifications."},
	{NoWebAssembly, "This page forbids WebAssembly: its script-src needs 'wasm-unsafe-eval'."},
	{ForeignServiceWorker, "This site's service worker lacks the line importScripts(\"SERVER/pushkit-sw.js\")."},
	{PermissionDenied, "Notifications are blocked: allow them in the browser's site settings."},
	{ServerUnreachable, "The server cannot be reached: try later, or without a content blocker."},
	{NotInitialized, "Call pushkit.init({server}) first."},
	{InvalidOption, "Wrong option:"},
	{Unexpected, "Something unexpected happened."},
}

// GoSentences are those of the client's other codes, which only Go tells: a
// visitor for whom Go is not loaded does not download them.
var GoSentences = []Sentence{
	{ServiceWorkerFailed, "The service worker could not be installed: its file, or one that it imports, is missing, no script, or fails."},
	{PermissionDismissed, "The question was closed without an answer. You can be asked again."},
	{NoUserGesture, "Browsers ask for notifications only after a click: call subscribe() in one."},
	{NotSubscribed, "This browser is not subscribed: call subscribe() first."},
	{PushServiceUnreachable, "The browser cannot reach its push service. Check the connection and the browser's push setting."},
	{StorageFailed, "The browser refuses to store data for this site."},
}

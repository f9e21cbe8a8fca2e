// Package serviceworker binds what a page has of the Service Workers API: the
// container with its registrations (section 3.4 of its specification), a
// registration (3.2) with its notifications and its push manager, and a worker
// (3.1) with its messages. The worker's own half (ServiceWorkerGlobalScope,
// Clients) is JavaScript's: Go takes too long to start for an event.
//
// A page calls [Register], awaits [Registration.AwaitActive] and then asks for
// [Registration.PushManager]; without an active worker a subscription fails.
//
// See https://www.w3.org/TR/service-workers/.
package serviceworker

// A State is where a worker stands in its life. See
// https://www.w3.org/TR/service-workers/#enumdef-serviceworkerstate.
type State string

// The states, in the order that a worker goes through them.
const (
	Parsed     State = "parsed"
	Installing State = "installing"
	Installed  State = "installed"
	Activating State = "activating"
	Activated  State = "activated"
	Redundant  State = "redundant"
)

// RegistrationOptions say how a worker is registered; the zero value is the
// browser's default. See
// https://www.w3.org/TR/service-workers/#dictdef-registrationoptions.
type RegistrationOptions struct {
	// Scope is the URL that the pages of the worker begin with; empty is the
	// script's folder.
	Scope string `json:"scope,omitempty"`
	// Type is "classic" (also where it is empty) or "module".
	Type string `json:"type,omitempty"`
	// UpdateViaCache says where the HTTP cache may answer.
	UpdateViaCache UpdateViaCache `json:"updateViaCache,omitempty"`
}

// An UpdateViaCache says for which scripts of a worker the HTTP cache may answer
// when the browser looks for a new version. See
// https://www.w3.org/TR/service-workers/#enumdef-serviceworkerupdateviacache.
type UpdateViaCache string

// Imports is the default: for scripts that the worker imports, not for itself.
const (
	Imports UpdateViaCache = "imports"
	All     UpdateViaCache = "all"
	None    UpdateViaCache = "none"
)

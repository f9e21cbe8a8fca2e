// Package serviceworker binds what a page needs of the Service Workers API:
// registering a worker, waiting until it is active, and talking to it.
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

// Package fetch binds the Fetch API: one request, its answer's status, header
// fields and body.
//
// See https://fetch.spec.whatwg.org/.
package fetch

// Init says what to send. See
// https://fetch.spec.whatwg.org/#requestinit.
type Init struct {
	// Method is "GET" where it is empty.
	Method string
	// Headers are header fields by name.
	Headers map[string]string
	// Body is text; nil means none.
	Body *string
	// Credentials is "omit", "same-origin" (also where it is empty) or
	// "include".
	Credentials string
	// Cache is "default" (also where it is empty), "no-store" or another of
	// https://fetch.spec.whatwg.org/#requestcache.
	Cache string
	// KeepAlive lets the request outlive the page; its body is then 64 KiB at
	// most.
	KeepAlive bool
}

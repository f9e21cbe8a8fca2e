// Package notification binds the permission half of the Notifications API.
// Notifications themselves are shown by the service worker.
//
// See https://notifications.spec.whatwg.org/.
package notification

// A Permission is what the person decided about this origin's notifications.
// See https://notifications.spec.whatwg.org/#enumdef-notificationpermission.
type Permission string

// Default means that the person was not asked or gave no answer.
const (
	Default Permission = "default"
	Denied  Permission = "denied"
	Granted Permission = "granted"
)

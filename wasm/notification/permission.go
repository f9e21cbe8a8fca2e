// Package notification binds the Notifications API: the person's permission
// (section 2.2 of its standard), what a notification looks like (2.5) and the
// notifications themselves.
//
// A site that sends pushes shows its notifications in the service worker, by the
// method ShowNotification of package serviceworker's Registration; [New] shows
// one of the page, on desktop systems only. In the order of a page's life:
// [Supported], [CurrentPermission], and in a click [RequestPermission].
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

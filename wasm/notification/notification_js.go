package notification

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// Supported reports whether this browser, in this context, has the
// Notifications API. Safari on iOS has it in Home Screen apps only.
func Supported() bool {
	_, ok := dom.Member(safejs.Global(), "Notification")
	return ok
}

// CurrentPermission returns Notification.permission. It is a
// [dom.NotSupportedError] where the API is missing.
func CurrentPermission() (Permission, error) {
	constructor, ok := dom.Member(safejs.Global(), "Notification")
	if !ok {
		return "", dom.Unsupported("Notification")
	}
	return Permission(dom.StringMember(constructor, "permission")), nil
}

// RequestPermission asks the person where they were not asked yet, and returns
// their answer. Browsers ask only while they handle a click or another gesture,
// so it must be called before anything else is awaited; without one the answer
// is [Default] or [Denied] at once. It is a [dom.NotSupportedError] where the
// API is missing. See
// https://notifications.spec.whatwg.org/#dom-notification-requestpermission.
func RequestPermission(ctx dom.Context) (Permission, error) {
	constructor, ok := dom.Member(safejs.Global(), "Notification")
	if !ok {
		return "", dom.Unsupported("Notification")
	}
	answer, err := dom.CallAsync(ctx, constructor, "requestPermission")
	if err != nil {
		return "", err
	}
	text, err := answer.String()
	return Permission(text), err
}

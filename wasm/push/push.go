// Package push binds the Push API: subscribing (section 6 of its
// specification), subscriptions (8) and their options (7). What arrives is
// handled in the service worker, which is no place for Go.
//
// A [Manager] comes from a service worker's registration: see the method
// PushManager of package serviceworker's Registration. Where the browser knows
// Declarative Web Push, [WindowManager] is one without a service worker.
//
// An application server sends to [Subscription.Endpoint] what it has encrypted
// for the keys of [Subscription.ToJSON] (RFC 8291), signed with the key that the
// subscription was made with (RFC 8292): package server/webpush does.
//
// See https://www.w3.org/TR/push-api/.
package push

// SubscriptionOptionsInit says what a subscription is for. See
// https://www.w3.org/TR/push-api/#dom-pushsubscriptionoptionsinit.
type SubscriptionOptionsInit struct {
	// UserVisibleOnly promises that each push shows a notification. Chromium
	// takes nothing but true.
	UserVisibleOnly bool `json:"userVisibleOnly"`
	// ApplicationServerKey is the application server's public key: an
	// uncompressed P-256 point in unpadded base64url (RFC 8292 section 3.2).
	ApplicationServerKey string `json:"applicationServerKey"`
}

// SubscriptionOptions are what a subscription was made with. See
// https://www.w3.org/TR/push-api/#pushsubscriptionoptions-interface.
type SubscriptionOptions struct {
	UserVisibleOnly bool
	// ApplicationServerKey is the public key, 65 bytes; nil where it was made
	// without or the browser does not tell.
	ApplicationServerKey []byte
}

// SubscriptionJSON is what PushSubscription.toJSON() returns. See
// https://www.w3.org/TR/push-api/#dom-pushsubscriptionjson.
type SubscriptionJSON struct {
	Endpoint string `json:"endpoint"`
	// ExpirationTime is in milliseconds since 1970; nil means never.
	ExpirationTime *float64 `json:"expirationTime"`
	Keys           Keys     `json:"keys"`
}

// Keys are a subscription's keys (RFC 8291 section 3.1) in unpadded base64url.
type Keys struct {
	// P256dh is the browser's public key, 65 bytes; Auth its secret of 16.
	P256dh string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// A KeyName names one of a subscription's keys. See
// https://www.w3.org/TR/push-api/#dom-pushencryptionkeyname.
type KeyName string

// The keys of RFC 8291.
const (
	P256dh KeyName = "p256dh"
	Auth   KeyName = "auth"
)

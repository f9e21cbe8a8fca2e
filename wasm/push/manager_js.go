package push

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Manager is a PushManager: it belongs to one service worker registration.
// See https://www.w3.org/TR/push-api/#pushmanager-interface.
type Manager struct {
	value safejs.Value
}

// Supported reports whether this browser, in this context, has the Push API.
func Supported() bool {
	_, ok := dom.Member(safejs.Global(), "PushManager")
	return ok
}

// SupportedContentEncodings returns how a message may be encrypted: "aes128gcm"
// (RFC 8291) in every browser of today, and nothing where the API is missing.
// See
// https://www.w3.org/TR/push-api/#dom-pushmanager-supportedcontentencodings.
func SupportedContentEncodings() []string {
	constructor, ok := dom.Member(safejs.Global(), "PushManager")
	if !ok {
		return nil
	}
	value, ok := dom.Member(constructor, "supportedContentEncodings")
	if !ok {
		return nil
	}
	tree, _ := webidl.ToGo(value)
	list, _ := tree.([]any)
	var encodings []string
	for _, element := range list {
		encoding, _ := element.(string)
		encodings = append(encodings, encoding)
	}
	return encodings
}

// WindowManager returns window.pushManager, whose subscription needs no service
// worker: what is sent to it is Declarative Web Push. It is a
// [dom.NotSupportedError] in browsers that do not know that: all but Safari
// since 18.4. See https://www.w3.org/TR/push-api/#pushmanagerattribute-mixin.
func WindowManager() (*Manager, error) {
	value, ok := dom.Member(safejs.Global(), "pushManager")
	if !ok {
		return nil, dom.Unsupported("window.pushManager")
	}
	return NewManager(value), nil
}

// NewManager returns the Manager that value, a PushManager, is.
func NewManager(value safejs.Value) *Manager { return &Manager{value} }

// GetSubscription returns the registration's subscription, or nil where there
// is none. Firefox also gives one that its push service has ended. See
// https://www.w3.org/TR/push-api/#dom-pushmanager-getsubscription.
func (m *Manager) GetSubscription(ctx dom.Context) (*Subscription, error) {
	value, err := dom.CallAsync(ctx, m.value, "getSubscription")
	if err != nil || value.IsNull() || value.IsUndefined() {
		return nil, err
	}
	return NewSubscription(value), nil
}

// Subscribe makes the registration's subscription, or returns the one that has
// the same options. Give it a ctx with a deadline: a browser that cannot reach
// a push service may never answer. Of its exceptions, [dom.NotAllowedError] is
// a permission that was not granted, [dom.InvalidStateError] a subscription
// with another application server key, [dom.AbortError] a push service that
// cannot be reached or a registration without an active worker. See
// https://www.w3.org/TR/push-api/#dom-pushmanager-subscribe.
func (m *Manager) Subscribe(ctx dom.Context, options SubscriptionOptionsInit) (*Subscription, error) {
	dictionary, err := webidl.ToJS(options)
	if err != nil {
		return nil, err
	}
	value, err := dom.CallAsync(ctx, m.value, "subscribe", dictionary)
	if err != nil {
		return nil, err
	}
	return NewSubscription(value), nil
}

// PermissionState returns "granted", "denied" or "prompt". See
// https://www.w3.org/TR/push-api/#dom-pushmanager-permissionstate.
func (m *Manager) PermissionState(ctx dom.Context, options SubscriptionOptionsInit) (string, error) {
	dictionary, err := webidl.ToJS(options)
	if err != nil {
		return "", err
	}
	value, err := dom.CallAsync(ctx, m.value, "permissionState", dictionary)
	if err != nil {
		return "", err
	}
	return value.String()
}

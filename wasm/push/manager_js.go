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

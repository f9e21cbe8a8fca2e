package push

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Subscription is a PushSubscription. See
// https://www.w3.org/TR/push-api/#pushsubscription-interface.
type Subscription struct {
	value safejs.Value
}

// NewSubscription returns the Subscription that value, a PushSubscription, is.
func NewSubscription(value safejs.Value) *Subscription { return &Subscription{value} }

// Endpoint returns the URL that application servers send to.
func (s *Subscription) Endpoint() string { return dom.StringMember(s.value, "endpoint") }

// ExpirationTime returns when the subscription ends, in ms since 1970, or nil
// where it does not or the browser does not tell. See
// https://www.w3.org/TR/push-api/#dom-pushsubscription-expirationtime.
func (s *Subscription) ExpirationTime() *float64 {
	value, ok := dom.Member(s.value, "expirationTime")
	if !ok {
		return nil
	}
	ms, err := value.Float()
	if err != nil {
		return nil
	}
	return &ms
}

// Options returns what the subscription was made with. See
// https://www.w3.org/TR/push-api/#dom-pushsubscription-options.
func (s *Subscription) Options() (SubscriptionOptions, error) {
	var made SubscriptionOptions
	if options, ok := dom.Member(s.value, "options"); ok {
		if visible, ok := dom.Member(options, "userVisibleOnly"); ok {
			made.UserVisibleOnly, _ = visible.Truthy()
		}
	}
	key, err := s.ApplicationServerKey()
	made.ApplicationServerKey = key
	return made, err
}

// ApplicationServerKey returns options.applicationServerKey, the public key
// that the subscription was made with: 65 bytes, or nil where it was made
// without or the browser does not tell.
func (s *Subscription) ApplicationServerKey() ([]byte, error) {
	options, ok := dom.Member(s.value, "options")
	if !ok {
		return nil, nil
	}
	key, ok := dom.Member(options, "applicationServerKey")
	if !ok {
		return nil, nil
	}
	return bytesOf(key)
}

// GetKey returns one of the subscription's keys, or nil where it is unknown.
// See https://www.w3.org/TR/push-api/#dom-pushsubscription-getkey.
func (s *Subscription) GetKey(name KeyName) ([]byte, error) {
	key, err := dom.Call(s.value, "getKey", string(name))
	if err != nil || key.IsNull() {
		return nil, err
	}
	return bytesOf(key)
}

// ToJSON returns what an application server needs to send. See
// https://www.w3.org/TR/push-api/#dom-pushsubscription-tojson.
func (s *Subscription) ToJSON() (SubscriptionJSON, error) {
	var subscription SubscriptionJSON
	// webidl's copy by JSON.stringify calls toJSON.
	err := webidl.FromJS(s.value, &subscription)
	return subscription, err
}

// Unsubscribe ends the subscription. It returns false where it had ended
// already. See https://www.w3.org/TR/push-api/#dom-pushsubscription-unsubscribe.
func (s *Subscription) Unsubscribe(ctx dom.Context) (bool, error) {
	value, err := dom.CallAsync(ctx, s.value, "unsubscribe")
	if err != nil {
		return false, err
	}
	return value.Bool()
}

// bytesOf returns a copy of an ArrayBuffer.
func bytesOf(buffer safejs.Value) ([]byte, error) {
	array, err := dom.New("Uint8Array", buffer)
	if err != nil {
		return nil, err
	}
	length, err := array.Length()
	if err != nil {
		return nil, err
	}
	bytes := make([]byte, length)
	_, err = safejs.CopyBytesToGo(bytes, array)
	return bytes, err
}

package permissions

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// Supported reports whether this browser has the Permissions API.
func Supported() bool {
	_, ok := object()
	return ok
}

// Query returns the state of a permission. It is a [dom.TypeError] for a name
// that the browser does not know, and a [dom.NotSupportedError] where the API
// is missing. See https://www.w3.org/TR/permissions/#query-method.
func Query(ctx dom.Context, descriptor Descriptor) (State, error) {
	permissions, ok := object()
	if !ok {
		return "", dom.Unsupported("navigator.permissions")
	}
	dictionary, err := webidl.ToJS(descriptor)
	if err != nil {
		return "", err
	}
	status, err := dom.CallAsync(ctx, permissions, "query", dictionary)
	if err != nil {
		return "", err
	}
	return State(dom.StringMember(status, "state")), nil
}

func object() (safejs.Value, bool) {
	navigator, ok := dom.Member(safejs.Global(), "navigator")
	if !ok {
		return safejs.Value{}, false
	}
	return dom.Member(navigator, "permissions")
}

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
	status, err := QueryStatus(ctx, descriptor)
	if err != nil {
		return "", err
	}
	return status.State(), nil
}

// QueryStatus is [Query] for who wants to hear of changes.
func QueryStatus(ctx dom.Context, descriptor Descriptor) (*Status, error) {
	permissions, ok := object()
	if !ok {
		return nil, dom.Unsupported("navigator.permissions")
	}
	dictionary, err := webidl.ToJS(descriptor)
	if err != nil {
		return nil, err
	}
	value, err := dom.CallAsync(ctx, permissions, "query", dictionary)
	if err != nil {
		return nil, err
	}
	return &Status{value}, nil
}

// A Status is a PermissionStatus, which follows what the person decides. See
// https://www.w3.org/TR/permissions/#permissionstatus-interface.
type Status struct {
	value safejs.Value
}

// State returns the permission's state now.
func (s *Status) State() State { return State(dom.StringMember(s.value, "state")) }

// Name returns the permission's name, or "" in browsers that do not tell it.
func (s *Status) Name() string { return dom.StringMember(s.value, "name") }

// OnChange calls handle whenever the state has changed, until remove is called;
// handle must not block. See
// https://www.w3.org/TR/permissions/#onchange-attribute.
func (s *Status) OnChange(handle func()) (remove func(), err error) {
	return dom.Listen(s.value, "change", func(safejs.Value) { handle() })
}

func object() (safejs.Value, bool) {
	navigator, ok := dom.Member(safejs.Global(), "navigator")
	if !ok {
		return safejs.Value{}, false
	}
	return dom.Member(navigator, "permissions")
}

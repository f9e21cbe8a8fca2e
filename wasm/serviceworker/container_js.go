package serviceworker

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// Supported reports whether this browser, in this context, has service workers:
// insecure pages and the private windows of some browsers do not.
func Supported() bool {
	_, ok := container()
	return ok
}

// Register installs scriptURL, which must be of the page's origin, for scope
// and returns its registration, whose worker may not be active yet: see
// [Registration.AwaitActive]. If that very script is registered already,
// nothing changes. An empty scope is the script's folder. A file that cannot be
// loaded is a [dom.TypeError], one of another origin, of a wrong MIME type or
// below scope a [dom.SecurityError]. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-register. Where
// the page requires Trusted Types, its directive trusted-types, if it has one,
// must allow the policy "pushkit".
func Register(ctx dom.Context, scriptURL, scope string) (*Registration, error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
	}
	options := map[string]any{}
	if scope != "" {
		options["scope"] = scope
	}
	value, err := dom.CallAsync(ctx, workers, "register", trusted(scriptURL), options)
	if err != nil {
		return nil, err
	}
	return &Registration{value}, nil
}

// GetRegistration returns the registration that controls clientURL, which is
// the one with the longest scope that clientURL begins with, or nil where there
// is none. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-getRegistration.
func GetRegistration(ctx dom.Context, clientURL string) (*Registration, error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
	}
	value, err := dom.CallAsync(ctx, workers, "getRegistration", clientURL)
	if err != nil || value.IsUndefined() {
		return nil, err
	}
	return &Registration{value}, nil
}

func container() (safejs.Value, bool) {
	navigator, ok := dom.Member(safejs.Global(), "navigator")
	if !ok {
		return safejs.Value{}, false
	}
	return dom.Member(navigator, "serviceWorker")
}

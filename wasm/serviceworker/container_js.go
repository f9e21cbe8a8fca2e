package serviceworker

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
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
	options := map[string]any{}
	if scope != "" {
		options["scope"] = scope
	}
	return register(ctx, scriptURL, options)
}

// RegisterWithOptions is [Register] with all its options.
func RegisterWithOptions(ctx dom.Context, scriptURL string, options RegistrationOptions) (*Registration, error) {
	dictionary, err := webidl.ToJS(options)
	if err != nil {
		return nil, err
	}
	return register(ctx, scriptURL, dictionary)
}

func register(ctx dom.Context, scriptURL string, options any) (*Registration, error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
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

// GetRegistrations returns all registrations of the page's origin. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-getRegistrations.
func GetRegistrations(ctx dom.Context) ([]*Registration, error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
	}
	value, err := dom.CallAsync(ctx, workers, "getRegistrations")
	if err != nil {
		return nil, err
	}
	var registrations []*Registration
	err = each(value, func(registration safejs.Value) { registrations = append(registrations, &Registration{registration}) })
	return registrations, err
}

// Ready awaits the registration whose scope the page is in, with an active
// worker. Give it a ctx with a deadline: where nothing is registered, or an
// installation fails, it waits for ever. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-ready.
func Ready(ctx dom.Context) (*Registration, error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
	}
	promise, ok := dom.Member(workers, "ready")
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker.ready")
	}
	value, err := dom.Await(ctx, promise)
	if err != nil {
		return nil, err
	}
	return &Registration{value}, nil
}

// Controller returns the worker that answers for this page, or nil: on a first
// visit, and after a reload past the cache. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-controller.
func Controller() *Worker {
	workers, ok := container()
	if !ok {
		return nil
	}
	value, ok := dom.Member(workers, "controller")
	if !ok {
		return nil
	}
	return &Worker{value}
}

// OnControllerChange calls handle when another worker answers for this page,
// until remove is called; handle must not block.
func OnControllerChange(handle func()) (remove func(), err error) {
	return listen("controllerchange", func(safejs.Value) { handle() })
}

// OnMessage calls handle for each message of a worker to this page, until remove
// is called; handle must not block. source is the worker. Messages that came
// before wait until [StartMessages] is called. See
// https://www.w3.org/TR/service-workers/#dom-serviceworkercontainer-onmessage.
func OnMessage(handle func(data safejs.Value, source *Worker)) (remove func(), err error) {
	return listen("message", func(event safejs.Value) {
		data, ok := dom.Member(event, "data")
		if !ok {
			data = safejs.Undefined()
		}
		var source *Worker
		if worker, ok := dom.Member(event, "source"); ok {
			source = &Worker{worker}
		}
		handle(data, source)
	})
}

// OnMessageError calls handle for each message that cannot be read here, until
// remove is called; handle must not block.
func OnMessageError(handle func()) (remove func(), err error) {
	return listen("messageerror", func(safejs.Value) { handle() })
}

// StartMessages lets messages in that came before the page was there; without
// it they wait for the end of its parsing. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-startMessages.
func StartMessages() error {
	workers, ok := container()
	if !ok {
		return dom.Unsupported("navigator.serviceWorker")
	}
	_, err := dom.Call(workers, "startMessages")
	return err
}

func listen(event string, handle func(event safejs.Value)) (remove func(), err error) {
	workers, ok := container()
	if !ok {
		return nil, dom.Unsupported("navigator.serviceWorker")
	}
	return dom.Listen(workers, event, handle)
}

// each calls use for each element of a JavaScript array.
func each(array safejs.Value, use func(element safejs.Value)) error {
	length, err := array.Length()
	if err != nil {
		return err
	}
	for i := range length {
		element, err := array.Index(i)
		if err != nil {
			return err
		}
		use(element)
	}
	return nil
}

func container() (safejs.Value, bool) {
	navigator, ok := dom.Member(safejs.Global(), "navigator")
	if !ok {
		return safejs.Value{}, false
	}
	return dom.Member(navigator, "serviceWorker")
}

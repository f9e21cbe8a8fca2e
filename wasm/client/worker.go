package client

import (
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
)

// registration returns the registration of exactly our scope, or nil.
func (c *call) registration(ctx dom.Context) (*Registration, error) {
	ctx, cancel := within(ctx, wire.WorkerTimeout)
	defer cancel()
	registration, err := c.browser.GetRegistration(ctx, c.options.Scope)
	if err != nil {
		return nil, coded(wire.NoServiceWorker, err)
	}
	// The browser also answers with a registration of a wider scope.
	if registration == nil || registration.Scope != c.options.Scope {
		return nil, nil
	}
	return registration, nil
}

// ensureWorker returns a registration with an active worker that is ours.
// Another one's registration is never replaced.
func (c *call) ensureWorker(ctx dom.Context) (*Registration, error) {
	options := &c.options
	registration, err := c.registration(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := within(ctx, wire.WorkerTimeout)
	defer cancel()
	if registration != nil && len(registration.Workers()) > 0 {
		if !c.isOurs(ctx, registration) {
			return nil, &Error{Code: wire.ForeignServiceWorker, Detail: whose(registration.Workers()[0].ScriptURL)}
		}
	} else if registration, err = c.browser.Register(ctx, options.ServiceWorker, options.Scope); err != nil {
		return nil, &Error{Code: wire.ServiceWorkerFailed, Detail: options.ServiceWorker + scopeHint(options, err), Err: err}
	}
	if err := registration.AwaitActive(ctx); err != nil {
		return nil, &Error{Code: wire.ServiceWorkerFailed, Detail: options.ServiceWorker, Err: err}
	}
	// The site's own file may lack the line that imports ours, and then would
	// show nothing of what is sent to it.
	if worker := registration.Workers()[0]; !answers(ctx, worker) {
		return nil, &Error{Code: wire.ForeignServiceWorker, Detail: whose(worker.ScriptURL)}
	}
	return registration, nil
}

// isOurs reports whether one of the registration's workers is our file or
// answers that it imports ours.
func (c *call) isOurs(ctx dom.Context, registration *Registration) bool {
	workers := registration.Workers()
	for _, worker := range workers {
		if worker.ScriptURL == c.options.ServiceWorker {
			return true
		}
	}
	return len(workers) > 0 && answers(ctx, workers[0])
}

// vendors are other products by what the names of their workers' files begin with.
var vendors = []struct{ file, vendor string }{
	{"OneSignalSDK", "OneSignal"},
	{"firebase-messaging-sw", "Firebase Cloud Messaging"},
	{"gravitec-net-web-push", "Gravitec"},
	{"pushwoosh-service-worker", "Pushwoosh"},
	{"webpushr-sw", "Webpushr"},
	{"wonderpush-worker-loader", "WonderPush"},
}

// whose returns the worker's file with the product that it belongs to, if that is
// known.
func whose(scriptURL string) string {
	for _, v := range vendors {
		if strings.Contains(scriptURL, "/"+v.file) {
			return scriptURL + " is of " + v.vendor + "."
		}
	}
	return scriptURL
}

// scopeHint returns the header that the worker's file lacks if the browser has
// refused its scope: one that is not under the file's folder (Service Workers,
// Start Register and Update). Else it is empty.
func scopeHint(options *Options, err error) string {
	file, _, _ := strings.Cut(options.ServiceWorker, "?")
	folder := file[:strings.LastIndexByte(file, '/')+1]
	if !errors.Is(err, dom.SecurityError) || strings.HasPrefix(options.Scope, folder) {
		return ""
	}
	path := options.Scope
	if _, rest, ok := strings.Cut(path, "://"); ok {
		path = rest[strings.IndexByte(rest+"/", '/'):]
	}
	return " may serve the pages under its folder alone. For " + options.Scope +
		" it has to be answered with the header Service-Worker-Allowed: " + path
}

// answers reports whether a worker says that it imports ours.
func answers(ctx dom.Context, worker Worker) bool {
	ctx, cancel := within(ctx, wire.WorkerAnswerTimeout)
	defer cancel()
	answer, err := worker.Ask(ctx, wire.WorkerMessage{Type: wire.WorkerPing})
	return err == nil && answer.Type == wire.WorkerPong
}

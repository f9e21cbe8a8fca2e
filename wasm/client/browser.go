package client

import (
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
)

// A Browser is what the client needs of the browser, named as in the Web APIs.
// An exception is an error that [errors.Is] finds by its dom.Name. The page's
// own is NewBrowser's.
//
// It is a struct of functions, as are those below, because that makes a smaller
// WebAssembly than an interface with types that implement it.
type Browser struct {
	// Permission is Notification.permission.
	Permission func() (notification.Permission, error)
	// RequestPermission is Notification.requestPermission().
	RequestPermission func(ctx dom.Context) (notification.Permission, error)
	// Register is navigator.serviceWorker.register().
	Register func(ctx dom.Context, scriptURL, scope string) (*Registration, error)
	// GetRegistration is navigator.serviceWorker.getRegistration(): the
	// registration with the longest scope that clientURL begins with, or nil.
	GetRegistration func(ctx dom.Context, clientURL string) (*Registration, error)
	// Request runs do under navigator.locks.request(), which all tabs share.
	// Where the browser has no Web Locks, only this page's calls exclude each
	// other.
	Request func(ctx dom.Context, name string, do func(ctx dom.Context) error) error
	// Fetch sends body as JSON, or nothing where it is nil, and returns the
	// answer's status, whatever it is, and its JSON as package webidl's tree,
	// nil where the body is no JSON.
	Fetch func(ctx dom.Context, method, url string, body any) (status int, answer any, err error)
	// Record returns what is stored for a scope, or nil. What is stored but
	// malformed counts as nothing.
	Record func(ctx dom.Context, scope string) (*wire.Record, error)
	// UpdateRecord changes what is stored for a scope, a zero Record where
	// there is nothing, in one transaction, and returns it as it then is.
	UpdateRecord func(ctx dom.Context, scope string, change func(*wire.Record)) (wire.Record, error)
	// DeleteRecord deletes what is stored for a scope, and with the last
	// scope's the whole database.
	DeleteRecord func(ctx dom.Context, scope string) error
}

// A Registration is a ServiceWorkerRegistration.
type Registration struct {
	Scope string
	// Workers returns the active, waiting and installing ones, as far as they
	// exist, in this order.
	Workers func() []Worker
	// AwaitActive waits until a worker is active.
	AwaitActive func(ctx dom.Context) error
	PushManager func() (*PushManager, error)
}

// A Worker is a ServiceWorker.
type Worker struct {
	ScriptURL string
	// Ask posts message with a port and returns what the worker answers on it.
	Ask func(ctx dom.Context, message wire.WorkerMessage) (wire.WorkerMessage, error)
}

// A PushManager is the Push API's.
type PushManager struct {
	// GetSubscription returns nil where there is none.
	GetSubscription func(ctx dom.Context) (*PushSubscription, error)
	Subscribe       func(ctx dom.Context, options push.SubscriptionOptionsInit) (*PushSubscription, error)
}

// A PushSubscription is the Push API's.
type PushSubscription struct {
	Endpoint string
	// ApplicationServerKey is options.applicationServerKey, nil where the
	// browser does not tell.
	ApplicationServerKey func() ([]byte, error)
	ToJSON               func() (push.SubscriptionJSON, error)
	Unsubscribe          func(ctx dom.Context) (bool, error)
}

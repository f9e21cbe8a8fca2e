package weblocks

import (
	"context"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// Supported reports whether this browser, in this context, has Web Locks.
func Supported() bool {
	_, ok := manager()
	return ok
}

// Request runs do while it holds the exclusive lock of that name, and returns
// its error. The lock ends with the tab, however that ends. If ctx ends before
// the lock was granted, do is not called and ctx's error is returned. It is a
// [dom.NotSupportedError] where the API is missing. See
// https://www.w3.org/TR/web-locks/#dom-lockmanager-request.
func Request(ctx dom.Context, name string, do func(ctx dom.Context) error) error {
	locks, ok := manager()
	if !ok {
		return dom.Unsupported("navigator.locks")
	}
	granted := make(chan struct{}, 1)
	done := make(chan struct{})
	callback, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		granted <- struct{}{}
		// The lock is held until this promise settles.
		held, err := dom.NewPromise(func() (any, any, bool) {
			<-done
			return nil, nil, true
		})
		if err != nil {
			return nil
		}
		return held
	})
	if err != nil {
		return dom.Error(err)
	}
	promise, err := dom.Call(locks, "request", name, callback)
	if err != nil {
		callback.Release()
		return err
	}
	// The browser refuses by rejecting, without having called back.
	refused := make(chan error, 1)
	go func() {
		_, err := dom.Await(context.Background(), promise)
		callback.Release()
		if err != nil {
			refused <- err
		}
	}()
	defer close(done)
	select {
	case <-granted:
		return do(ctx)
	case err := <-refused:
		return err
	case <-ctx.Done():
		// A lock that is granted later is given back at once: done is closed.
		return ctx.Err()
	}
}

func manager() (safejs.Value, bool) {
	navigator, ok := dom.Member(safejs.Global(), "navigator")
	if !ok {
		return safejs.Value{}, false
	}
	return dom.Member(navigator, "locks")
}

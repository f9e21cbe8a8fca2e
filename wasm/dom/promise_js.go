package dom

import (
	"context"

	"github.com/hack-pad/safejs"
)

type settlement struct {
	value safejs.Value
	err   error
}

// Await returns what promise is fulfilled with. A rejection is an *[Exception].
// When ctx ends first, its error is returned and the promise's outcome is
// ignored. A value that is not a promise is returned as it is, as JavaScript's
// await does.
func Await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	constructor, err := safejs.Global().Get("Promise")
	if err != nil {
		return safejs.Undefined(), Error(err)
	}
	promise, err = constructor.Call("resolve", promise)
	if err != nil {
		return safejs.Undefined(), Error(err)
	}

	settled := make(chan settlement, 1)
	var onFulfilled, onRejected safejs.Func
	// Released when the promise settles, not when ctx ends: JavaScript would
	// call a function that is gone.
	release := func() {
		onFulfilled.Release()
		onRejected.Release()
	}
	onFulfilled, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		release()
		settled <- settlement{value: first(args)}
		return nil
	})
	if err != nil {
		return safejs.Undefined(), Error(err)
	}
	onRejected, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		release()
		settled <- settlement{err: NewException(first(args))}
		return nil
	})
	if err != nil {
		onFulfilled.Release()
		return safejs.Undefined(), Error(err)
	}
	if _, err := promise.Call("then", onFulfilled, onRejected); err != nil {
		release()
		return safejs.Undefined(), Error(err)
	}

	select {
	case s := <-settled:
		return s.value, s.err
	case <-ctx.Done():
		return safejs.Undefined(), ctx.Err()
	}
}

// CallAsync calls method of object and awaits the promise that it returns.
func CallAsync(ctx context.Context, object safejs.Value, method string, args ...any) (safejs.Value, error) {
	promise, err := object.Call(method, args...)
	if err != nil {
		return safejs.Undefined(), Error(err)
	}
	return Await(ctx, promise)
}

// NewPromise returns a promise of what run, in a goroutine of its own, returns:
// it is fulfilled with value, or rejected with reason if ok is false. Both are
// mapped to JavaScript as [safejs.ValueOf] does.
func NewPromise(run func() (value, reason any, ok bool)) (safejs.Value, error) {
	constructor, err := safejs.Global().Get("Promise")
	if err != nil {
		return safejs.Undefined(), Error(err)
	}
	executor, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		resolve, reject := args[0], args[1]
		go func() {
			value, reason, ok := run()
			settle, with := resolve, value
			if !ok {
				settle, with = reject, reason
			}
			if _, err := settle.Invoke(with); err != nil {
				// The value has no counterpart in JavaScript.
				_, _ = reject.Invoke(err.Error())
			}
		}()
		return nil
	})
	if err != nil {
		return safejs.Undefined(), Error(err)
	}
	// The constructor calls its executor before it returns.
	defer executor.Release()
	promise, err := constructor.New(executor)
	return promise, Error(err)
}

func first(args []safejs.Value) safejs.Value {
	if len(args) == 0 {
		return safejs.Undefined()
	}
	return args[0]
}

package dom

import (
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
func Await(ctx Context, promise safejs.Value) (safejs.Value, error) {
	promise, err := CallGlobal("Promise", "resolve", promise)
	if err != nil {
		return promise, err
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
		return promise, err
	}
	onRejected, err = safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		release()
		settled <- settlement{err: NewException(first(args))}
		return nil
	})
	if err != nil {
		return promise, err
	}
	if promise, err = Call(promise, "then", onFulfilled, onRejected); err != nil {
		return promise, err
	}
	select {
	case s := <-settled:
		return s.value, s.err
	case <-ctx.Done():
		return safejs.Value{}, ctx.Err()
	}
}

// NewPromise returns a promise of what run, in a goroutine of its own, returns:
// it is fulfilled with value, or rejected with reason if ok is false. Both are
// mapped to JavaScript as [safejs.ValueOf] does.
func NewPromise(run func() (value, reason any, ok bool)) (safejs.Value, error) {
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
		return safejs.Value{}, err
	}
	// The constructor calls its executor before it returns.
	defer executor.Release()
	return New("Promise", executor)
}

func first(args []safejs.Value) safejs.Value {
	if len(args) == 0 {
		return safejs.Value{}
	}
	return args[0]
}

package dom

import (
	"github.com/hack-pad/safejs"
)

// Call calls method of object. What it throws is an *[Exception].
func Call(object safejs.Value, method string, args ...any) (safejs.Value, error) {
	value, err := object.Call(method, args...)
	return value, Error(err)
}

// CallAsync calls method of object and awaits the promise that it returns.
func CallAsync(ctx Context, object safejs.Value, method string, args ...any) (safejs.Value, error) {
	promise, err := object.Call(method, args...)
	if err != nil {
		return promise, Error(err)
	}
	return Await(ctx, promise)
}

// CallGlobal calls method of a global object such as "JSON", and is a
// [NotSupportedError] where the browser does not have it.
func CallGlobal(object, method string, args ...any) (safejs.Value, error) {
	value, ok := Member(safejs.Global(), object)
	if !ok {
		return value, Unsupported(object)
	}
	return Call(value, method, args...)
}

// New makes an object of a global class such as "MessageChannel", and is a
// [NotSupportedError] where the browser does not have it.
func New(class string, args ...any) (safejs.Value, error) {
	constructor, ok := Member(safejs.Global(), class)
	if !ok {
		return constructor, Unsupported(class)
	}
	value, err := constructor.New(args...)
	return value, Error(err)
}

package dom

import (
	"errors"
	"syscall/js"

	"github.com/hack-pad/safejs"
)

// Error returns err, which safejs gave, as an *[Exception] if JavaScript threw,
// and unchanged otherwise.
func Error(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Exception](err); ok {
		return err
	}
	if thrown, ok := Thrown(err); ok {
		return NewException(thrown)
	}
	return err
}

// NewException returns the exception for a value that JavaScript threw or
// rejected a promise with. It may be any value.
func NewException(thrown safejs.Value) *Exception {
	e := &Exception{Name: "Error", Err: js.Error{Value: safejs.Unsafe(thrown)}}
	if name := StringMember(thrown, "name"); name != "" {
		e.Name = Name(name)
		e.Message = StringMember(thrown, "message")
		return e
	}
	text, err := thrown.String()
	if err == nil {
		e.Message = text
	}
	return e
}

// Thrown returns the JavaScript value behind err, if JavaScript threw one.
func Thrown(err error) (safejs.Value, bool) {
	thrown, ok := errors.AsType[js.Error](err)
	return safejs.Safe(thrown.Value), ok
}

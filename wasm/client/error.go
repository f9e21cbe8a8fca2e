package client

import (
	"errors"

	"github.com/pushkit/pushkit/server/wire"
)

// An Error is what the client's methods fail with.
type Error struct {
	// Code says what went wrong: one of package wire's, the client's own or the
	// server's passed on.
	Code wire.Code
	// Detail is for a developer: the server's own detail, or what was found. It
	// may be empty.
	Detail string
	// Err is the cause, nil where there is no other.
	Err error
}

// Error returns code, detail and cause.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of err: wire.Unexpected where it has none.
func CodeOf(err error) wire.Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return wire.Unexpected
}

// coded returns err with a code, unless it has one.
func coded(code wire.Code, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Code: code, Err: err}
}

// DetailOf returns what a developer should read beside the code of err: its own
// detail, or else the text of its cause. It may be empty.
func DetailOf(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err.Error()
	case e.Detail == "" && e.Err != nil:
		return e.Err.Error()
	default:
		return e.Detail
	}
}

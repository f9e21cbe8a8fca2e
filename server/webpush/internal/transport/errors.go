package transport

import (
	"context"
	"errors"
)

// unprocessed is an error of a request that the push service has provably not
// processed: it reads as its cause, with [ErrNotProcessed] in the chain.
type unprocessed struct{ cause error }

func (e unprocessed) Error() string   { return e.cause.Error() }
func (e unprocessed) Unwrap() []error { return []error{ErrNotProcessed, e.cause} }

var errClosed = errors.New("the transport is closed")

// refuse answers requests of which none was sent.
func refuse(requests []Request, done func(int, Response, error), cause error) {
	for i := range requests {
		done(i, Response{}, unprocessed{cause})
	}
}

// ended says why ctx has ended, or returns err if it has not.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

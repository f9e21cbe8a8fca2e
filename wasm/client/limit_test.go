package client

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// limited ends as context.WithTimeout does: by time, by its parent, by cancel.
func TestWithinEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(cancelParent, cancel func())
		want error
	}{
		"by time":       {func(_, _ func()) { time.Sleep(time.Second) }, context.DeadlineExceeded},
		"by its parent": {func(cancelParent, _ func()) { cancelParent() }, context.Canceled},
		"by cancel":     {func(_, cancel func()) { cancel() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				type key struct{}
				parent, cancelParent := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
				defer cancelParent()
				ctx, cancel := within(parent, 1000)
				defer cancel()
				synctest.Wait()
				if ctx.Err() != nil || ctx.Value(key{}) != "kept" {
					t.Fatalf("before the end: %v, %v", ctx.Err(), ctx.Value(key{}))
				}
				if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != time.Second {
					t.Errorf("deadline in %v", time.Until(deadline))
				}
				test.end(cancelParent, cancel)
				<-ctx.Done()
				if !errors.Is(ctx.Err(), test.want) {
					t.Errorf("ended with %v", ctx.Err())
				}
			})
		})
	}
}

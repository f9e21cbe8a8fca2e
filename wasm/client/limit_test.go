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
				parent, cancelParent := context.WithCancel(t.Context())
				defer cancelParent()
				ctx, cancel := within(parent, 1000)
				defer cancel()
				synctest.Wait()
				if ctx.Err() != nil {
					t.Fatalf("before the end: %v", ctx.Err())
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

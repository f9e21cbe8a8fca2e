package rig

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Each calls do with 0 to n-1, up to a limit at once, until one fails.
func Each(n, limit int, do func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(limit)
	for i := range n {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}

// Sleep waits, and returns the context's error where it is done.
func Sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Await asks every millisecond or so until ok, for limit at most; it returns
// whether it was.
func Await(ctx context.Context, limit time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(limit); !ok(); {
		if time.Now().After(deadline) || Sleep(ctx, time.Millisecond) != nil {
			return false
		}
	}
	return true
}

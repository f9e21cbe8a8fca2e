package sqlite

import (
	"context"
	"sync"
	"time"
)

const (
	// checkpointAfter is how long what was written stands in the log alone.
	checkpointAfter = time.Second
	// logPages is how long the log grows, in pages of 4 KiB, until the writer copies
	// it itself.
	logPages = 8000
)

// A checkpointer copies the write-ahead log into the database beside the writer. By
// itself SQLite has the writer do so at the end of each thousandth page, which
// everybody waits for who writes then. Only where the log never comes to its end, in
// the middle of a broadcast, the writer still copies the rest of it, and begins anew.
type checkpointer struct {
	store   *Store
	written chan struct{}
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

func newCheckpointer(s *Store) *checkpointer {
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpointer{store: s, written: make(chan struct{}, 1), stop: stop}
	c.stopped.Go(func() { c.run(ctx) })
	return c
}

// note says that the log has grown.
func (c *checkpointer) note() {
	select {
	case c.written <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.written:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkpointAfter):
		}
		// What does not succeed now is copied with the next, or by the writer.
		c.store.reading.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	}
}

func (c *checkpointer) close() {
	c.stop()
	c.stopped.Wait()
}

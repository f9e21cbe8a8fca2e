package dispatch

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// sweepEvery is how often what is kept for a time only is swept.
const sweepEvery = time.Minute

// sweep forgets what is kept for a time only, until ctx is done.
func (d *Dispatcher) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		swept, err := d.queue.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			d.away.Do(func() { d.log.Error("what is old cannot be swept", "error", err) })
		}
		if err == nil && swept >= push.SweepSize {
			// There may be more.
			continue
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

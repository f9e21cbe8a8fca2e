package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// A pulse is this node's beat. While it has not come for too long, the leases may
// be others'; when it comes again, an epoch has ended, and what was leased in it
// is given up.
type pulse struct {
	mu    sync.Mutex
	last  time.Time
	epoch int
	// first is closed by the first beat.
	first chan struct{}
}

// margin is how long before the end of the leases nothing more is sent.
const margin = push.BeatEvery

// holds says whether the leases of an epoch are still ours.
func (p *pulse) holds(epoch int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return epoch == p.epoch && !p.hasLapsed()
}

// hasLapsed says whether the last beat is too long ago. It is called under the lock.
func (p *pulse) hasLapsed() bool { return time.Since(p.last) >= push.LeaseTime-margin }

func (p *pulse) now() (epoch int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.epoch
}

// came notes a beat that began at a time; lapsed is true where an epoch has ended
// with it.
func (p *pulse) came(began time.Time) (lapsed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.IsZero() {
		close(p.first)
	} else if lapsed = p.hasLapsed(); lapsed {
		p.epoch++
	}
	p.last = began
	return lapsed
}

// isFresh says whether a beat came lately: that the store takes what is written, and
// that the leases are held.
func (p *pulse) isFresh() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.hasLapsed()
}

// IsAlive says whether the dispatcher runs, and the store has lately taken its beat.
func (d *Dispatcher) IsAlive() bool {
	select {
	case <-d.ended:
		return false
	default:
		return d.pulse.isFresh()
	}
}

// beat calls Beat until ctx is done.
func (d *Dispatcher) beat(ctx context.Context) {
	ticker := time.NewTicker(push.BeatEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		began := time.Now()
		freed, err := d.queue.Beat(ctx)
		if err == nil {
			freed = d.beaten(ctx, began) || freed
			err = d.learnCancelled(ctx, began)
		}
		if err != nil && ctx.Err() == nil {
			d.away.Do(func() { d.log.Error("the database does not answer", "error", err) })
		}
		if freed {
			d.Wake()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// learnCancelled asks which messages others have cancelled.
func (d *Dispatcher) learnCancelled(ctx context.Context, began time.Time) error {
	ids, err := d.queue.Cancelled(ctx)
	if err != nil {
		return err
	}
	d.cancelled.add(began, ids...)
	d.cancelled.forget(began)
	return nil
}

// beaten notes a beat, and gives up what was leased where it came too late.
// Nothing is claimed meanwhile, so that what is leased in the new epoch is kept.
func (d *Dispatcher) beaten(ctx context.Context, began time.Time) (lapsed bool) {
	d.claiming.Lock()
	defer d.claiming.Unlock()
	if !d.pulse.came(began) {
		return false
	}
	d.log.Warn("the database was away for too long: what was leased is given up and claimed again")
	// What was sent before is still ours to record, unless another node has taken
	// it over; then the fences say so.
	d.recorder.flush()
	for ctx.Err() == nil {
		err := d.queue.Forfeit(ctx)
		if err == nil {
			break
		}
		// Nobody else gives up what a node that lives holds and does not send.
		d.away.Do(func() { d.log.Error("the database does not answer", "error", err) })
		sleep(ctx, pauseAfterError)
	}
	return true
}

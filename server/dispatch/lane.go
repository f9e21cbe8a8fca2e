package dispatch

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// A job is what a lane sends: what is left of a batch, or deliveries that are
// tried again.
type job struct {
	batch      *push.Batch // nil: tried again
	deliveries []push.Delivery
	// epoch is that of the leases.
	epoch int
	// underWay counts the requests without an outcome.
	underWay *sync.WaitGroup
}

// bySite splits a job of deliveries that are tried again into those of each site.
func (j job) bySite() []job {
	var jobs []job
	at := make(map[push.SiteID]int)
	for _, delivery := range j.deliveries {
		i, known := at[delivery.Site]
		if !known {
			i = len(jobs)
			at[delivery.Site] = i
			jobs = append(jobs, job{batch: j.batch, epoch: j.epoch})
		}
		jobs[i].deliveries = append(jobs[i].deliveries, delivery)
	}
	return jobs
}

// A lane sends in bulk to one push service, so that one which is slow, away or
// halted holds up no other.
type lane struct {
	service string
	jobs    chan job
	// small counts the small batches under way, which do not go through jobs.
	small atomic.Int32
}

// laneOf is the push service and the site of a delivery, which are halted together.
func laneOf(d push.Delivery) push.Lane { return push.Lane{Service: d.Service, Site: d.Site} }

func (l *lane) isFull() bool { return len(l.jobs) == cap(l.jobs) }

// lane returns the lane of a push service, and makes it where there is none. The
// claiming goroutine alone calls it.
func (d *Dispatcher) lane(ctx, sending context.Context, service string) *lane {
	l := d.lanes[service]
	if l == nil {
		l = &lane{service: service, jobs: make(chan job, 1)}
		d.lanes[service] = l
		d.lanesAtWork.Go(func() {
			for {
				select {
				case j := <-l.jobs:
					d.Wake() // the lane has room
					for _, ofSite := range j.bySite() {
						d.sendBulk(ctx, sending, ofSite)
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return l
}

// sendBulk sends a job's deliveries, which are one site's, in parts, until ctx is done or
// the leases may be lost: what is left then is forfeited.
func (d *Dispatcher) sendBulk(ctx, sending context.Context, j job) {
	changed := d.cancelled.more()
	if j.deliveries = d.withoutCancelled(j.deliveries); len(j.deliveries) == 0 {
		return // all that is pending is tried again by itself
	}
	j.underWay = new(sync.WaitGroup)
	lane := laneOf(j.deliveries[0])
	if d.halts.isHalted(lane) && !d.trial(ctx, sending, lane, &j) {
		return
	}
	// heldInARow are held one after the other; waited is whether that was all that
	// is left once already.
	heldInARow, waited := 0, false
	for len(j.deliveries) > 0 {
		if d.recorder.wait(ctx) != nil || !d.pulse.holds(j.epoch) {
			return
		}
		select {
		case <-changed:
			changed = d.cancelled.more()
			j.deliveries = d.withoutCancelled(j.deliveries)
			continue
		default:
		}
		if d.halts.isHalted(lane) {
			d.handBack(ctx, j)
			return
		}
		n := min(len(j.deliveries), webpush.MaxBatch)
		held, wait := d.attemptBatch(sending, j.deliveries[:n], j.underWay)
		// A vendor has many hosts: the others' go before those of one that is left
		// alone.
		j.deliveries = append(j.deliveries[n:], held...)
		if heldInARow += n; len(held) < n {
			heldInARow, waited = 0, false
		}
		switch {
		case heldInARow == 0 || heldInARow < len(j.deliveries):
		case waited:
			// The lane goes on with what is for other hosts.
			d.putOff(j.deliveries, wait, "the push service is left alone for now")
			return
		default:
			sleepUnless(ctx, wait, changed)
			heldInARow, waited = 0, true
		}
	}
}

// trial sends one delivery to a push service that refuses its site, and says whether it
// was taken; else the rest is handed back. What has expired is recorded.
func (d *Dispatcher) trial(ctx, sending context.Context, lane push.Lane, j *job) bool {
	mayTry := d.halts.mayTry(lane, d.now())
	for mayTry && len(j.deliveries) > 0 {
		// Any of them: one visitor's may stand together.
		i := rand.N(len(j.deliveries))
		j.deliveries[0], j.deliveries[i] = j.deliveries[i], j.deliveries[0]
		delivery := j.deliveries[0]
		j.deliveries = j.deliveries[1:]
		if delivery.Message.Audience.Test {
			d.putOff([]push.Delivery{delivery}, trialEvery, push.ReasonHalted)
			continue
		}
		message, result, ok := d.prepare(sending, &delivery)
		if ok {
			result = d.judge(delivery, d.sender.Send(sending, message))
			mayTry = false
		}
		d.recorder.add(result)
	}
	if mayTry {
		// All had expired, or were tests: the trial is the next job's.
		d.halts.untried(lane, d.now())
		d.Wake()
	}
	if d.halts.isHalted(lane) {
		d.handBack(ctx, *j)
		return false
	}
	return true
}

// handBack gives up what a halted push service cannot take now.
func (d *Dispatcher) handBack(ctx context.Context, j job) {
	if j.batch == nil {
		d.putOff(j.deliveries, trialEvery, "the push service is halted: it refuses this server")
		return
	}
	// A release ends the lease: what is under way is recorded before.
	j.underWay.Wait()
	d.recorder.flush()
	for ctx.Err() == nil {
		err := d.queue.Release(ctx, *j.batch)
		if err == nil {
			return
		}
		d.log.Error("a batch cannot be handed back; trying again", "error", err)
		sleep(ctx, pauseAfterError)
	}
}

func sleep(ctx context.Context, pause time.Duration) { sleepUnless(ctx, pause, nil) }

// sleepUnless is also ended by the closing of a channel.
func sleepUnless(ctx context.Context, pause time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
}

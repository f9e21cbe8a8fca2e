package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// promise is how soon an outcome is on disk, where the machine has the time.
const promise = 100 * time.Millisecond

// underWay is how long after a kill what the network holds still comes.
const underWay = 50 * time.Millisecond

// A verdict is what became of deliveries.
type verdict struct {
	lost int
	// unrecorded of a broadcast had arrived when it came to the kill, and their
	// outcomes were not on disk; repeated came again, as all of these may. late of
	// them had come more than promise before the kill; oldest is the first.
	unrecorded, repeated, late int
	oldest                     time.Duration
	// byFaults came again since the push service broke off, where nothing waits for
	// the disk. wrong came again without
	// a reason: their outcomes were on disk, or there had been time for that.
	byFaults, wrong int
	example         string // of what is wrong
}

func (v *verdict) add(other verdict) {
	v.lost += other.lost
	v.unrecorded += other.unrecorded
	v.repeated += other.repeated
	v.late += other.late
	v.oldest = max(v.oldest, other.oldest)
	v.byFaults += other.byFaults
	v.wrong += other.wrong
	v.example = cmp.Or(v.example, other.example)
}

// judge holds the arrivals of a message against the kills and cuts. onDisk are the
// outcomes that the last kill left; nil: they are not known.
func (p *proof) judge(receipts map[rig.Subscriber]rig.Receipt, onDisk map[uint32]push.Outcomes) (v verdict) {
	for _, receipt := range receipts {
		isPending := onDisk == nil || isPending(receipt, onDisk)
		if onDisk != nil && isPending && receipt.Arrivals[0].At.Before(p.dead.Add(underWay)) {
			v.unrecorded++
		}
		for _, arrival := range receipt.Arrivals[:len(receipt.Arrivals)-1] {
			_, cut := isNear(arrival.At, p.cuts, p.window/2)
			ago, killed := isNear(arrival.At, p.kills, p.window)
			switch {
			case arrival.AnswerLost, cut:
				v.byFaults++
			case killed && isPending:
				v.repeated++
				v.oldest = max(v.oldest, ago)
				if ago > promise {
					v.late++
				}
			default:
				v.wrong++
				if v.example == "" {
					v.example = p.describe(receipt)
				}
			}
		}
	}
	return v
}

// describe tells when a delivery arrived, and what happened at that time, in
// seconds before the last kill or outage.
func (p *proof) describe(r rig.Receipt) string {
	origin := p.disturbed
	ago := func(t time.Time) string { return fmt.Sprintf(" %.3f", origin.Sub(t).Seconds()) }
	text := fmt.Sprintf("delivery %d of batch %d arrived", r.Ordinal, r.Batch)
	for _, arrival := range r.Arrivals {
		text += ago(arrival.At)
	}
	if n := len(p.cuts); n > 0 {
		text += ", the last cut" + ago(p.cuts[n-1])
	}
	if n := len(p.kills); n > 0 {
		text += ", the last kill" + ago(p.kills[n-1])
	}
	return text + " s before the last disturbance"
}

// isPending says whether a delivery had no outcome. That of a batch which was not
// there is of a later one.
func isPending(r rig.Receipt, onDisk map[uint32]push.Outcomes) bool {
	outcomes := onDisk[r.Batch]
	return int(r.Ordinal) < len(outcomes) && push.Outcome(outcomes[r.Ordinal]) == push.DeliveryPending
}

// isNear says whether what arrived at a time may have been in flight at one of some
// moments: within a window before it, or after it, since what the network holds
// still comes.
func isNear(at time.Time, moments []time.Time, window time.Duration) (ago time.Duration, ok bool) {
	for _, moment := range moments {
		if ago := moment.Sub(at); ago <= window && ago >= -window {
			return ago, true
		}
	}
	return 0, false
}

// judgeBroadcast wants that all who stay have got it, and the others are gone.
func (p *proof) judgeBroadcast(id string, got wire.MessageCounts, onDisk map[uint32]push.Outcomes) (verdict, error) {
	receipts := p.ledger.Receipts(id)
	v := p.judge(receipts, onDisk)
	for number := range p.subscribers {
		if _, ok := receipts[rig.Subscriber{Service: pushtest.DefaultName, Number: number}]; !ok {
			v.lost++
		}
	}
	staying := int64(p.subscribers)
	if want := (wire.MessageCounts{Targeted: staying + gonePerRound, Accepted: staying, Gone: gonePerRound}); got != want {
		return v, fmt.Errorf("the counts are %+v, want %+v; %+v", got, want, v)
	}
	if len(receipts) != p.subscribers {
		return v, fmt.Errorf("it came to %d, %d were accepted", len(receipts), got.Accepted)
	}
	p.ledger.Forget(id)
	return v, nil
}

// judgeSmall wants that a message to one person has come to that one alone.
func (p *proof) judgeSmall(ctx context.Context, node *rig.Node, s small) (verdict, error) {
	message, err := node.AwaitSent(ctx, s.id, askEvery, sentLimit)
	if err != nil {
		return verdict{}, err
	}
	receipts := p.ledger.Receipts(s.id)
	v := p.judge(receipts, nil)
	if _, ok := receipts[s.to]; !ok {
		v.lost++
	}
	if want := (wire.MessageCounts{Targeted: 1, Accepted: 1}); message.Counts != want || len(receipts) > 1 {
		return v, fmt.Errorf("a message to one person came to %d: %+v; %+v", len(receipts), message.Counts, v)
	}
	p.ledger.Forget(s.id)
	return v, nil
}

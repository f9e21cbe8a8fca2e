package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A line is what one round shows.
type line struct {
	victim string
	// after is how many subscribers the broadcast had reached at the kill.
	after                int
	small, smallRepeated int // messages to single people
	counts               wire.MessageCounts
	verdict              verdict
	sent                 time.Duration // from the kill
	takeover             time.Duration // 0: not asked
}

func (p *proof) run(ctx context.Context, store string) error {
	fmt.Fprintf(p.out, "\n%s\n", store)
	fmt.Fprintf(p.out, "%4s  %-11s %6s %9s %5s %6s %8s %5s %10s %9s %10s %10s %7s %11s\n",
		"kill", "victim", "at", "accepted", "gone", "small", "repeated", "lost", "unrecorded", "repeated", "oldest ms", "by faults", "sent s", "takeover s")
	total := verdict{}
	mailing, stop := context.WithCancel(ctx)
	defer stop()
	m := new(mailer)
	var group errgroup.Group
	group.Go(func() error { return m.run(mailing, p) })
	err := func() error {
		for n := range p.rounds {
			l, err := p.round(ctx, p.victims[n%len(p.victims)], m)
			if err != nil {
				return fmt.Errorf("kill %d: %w", n+1, err)
			}
			v, takeover := l.verdict, ""
			if l.takeover > 0 {
				takeover = fmt.Sprintf("%.1f", l.takeover.Seconds())
			}
			fmt.Fprintf(p.out, "%4d  %-11s %6d %9d %5d %6d %8d %5d %10d %9d %10.0f %10d %7.1f %11s\n", n+1, l.victim, l.after, l.counts.Accepted, l.counts.Gone,
				l.small, l.smallRepeated, v.lost, v.unrecorded, v.repeated, v.oldest.Seconds()*1000, v.byFaults, l.sent.Seconds(), takeover)
			total.add(v)
		}
		return nil
	}()
	stop()
	if mailErr := group.Wait(); err == nil {
		err = mailErr
	}
	if err == nil {
		fmt.Fprintf(p.out, "%d kills: %d lost; %d had come and were not recorded, %d of these came again, the oldest %.0f ms before its kill and %d before %v; %d came again by faults\n",
			p.rounds, total.lost, total.unrecorded, total.repeated, total.oldest.Seconds()*1000, total.late, promise, total.byFaults)
	}
	return err
}

// round broadcasts, kills somebody meanwhile, and holds what came of it against
// what must.
func (p *proof) round(ctx context.Context, victim string, m *mailer) (l line, err error) {
	l.victim = victim
	first := p.next
	if _, err := p.subscribe(ctx, gonePerRound); err != nil {
		return l, err
	}
	for number := first; number < p.next; number++ {
		p.service.End(number)
	}
	id, err := p.send(ctx, `{"audience": {"all": true}, "notification": {"title": "To everybody"}}`)
	if err != nil {
		return l, err
	}
	cutAt, killAt := p.random.IntN(p.subscribers), p.random.IntN(p.subscribers*9/10)
	if p.random.IntN(2) == 0 && cutAt < killAt {
		p.reach(ctx, id, cutAt)
		p.cuts = append(p.cuts, time.Now())
		p.service.Cut()
		p.cuts = append(p.cuts, time.Now())
	}
	p.reach(ctx, id, killAt)
	back, err := p.killOne(ctx, victim, id)
	if err != nil {
		return l, err
	}
	killed := time.Now()
	l.after = p.ledger.Reached(id)
	onDisk, err := p.onDisk(ctx, victim, id)
	if err != nil {
		return l, err
	}
	if err := rig.Sleep(ctx, time.Duration(p.random.Int64N(int64(300*time.Millisecond)))); err != nil {
		return l, err
	}
	if l.takeover, err = back(); err != nil {
		return l, err
	}
	node, err := p.anyNode()
	if err != nil {
		return l, err
	}
	message, err := node.AwaitSent(ctx, id, askEvery, sentLimit)
	if err != nil {
		return l, err
	}
	l.sent, l.counts = time.Since(killed), message.Counts
	if l.verdict, err = p.judgeBroadcast(id, message.Counts, onDisk); err != nil {
		return l, err
	}
	for _, s := range m.take() {
		v, err := p.judgeSmall(ctx, node, s)
		if err != nil {
			return l, err
		}
		l.verdict.lost += v.lost
		l.verdict.wrong += v.wrong
		l.verdict.example = cmp.Or(l.verdict.example, v.example)
		l.smallRepeated += v.repeated
		l.small++
	}
	if v := l.verdict; v.lost > 0 || v.wrong > 0 {
		return l, fmt.Errorf("killing %s: %+v", victim, v)
	}
	return l, p.startMissing(ctx)
}

// onDisk are the outcomes that a kill has left. Nobody is asked where the database
// is the victim; nothing is repeated then.
func (p *proof) onDisk(ctx context.Context, victim, id string) (map[uint32]push.Outcomes, error) {
	if victim == postgres {
		return nil, nil
	}
	return p.database.Outcomes(ctx, id)
}

// reach waits until a broadcast has reached n subscribers, or will not for now.
func (p *proof) reach(ctx context.Context, id string, n int) {
	rig.Await(ctx, 10*time.Second, func() bool { return p.ledger.Reached(id) >= n })
}

// killOne kills a victim. back brings back what has to be, and tells how long the
// work of a node that is gone lay.
func (p *proof) killOne(ctx context.Context, victim, id string) (back func() (time.Duration, error), err error) {
	p.disturbed = time.Now()
	switch victim {
	case postgres:
		// The nodes live and remember: nothing that they have sent is repeated.
		if err := p.database.Postgres.Kill(); err != nil {
			return nil, err
		}
		return func() (time.Duration, error) { return 0, p.database.Postgres.Run() }, nil
	case oneNode:
		last := len(p.nodes) - 1
		node, err := p.database.NewestNode(ctx)
		if err != nil {
			return nil, err
		}
		p.noteKill(func() { p.kill(last) })
		killed := time.Now()
		return func() (time.Duration, error) { return p.takeover(ctx, id, node, killed) }, nil
	}
	p.noteKill(p.killNodes)
	return func() (time.Duration, error) { return 0, p.startMissing(ctx) }, nil
}

// noteKill kills. What is in flight is counted from the moment before.
func (p *proof) noteKill(kill func()) {
	p.kills = append(p.kills, time.Now())
	kill()
	p.dead = time.Now()
}

// startMissing starts the nodes that do not run, the last one last.
func (p *proof) startMissing(ctx context.Context) error {
	for i, node := range p.nodes {
		if node == nil {
			if err := p.start(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeover waits until a dead node holds no lease on a broadcast and a delivery of
// one of its batches comes; 0: it held none.
func (p *proof) takeover(ctx context.Context, id string, dead push.ID, killed time.Time) (time.Duration, error) {
	held, err := p.database.AwaitFreed(ctx, id, dead, takeoverLimit)
	if err != nil || len(held) == 0 {
		return 0, err
	}
	freed := time.Now().Add(-time.Second)
	var first time.Time
	rig.Await(ctx, sentLimit, func() bool {
		for _, r := range p.ledger.Receipts(id) {
			if at := r.Arrivals[len(r.Arrivals)-1].At; at.After(freed) && slices.Contains(held, r.Batch) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
		return !first.IsZero()
	})
	if took := first.Sub(killed); took < takeoverLimit {
		return took, nil
	}
	return 0, fmt.Errorf("the work of a node that was killed lay for more than %v", takeoverLimit)
}

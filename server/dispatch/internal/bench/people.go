package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// settle is what a server has to itself after its start.
const settle = 2 * time.Second

// people measures one server with as many subscribers as told, on SQLite.
func (b *bench) people(ctx context.Context) error {
	person := newPerson(b.subscribers)
	s, err := b.newStage(pushtest.Options{DecryptEvery: 64, Handle: person.arrived})
	if err != nil {
		return err
	}
	defer s.service.Close()
	database, err := rig.OpenDatabase("sqlite", b.folder)
	if err != nil {
		return err
	}
	took, err := b.fill(ctx, database, s, b.subscribers)
	if err != nil {
		return err
	}
	limit := 90 * time.Second * time.Duration(b.subscribers) / 1_000_000
	b.Add(took <= limit, fmt.Sprintf("import of %d subscriptions", b.subscribers), fmt.Sprintf("≤ %.0f s", limit.Seconds()),
		"%.1f s, %.0f a second", took.Seconds(), float64(b.subscribers)/took.Seconds())
	size, err := database.Size(ctx)
	if err != nil {
		return err
	}
	each := float64(size) / float64(b.subscribers)
	b.Add(each <= 450, "each on disk", "≤ 450 bytes", "%.0f bytes", each)

	empty, err := b.start(ctx, s, "empty", "")
	if err != nil {
		return err
	}
	if err := rig.Sleep(ctx, settle+b.idle); err != nil {
		return err
	}
	emptyMemory := empty.Memory()
	empty.Kill()
	node, err := b.start(ctx, s, "full", database.URL)
	if err != nil {
		return err
	}
	defer node.Kill()
	if err := rig.Sleep(ctx, settle); err != nil {
		return err
	}
	cpu := node.CPU()
	if err := rig.Sleep(ctx, b.idle); err != nil {
		return err
	}
	share := 100 * (node.CPU() - cpu).Seconds() / b.idle.Seconds()
	b.Add(share <= 0.5, "idle, CPU", "≤ 0.5 % of a core", "%.2f %%", share)
	more := rig.MiB(node.Memory() - emptyMemory)
	b.Add(more <= 30, "idle, memory", "≤ 30 MiB above an empty server", "%.1f MiB above the empty one's %.1f", more, rig.MiB(emptyMemory))

	if err := person.subscribe(ctx, node, s); err != nil {
		return err
	}
	if err := b.broadcast(ctx, s, node, person); err != nil {
		return err
	}
	return s.service.Err()
}

// broadcast sends to everybody: between two of the sender alone, and once more while
// one person gets messages.
func (b *bench) broadcast(ctx context.Context, s stage, node *rig.Node, p *person) error {
	before, err := b.senderAlone(ctx, s)
	if err != nil {
		return err
	}
	cpu, began := node.CPU(), time.Now()
	accepted, c, err := b.toEverybody(ctx, node)
	if err != nil {
		return err
	}
	took, used := time.Since(began), node.CPU()-cpu
	after, err := b.senderAlone(ctx, s)
	if err != nil {
		return err
	}
	each, alone := float64(used.Microseconds())/float64(c.Accepted), (before+after)/2
	b.Add(each <= 1.35*alone, fmt.Sprintf("broadcast to %d, CPU of the server a message", b.subscribers), "≤ 1.35 × the sender alone",
		"%.2f × (%.1f µs; the sender %.1f before and %.1f after; %.0f a second)", each/alone, each, before, after, float64(c.Accepted)/took.Seconds())

	quiet, err := p.during(ctx, node, func() error { return rig.Sleep(ctx, 5*time.Second) })
	if err != nil {
		return err
	}
	busy, err := p.during(ctx, node, func() error {
		again, _, err := b.toEverybody(ctx, node)
		accepted = max(accepted, again)
		return err
	})
	if err != nil {
		return err
	}
	b.Add(accepted <= 50*time.Millisecond, "its acceptance", "≤ 50 ms", "%.1f ms, the longer of two", rig.Milliseconds(accepted))
	peak := node.PeakMemory()
	b.Add(rig.MiB(peak) <= 150, "its memory", "≤ 150 MiB resident", "%.1f MiB at most", rig.MiB(peak))
	p50, p99 := rig.Percentile(busy.took, 50), rig.Percentile(busy.took, 99)
	b.Add(p50 <= 5*time.Millisecond && p99 <= 30*time.Millisecond, "one person's message meanwhile, POST to arrival, p50 / p99", "≤ 5 / ≤ 30 ms",
		"%.1f / %.1f ms (%d messages; answers %.1f / %.1f; without a broadcast %.1f / %.1f; timers of the measuring process, which shares a core with the push service, are late by %.1f / %.1f)",
		rig.Milliseconds(p50), rig.Milliseconds(p99), len(busy.took), rig.Milliseconds(rig.Percentile(busy.answered, 50)), rig.Milliseconds(rig.Percentile(busy.answered, 99)),
		rig.Milliseconds(rig.Percentile(quiet.took, 50)), rig.Milliseconds(rig.Percentile(quiet.took, 99)), rig.Milliseconds(rig.Percentile(busy.late, 50)), rig.Milliseconds(rig.Percentile(busy.late, 99)))
	return nil
}

// toEverybody sends a broadcast, and waits until it is sent.
func (b *bench) toEverybody(ctx context.Context, node *rig.Node) (accepted time.Duration, c wire.MessageCounts, err error) {
	began := time.Now()
	id, err := node.Send(ctx, "", broadcastBody)
	if err != nil {
		return 0, c, err
	}
	accepted = time.Since(began)
	m, err := node.AwaitSent(ctx, id, askEvery, sentLimit)
	// And the one person.
	if want := int64(b.subscribers + 1); err == nil && m.Counts.Accepted != want {
		err = fmt.Errorf("%d were accepted, want %d: %+v", m.Counts.Accepted, want, m.Counts)
	}
	return accepted, m.Counts, err
}

// broadcastBody is what is sent to everybody.
var broadcastBody = `{"audience": {"all": true}, "notification": {"title": "To everybody", "body": "` + filler + `"}, "ttl": 86400}`

func writeFile(folder, name string, text []byte) (path string, err error) {
	path = filepath.Join(folder, name)
	return path, os.WriteFile(path, text, 0o600)
}

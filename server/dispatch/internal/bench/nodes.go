package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const (
	// manyNodes share a database. Two cores cannot show by their CPU what that is
	// worth: the push service takes nodeLatency to answer, and each node may have
	// nodeInFlight requests under way.
	manyNodes    = 3
	nodeLatency  = 50 * time.Millisecond
	nodeInFlight = "40"
	// takeoverLimit is how long the work of a node that was killed may lie.
	takeoverLimit = 15 * time.Second
	// sentLimit is how long a broadcast may take, askEvery how often it is asked for.
	sentLimit = time.Hour
	askEvery  = 250 * time.Millisecond
)

// nodes measures several nodes on one PostgreSQL.
func (b *bench) nodes(ctx context.Context) error {
	s, err := b.newStage(pushtest.Options{Latency: nodeLatency})
	if err != nil {
		return err
	}
	defer s.service.Close()
	database, err := rig.OpenDatabase("postgres", b.folder)
	if err != nil {
		return err
	}
	defer database.Close()
	if _, err := b.fill(ctx, database, s, b.nodeSubscribers); err != nil {
		return err
	}
	var running []*rig.Node
	defer func() {
		for _, node := range running {
			node.Kill()
		}
	}()
	more := func() error {
		node, err := b.start(ctx, s, fmt.Sprint("node", len(running)), database.URL, "--max-in-flight", nodeInFlight)
		if err == nil {
			running = append(running, node)
		}
		return err
	}
	if err := more(); err != nil {
		return err
	}
	one, err := b.timed(ctx, running[0])
	if err != nil {
		return err
	}
	for len(running) < manyNodes {
		if err := more(); err != nil {
			return err
		}
	}
	many, err := b.timed(ctx, running[0])
	if err != nil {
		return err
	}
	speedup := one.Seconds() / many.Seconds()
	b.Add(speedup >= 2.5, fmt.Sprintf("%d nodes on one PostgreSQL", manyNodes), "≥ 2.5 × one node",
		"%.2f × (%d subscribers in %.1f and %.1f s; a push service of %v latency, %s in flight a node)",
		speedup, b.nodeSubscribers, one.Seconds(), many.Seconds(), nodeLatency, nodeInFlight)

	last := running[len(running)-1]
	id, err := running[0].Send(ctx, "", broadcastBody)
	if err != nil {
		return err
	}
	// Half-way.
	if err := rig.Sleep(ctx, many/2); err != nil {
		return err
	}
	dead, err := database.NewestNode(ctx)
	if err != nil {
		return err
	}
	last.Kill()
	killed := time.Now()
	held, err := database.AwaitFreed(ctx, id, dead, takeoverLimit)
	if err != nil {
		return err
	}
	lay := time.Since(killed)
	b.Add(len(held) > 0 && lay <= takeoverLimit, "a node killed -9 with leases held", "its work goes on within 15 s", "%d batches went to other nodes after %.1f s", len(held), lay.Seconds())
	m, err := running[0].AwaitSent(ctx, id, askEvery, sentLimit)
	if err == nil && m.Counts.Accepted != int64(b.nodeSubscribers) {
		err = fmt.Errorf("after a kill: %+v", m.Counts)
	}
	return err
}

// timed is how long a broadcast takes.
func (b *bench) timed(ctx context.Context, node *rig.Node) (time.Duration, error) {
	began := time.Now()
	id, err := node.Send(ctx, "", broadcastBody)
	if err != nil {
		return 0, err
	}
	m, err := node.AwaitSent(ctx, id, askEvery, sentLimit)
	if err == nil && m.Counts.Accepted != int64(b.nodeSubscribers) {
		err = fmt.Errorf("%+v", m.Counts)
	}
	return time.Since(began), err
}

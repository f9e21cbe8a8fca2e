package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const (
	// awaySubscribers get a broadcast while the database goes away.
	awaySubscribers = 5000
	// awayPostEvery is how often somebody posts meanwhile.
	awayPostEvery = 100 * time.Millisecond
	// diskSize is that of the disk that becomes full.
	diskSize = 64 << 20
)

// away measures what happens while the database does not do its work.
func (b *bench) away(ctx context.Context) error {
	return errors.Join(b.postgresStopped(ctx), b.diskFull(ctx))
}

func (b *bench) postgresStopped(ctx context.Context) error {
	database, err := rig.OpenDatabase("postgres", b.folder)
	if err != nil {
		return err
	}
	defer database.Close()
	return b.outageOf(ctx, "PostgreSQL stopped", database, func() (func() error, error) {
		database.Postgres.Stop()
		return database.Postgres.Run, nil
	})
}

func (b *bench) diskFull(ctx context.Context) error {
	disk := filepath.Join(b.folder, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		fmt.Printf("- SQLite's disk full: not measured, since a small disk cannot be mounted: %v\n", err)
		return nil
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	database, err := rig.OpenDatabase("sqlite", disk)
	if err != nil {
		return err
	}
	return b.outageOf(ctx, "SQLite's disk full", database, func() (func() error, error) {
		ballast := filepath.Join(disk, "ballast")
		return func() error { return os.Remove(ballast) }, fillDisk(ballast)
	})
}

// roomTaken is in each message of its own. SQLite goes on in the room that it has
// already: a full disk is felt when a message needs more.
var roomTaken = strings.Repeat("x", 2500)

// fillDisk writes a file until no byte more has room.
func fillDisk(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for size := 1 << 20; size > 0; {
		if _, err := file.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil && !errors.Is(err, io.ErrShortWrite) {
			return err
		}
	}
	return nil
}

// outageOf takes the database away in the middle of a broadcast, while messages are
// posted, and brings it back.
func (b *bench) outageOf(ctx context.Context, what string, database *rig.Database, takeAway func() (back func() error, err error)) error {
	ledger := rig.NewLedger()
	s, err := b.newStage(pushtest.Options{Latency: nodeLatency, Handle: func(p pushtest.Push) { ledger.Enter(pushtest.DefaultName, p) }})
	if err != nil {
		return err
	}
	defer s.service.Close()
	if _, err := b.fill(ctx, database, s, awaySubscribers); err != nil {
		return err
	}
	node, err := b.start(ctx, s, "away", database.URL, "--max-in-flight", nodeInFlight)
	if err != nil {
		return err
	}
	defer node.Kill()
	// The one who gets messages of their own is there already.
	to, err := node.Subscribe(ctx, s.service.Subscription(0))
	if err != nil {
		return err
	}
	id, err := node.Send(ctx, "", broadcastBody)
	if err != nil {
		return err
	}
	accepted := []string{id}
	if !rig.Await(ctx, time.Minute, func() bool { return ledger.Reached(id) > awaySubscribers/4 }) {
		return errors.New("the broadcast does not begin")
	}
	back, err := takeAway()
	if err != nil {
		return err
	}
	var refused, wrong int
	var slowest time.Duration
	for began := time.Now(); time.Since(began) < b.outage; {
		at := time.Now()
		one, err := node.Send(ctx, "", fmt.Sprintf(`{"audience": {"subscriptions": [%q]}, "notification": {"title": "To you", "body": %q}}`, to, roomTaken))
		slowest = max(slowest, time.Since(at))
		refusal := (*rig.Refusal)(nil)
		switch {
		case err == nil:
			accepted = append(accepted, one)
		case errors.As(err, &refusal) && refusal.Status == 503 && refusal.RetryAfter != "":
			refused++
		default:
			wrong++
			fmt.Println("  ", err)
		}
		if err := rig.Sleep(ctx, awayPostEvery); err != nil {
			return err
		}
	}
	if err := back(); err != nil {
		return err
	}
	returned, before := time.Now(), ledger.Reached(id)
	if !rig.Await(ctx, time.Minute, func() bool { return ledger.Reached(id) > before || before >= awaySubscribers }) {
		return errors.New("the broadcast does not go on")
	}
	resumed := time.Since(returned)
	lost := 0
	for _, id := range accepted {
		m, err := node.AwaitSent(ctx, id, askEvery, sentLimit)
		if err != nil {
			return err
		}
		if int(m.Counts.Accepted) != ledger.Reached(id) || m.Counts.Accepted != m.Counts.Targeted {
			lost++
		}
	}
	lost += awaySubscribers - ledger.Reached(accepted[0])
	repeated := 0
	for _, r := range ledger.Receipts(id) {
		repeated += len(r.Arrivals) - 1
	}
	b.Add(wrong == 0 && lost == 0 && refused > 0, fmt.Sprintf("%s for %.0f s", what, b.outage.Seconds()), "503 with Retry-After, nothing lost, goes on by itself",
		"%d posts answered 503 with Retry-After, the slowest after %.1f s, %d otherwise, %d accepted; %d lost, %d repeated; went on %.1f s after the database was back",
		refused, slowest.Seconds(), wrong, len(accepted)-1, lost, repeated, resumed.Seconds())
	return errors.Join(ledger.Err(), s.service.Err())
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

const (
	// pollEvery is how often a message's counts are read.
	pollEvery = 100 * time.Millisecond
	// waitsAfter is for how long a message is not said to wait.
	waitsAfter = 3 * time.Second
)

// watch follows the message until nothing is pending, with a progress bar for a
// person. waits, if it is not nil, is called once where that takes long.
func watch(
	ctx context.Context, cmd *cli.Command, b backend, m wire.MessageResponse, waits func(context.Context, wire.MessageResponse),
) (wire.MessageResponse, error) {
	bar := newProgress(cmd.Root().ErrWriter, "sending")
	defer bar.Finish()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	began := time.Now()
	for m.State == wire.MessageSending || m.State == wire.MessageScheduled {
		select {
		case <-ctx.Done():
			return m, fmt.Errorf("message %s is still being sent, which goes on without this command where a server runs: pushkit messages show %s%s", m.ID, m.ID, sameBackend(cmd))
		case <-ticker.C:
		}
		var err error
		if m, err = b.message(ctx, m.ID); err != nil {
			return m, err
		}
		bar.ChangeMax64(max(m.Counts.Targeted, 1))
		bar.Set64(m.Counts.Targeted - m.Counts.Pending)
		if waits != nil && time.Since(began) > waitsAfter {
			bar.Clear()
			waits(ctx, m)
			waits = nil
		}
	}
	return m, nil
}

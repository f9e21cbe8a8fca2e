package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// lossSlots is how many transactions may count losses of a day and a reason at once.
const lossSlots = 16

// countLosses notes that n subscriptions have ended. Their tombstones are written.
func countLosses(ctx context.Context, q *db.Queries, site int64, reason push.EndReason, at time.Time, n int64) error {
	if n == 0 || !reason.IsLoss() {
		return nil
	}
	return q.CountLosses(ctx, db.CountLossesParams{
		Site: site, Day: int32(push.DayOf(at)), Reason: string(reason), Slot: rand.N[int16](lossSlots), Count: n})
}

// Losses implements [push.Losses].
func (s *Store) Losses(ctx context.Context, site push.SiteID, from, to push.Day) (losses []push.Loss, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.Losses(ctx, db.LossesParams{Site: int64(site), First: int32(from), Last: int32(to)})
		losses = make([]push.Loss, len(rows))
		for i, row := range rows {
			losses[i] = push.Loss{Day: push.Day(row.Day), Reason: push.EndReason(row.Reason), Count: row.Count}
		}
		return err
	})
	return losses, err
}

// sweepEnded forgets up to SweepSize tombstones whose time is over, and the losses of
// that time.
func (s *Store) sweepEnded(ctx context.Context, q *db.Queries) (swept int, err error) {
	if s.retention == 0 {
		return 0, nil
	}
	until := s.now().Add(-s.retention)
	n, err := q.DeleteOldTombstones(ctx, db.DeleteOldTombstonesParams{Until: until, AtMost: push.SweepSize})
	if err != nil {
		return 0, err
	}
	return int(n), q.DeleteOldLosses(ctx, int32(push.DayOf(until)))
}

package sqlite

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// countLosses notes that n subscriptions have ended.
func countLosses(ctx context.Context, q *db.Queries, site int64, reason push.EndReason, at time.Time, n int) error {
	if n == 0 || !reason.IsLoss() {
		return nil
	}
	return q.CountLosses(ctx, db.CountLossesParams{Site: site, Day: int64(push.DayOf(at)), Reason: string(reason), Count: int64(n)})
}

// Losses implements [push.Losses].
func (s *Store) Losses(ctx context.Context, site push.SiteID, from, to push.Day) ([]push.Loss, error) {
	rows, err := s.read.Losses(ctx, db.LossesParams{Site: int64(site), First: int64(from), Last: int64(to)})
	losses := make([]push.Loss, len(rows))
	for i, row := range rows {
		losses[i] = push.Loss{Day: push.Day(row.Day), Reason: push.EndReason(row.Reason), Count: row.Count}
	}
	return losses, explain(err)
}

// sweepEnded forgets up to SweepSize tombstones whose time is over, and the losses of
// that time.
func (s *Store) sweepEnded(ctx context.Context) (swept int, err error) {
	if s.retention == 0 {
		return 0, nil
	}
	until := s.now().Add(-s.retention)
	// Looking first keeps an idle server from writing.
	old, err := s.read.HasOldTombstones(ctx, until.UnixMilli())
	if err == nil && !old {
		old, err = s.read.HasOldLosses(ctx, int64(push.DayOf(until)))
	}
	if err != nil || !old {
		return 0, explain(err)
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.OldTombstones(ctx, db.OldTombstonesParams{EndedAt: until.UnixMilli(), Limit: push.SweepSize})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := q.DeleteTombstone(ctx, db.DeleteTombstoneParams(row)); err != nil {
				return err
			}
		}
		swept = len(rows)
		return q.DeleteOldLosses(ctx, int64(push.DayOf(until)))
	})
	return swept, err
}

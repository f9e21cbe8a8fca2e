package postgres

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// followClock notices that the database's clock was set back, and by how much:
// then no lease ends later than it would have, what was due is due, and retries
// wait no longer than they were to.
func (s *Store) followClock(ctx context.Context) (setBack bool, err error) {
	var now time.Time
	var shift time.Duration
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.LatestLease(ctx, s.testClock())
		if err == nil {
			now = row.Now
			shift, setBack = push.ClockShift(row.Latest, now)
		}
		return ignoreNoRows(err)
	})
	if err != nil || !setBack {
		return false, err
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		// Of several nodes that notice, one does it.
		if n, err := q.ShortenLeases(ctx, db.ShortenLeasesParams{Until: now.Add(push.LeaseTime), Beyond: now.Add(2 * push.LeaseTime)}); err != nil || n == 0 {
			return err
		}
		by, before := shift.Seconds(), now.Add(shift+push.LeaseTime)
		if err := q.ShiftExpansions(ctx, db.ShiftExpansionsParams{Seconds: by, Now: now, Before: before}); err != nil {
			return err
		}
		if err := q.ShiftBatches(ctx, db.ShiftBatchesParams{Seconds: by, Now: now, Before: before}); err != nil {
			return err
		}
		if err := q.ShiftExceptions(ctx, db.ShiftExceptionsParams{Seconds: by, Now: now}); err != nil {
			return err
		}
		if err := q.ShiftMessages(ctx, db.ShiftMessagesParams{Seconds: by, Now: now, Before: before}); err != nil {
			return err
		}
		if err := q.ShiftWebhooks(ctx, db.ShiftWebhooksParams{Seconds: by, Now: now}); err != nil {
			return err
		}
		return q.ShiftWebhookEvents(ctx, db.ShiftWebhookEventsParams{Seconds: by, Now: now})
	})
	return setBack, err
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// followClock notices that the clock was set back, and by how much: then no lease
// ends later than it would have, what was due is due, and retries wait no longer
// than they were to.
func followClock(ctx context.Context, q *db.Queries, now time.Time) (setBack bool, err error) {
	latest, err := q.LatestLease(ctx)
	if err != nil {
		return false, err
	}
	shift, setBack := push.ClockShift(time.UnixMilli(latest), now)
	if !setBack {
		return false, nil
	}
	by, from, to := shift.Milliseconds(), now.UnixMilli(), now.Add(shift+push.LeaseTime).UnixMilli()
	return true, errors.Join(
		q.ShortenLeases(ctx, now.Add(push.LeaseTime).UnixMilli()),
		q.ShiftExpansions(ctx, db.ShiftExpansionsParams{Shift: by, Now: from, Before: to}),
		q.ShiftBatches(ctx, db.ShiftBatchesParams{Shift: by, Now: from, Before: to}),
		q.ShiftExceptions(ctx, db.ShiftExceptionsParams{Shift: by, Now: sql.NullInt64{Int64: from, Valid: true}}),
		q.ShiftMessages(ctx, db.ShiftMessagesParams{Shift: by, Now: from, Before: to}),
		q.ShiftWebhooks(ctx, db.ShiftWebhooksParams{Shift: by, Now: from}),
		q.ShiftWebhookEvents(ctx, db.ShiftWebhookEventsParams{Shift: sql.NullInt64{Int64: by, Valid: true}, Now: sql.NullInt64{Int64: from, Valid: true}}),
	)
}

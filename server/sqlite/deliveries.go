package sqlite

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/wire"
)

// countReasons learns how many reasons are kept of what a result is counted with.
func countReasons(ctx context.Context, q *db.Queries, reasons push.Reasons, r push.DeliveryResult) error {
	group, counted := r.ReasonGroup()
	if _, known := reasons[group]; known || !counted {
		return nil
	}
	n, err := q.CountEnded(ctx, db.CountEndedParams{Message: group.Message[:], Outcome: int64(group.Outcome), AtMost: wire.MaxReasons})
	reasons[group] = int(n)
	return err
}

// ListDeliveries implements [push.Messages].
func (s *Store) ListDeliveries(ctx context.Context, site push.SiteID, message push.ID, outcome push.Outcome, cursor string, limit int) ([]push.DeliveryStatus, string, error) {
	after, err := push.ParseDeliveryCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var rows []db.WaitingAfterRow
	if outcome == push.DeliveryPending {
		rows, err = s.read.WaitingAfter(ctx, db.WaitingAfterParams{
			Site: int64(site), Message: message[:], Batch: after.Batch, Ordinal: int64(after.Ordinal), Limit: int64(limit) + 1})
	} else {
		var ended []db.EndedAfterRow
		ended, err = s.read.EndedAfter(ctx, db.EndedAfterParams{
			Site: int64(site), Message: message[:], Outcome: int64(outcome), Batch: after.Batch, Ordinal: int64(after.Ordinal), Limit: int64(limit) + 1})
		for _, row := range ended {
			rows = append(rows, db.WaitingAfterRow{
				Batch: row.Batch, Ordinal: row.Ordinal, Status: row.Status, Reason: row.Reason, Subscription: row.Subscription, Service: row.Service})
		}
	}
	if err != nil {
		return nil, "", explain(err)
	}
	rows, next := push.CutPage(rows, limit, func(row db.WaitingAfterRow) string {
		return push.DeliveryCursor{Batch: row.Batch, Ordinal: uint16(row.Ordinal)}.String()
	})
	page := make([]push.DeliveryStatus, len(rows))
	for i, row := range rows {
		page[i] = push.DeliveryStatus{Subscription: idOf(row.Subscription), Service: row.Service, Outcome: outcome, Status: int(row.Status), Reason: row.Reason}
		if row.NextAt.Valid {
			page[i].RetryAt = time.UnixMilli(row.NextAt.Int64)
		}
	}
	return page, next, nil
}

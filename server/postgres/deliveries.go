package postgres

import (
	"context"
	"maps"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// limitReasons takes out what is to be put the reasons of which there are enough. Two
// nodes at once may keep some more.
func (r *recording) limitReasons(ctx context.Context, q *db.Queries) error {
	groups := make(map[push.ReasonGroup]bool)
	for _, result := range r.put {
		if group, counted := result.ReasonGroup(); counted {
			groups[group] = true
		}
	}
	if len(groups) == 0 {
		return nil
	}
	count := db.CountEndedParams{AtMost: wire.MaxReasons}
	for group := range maps.Keys(groups) {
		count.Messages, count.Outcomes = append(count.Messages, group.Message), append(count.Outcomes, int16(group.Outcome))
	}
	rows, err := q.CountEnded(ctx, count)
	if err != nil {
		return err
	}
	reasons := make(push.Reasons)
	for _, row := range rows {
		reasons[push.ReasonGroup{Message: row.Message, Outcome: push.Outcome(row.Outcome)}] = int(row.Ended)
	}
	for id, result := range r.put {
		if !reasons.Keep(result) {
			delete(r.put, id)
			if result.Delivery.Attempt > 0 {
				r.drop[id] = true
			}
		}
	}
	return nil
}

// ListDeliveries implements [push.Messages].
func (s *Store) ListDeliveries(ctx context.Context, site push.SiteID, message push.ID, outcome push.Outcome, cursor string, limit int) (page []push.DeliveryStatus, next string, err error) {
	after, err := push.ParseDeliveryCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var rows []db.WaitingAfterRow
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		if outcome == push.DeliveryPending {
			rows, err = q.WaitingAfter(ctx, db.WaitingAfterParams{
				Site: int64(site), Message: message, Batch: after.Batch, Ordinal: int32(after.Ordinal), AtMost: int32(limit) + 1})
			return err
		}
		ended, err := q.EndedAfter(ctx, db.EndedAfterParams{
			Site: int64(site), Message: message, Outcome: int16(outcome), Batch: after.Batch, Ordinal: int32(after.Ordinal), AtMost: int32(limit) + 1})
		rows = make([]db.WaitingAfterRow, len(ended))
		for i, row := range ended {
			rows[i] = db.WaitingAfterRow{
				Batch: row.Batch, Ordinal: row.Ordinal, Status: row.Status, Reason: row.Reason, Subscription: row.Subscription, Service: row.Service}
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	rows, next = push.CutPage(rows, limit, func(row db.WaitingAfterRow) string {
		return push.DeliveryCursor{Batch: row.Batch, Ordinal: uint16(row.Ordinal)}.String()
	})
	page = make([]push.DeliveryStatus, len(rows))
	for i, row := range rows {
		page[i] = push.DeliveryStatus{
			Subscription: row.Subscription, Service: row.Service, Outcome: outcome, Status: int(row.Status), Reason: row.Reason, RetryAt: row.NextAt}
	}
	return page, next, nil
}

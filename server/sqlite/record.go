package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/wire"
)

// Record implements [push.Queue].
func (s *Store) Record(ctx context.Context, results []push.DeliveryResult) (fenced int, err error) {
	if len(results) == 0 {
		return 0, nil
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		fenced, err = s.record(ctx, q, results)
		return err
	})
	return fenced, err
}

func (s *Store) record(ctx context.Context, q *db.Queries, results []push.DeliveryResult) (fenced int, err error) {
	order, byBatch := push.GroupByBatch(results, func(r push.DeliveryResult) push.BatchID { return r.Delivery.ID.BatchID() })
	reasons := make(push.Reasons)
	for _, id := range order {
		n, err := s.recordBatch(ctx, q, id.Message, int64(id.No), byBatch[id], reasons)
		if err != nil {
			return 0, err
		}
		fenced += n
	}
	return fenced, nil
}

func (s *Store) recordBatch(ctx context.Context, q *db.Queries, message push.ID, no int64, results []push.DeliveryResult, reasons push.Reasons) (fenced int, err error) {
	row, err := q.BatchOutcomes(ctx, db.BatchOutcomesParams{Message: message[:], No: no})
	if err != nil {
		return 0, err
	}
	var counted []push.DeliveryResult
	for _, result := range results {
		ours := result.Delivery.Fence == row.Fence
		if result.Delivery.Attempt > 0 {
			if ours, err = isFenceOfException(ctx, q, result.Delivery); err != nil {
				return 0, err
			}
		}
		if !ours {
			fenced++
			continue
		}
		told, err := isToldTwice(ctx, q, result)
		if err != nil {
			return 0, err
		}
		if told {
			continue
		}
		if row.MessageState == wire.MessageCancelled {
			result = result.OfCancelled()
		}
		row.Outcomes[result.Delivery.ID.Ordinal] = byte(result.Outcome)
		if err := s.recordException(ctx, q, result, reasons); err != nil {
			return 0, err
		}
		counted = append(counted, result)
	}
	if fenced == len(results) {
		return fenced, nil
	}
	if err := forgetDone(ctx, q, counted); err != nil {
		return 0, err
	}
	if err := s.followFailures(ctx, q, results[0].Delivery.Site, row.PushService, counted); err != nil {
		return 0, err
	}
	return fenced, s.writeOutcomes(ctx, q, message, no, row.State, row.Outcomes)
}

// writeOutcomes writes a batch's outcomes, and ends it where nothing is pending.
func (s *Store) writeOutcomes(ctx context.Context, q *db.Queries, message push.ID, no, state int64, outcomes push.Outcomes) error {
	c := outcomes.Counts()
	update := db.UpdateOutcomesParams{
		Outcomes: outcomes, Accepted: c.Accepted, Gone: c.Gone, Failed: c.Failed, Expired: c.Expired, Cancelled: c.Cancelled, Pending: c.Pending,
		State: state, Message: message[:], No: no,
	}
	if c.Pending == 0 {
		update.State = batchDone
	}
	if err := q.UpdateOutcomes(ctx, update); err != nil || update.State != batchDone {
		return err
	}
	if err := q.DeleteMembers(ctx, db.DeleteMembersParams{Message: message[:], No: no}); err != nil {
		return err
	}
	return s.finishMessage(ctx, q, message[:])
}

// isToldTwice says whether a result is that of a first attempt after which
// another one was noted already, and may be under way.
func isToldTwice(ctx context.Context, q *db.Queries, r push.DeliveryResult) (bool, error) {
	if r.Delivery.Attempt > 0 || r.Outcome == push.DeliveryAccepted {
		return false, nil
	}
	id := r.Delivery.ID
	return q.IsTriedAgain(ctx, db.IsTriedAgainParams{Message: id.Message[:], Batch: int64(id.Batch), Ordinal: int64(id.Ordinal)})
}

// isFenceOfException says whether a delivery that was tried again is still leased
// as it was then.
func isFenceOfException(ctx context.Context, q *db.Queries, d push.Delivery) (bool, error) {
	fence, err := q.ExceptionFence(ctx, db.ExceptionFenceParams{Message: d.ID.Message[:], Batch: int64(d.ID.Batch), Ordinal: int64(d.ID.Ordinal)})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return fence == d.Fence, err
}

// recordException keeps what is not plain success: a next attempt, or why a
// delivery failed. A subscription that is gone ends here.
func (s *Store) recordException(ctx context.Context, q *db.Queries, r push.DeliveryResult, reasons push.Reasons) error {
	id := r.Delivery.ID
	if r.Outcome == push.DeliveryGone && r.Delivery.Subscription.Endpoint() != "" {
		rows := s.rows(ctx, q, r.Delivery.Site)
		now := s.now()
		reason := func(sub *push.Subscription) push.EndReason { return sub.GoneReason(now) }
		if err := rows.end(r.Delivery.Subscription.Endpoint(), reason, now); err != nil {
			return err
		}
	}
	if err := countReasons(ctx, q, reasons, r); err != nil {
		return err
	}
	if !reasons.Keep(r) {
		if r.Delivery.Attempt == 0 {
			return nil
		}
		return q.DeleteException(ctx, db.DeleteExceptionParams{Message: id.Message[:], Batch: int64(id.Batch), Ordinal: int64(id.Ordinal)})
	}
	attempt := int64(r.Delivery.Attempt)
	var next sql.NullInt64
	if r.Outcome == push.DeliveryPending {
		attempt++
		next = sql.NullInt64{Int64: r.RetryAt.UnixMilli(), Valid: true}
	}
	return q.PutException(ctx, db.PutExceptionParams{
		Message: id.Message[:], Batch: int64(id.Batch), Ordinal: int64(id.Ordinal),
		Attempt: attempt, NextAt: next, Status: int64(r.Status), Reason: r.Reason,
		Subscription: r.Delivery.SubscriberID[:], Outcome: int64(r.Outcome),
	})
}

// finishMessage writes that the audience has been read to its end, and that a
// message is sent when nothing of it is left to do.
func (s *Store) finishMessage(ctx context.Context, q *db.Queries, message []byte) error {
	left, err := q.UnfinishedWork(ctx, message)
	if err != nil || left.Expansions {
		return err
	}
	state := wire.MessageSending
	if !left.Batches {
		state = wire.MessageSent
	}
	changed, err := q.FinishMessage(ctx, db.FinishMessageParams{State: state, ID: message, Cancelled: wire.MessageCancelled})
	if err != nil || changed == 0 || state != wire.MessageSent || !s.wanted.ByAny(push.TypeMessageSent) {
		return err
	}
	return s.tellSent(ctx, q, message)
}

// tellSent has webhooks told that a message is sent.
func (s *Store) tellSent(ctx context.Context, q *db.Queries, message []byte) error {
	row, err := q.MessageByID(ctx, message)
	if err != nil {
		return err
	}
	status, err := s.statusOf(ctx, q, db.MessagesBeforeRow{
		ID: row.ID, State: row.State, CreatedAt: row.CreatedAt, DueAt: row.DueAt, TargetedFinal: row.TargetedFinal,
		Audience: row.Audience, Schedule: row.Schedule, Payload: row.Payload, Content: row.Content})
	if err != nil {
		return err
	}
	return s.tell(ctx, q, push.SiteID(row.Site), push.TypeMessageSent, status.Response())
}

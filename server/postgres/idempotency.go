package postgres

import (
	"context"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// answerAgain returns what was answered to the same request before; known is false
// for a new one.
func (s *Store) answerAgain(ctx context.Context, q *db.Queries, site push.SiteID, o push.CreateOptions) (status push.MessageStatus, known bool, err error) {
	if o.IdempotencyKey == "" {
		return status, false, nil
	}
	key, seconds := []byte(o.IdempotencyKey), push.IdempotencyTime.Seconds()
	row, err := q.IdempotencyByKey(ctx, db.IdempotencyByKeyParams{Site: int64(site), Key: key, Now: s.testClock(), Seconds: seconds})
	if err != nil {
		return status, false, ignoreNoRows(err)
	}
	if row.IsOld {
		return status, false, q.DeleteIdempotency(ctx, db.DeleteIdempotencyParams{Site: int64(site), Key: key, Now: s.testClock(), Seconds: seconds})
	}
	status, kept, err := o.Again(row.Request, row.Message, row.Answer)
	if err == nil && !kept {
		status, err = s.messageStatus(ctx, q, site, row.Message)
	}
	return status, true, err
}

// keepAnswer keeps what the caller is told. Of two at once with one key, the second
// fails here and begins anew.
func (s *Store) keepAnswer(ctx context.Context, q *db.Queries, site push.SiteID, status push.MessageStatus, o push.CreateOptions) error {
	if o.IdempotencyKey == "" {
		return nil
	}
	answer, err := status.KeptAnswer()
	if err != nil {
		return err
	}
	return q.InsertIdempotency(ctx, db.InsertIdempotencyParams{
		Site: int64(site), Key: []byte(o.IdempotencyKey), Request: o.RequestHash[:], Message: status.ID, Answer: answer, Now: s.testClock()})
}

// Sweep implements [push.Queue].
func (s *Store) Sweep(ctx context.Context) (swept int, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.SweepIdempotency(ctx, db.SweepIdempotencyParams{Now: s.testClock(), Seconds: push.IdempotencyTime.Seconds(), AtMost: push.SweepSize})
		if err != nil {
			return err
		}
		ended, err := s.sweepEnded(ctx, q)
		if err != nil {
			return err
		}
		closings, err := q.DeleteOldClosings(ctx, db.DeleteOldClosingsParams{Until: s.now().Add(-push.ClosingMemory), AtMost: push.SweepSize})
		if err != nil {
			return err
		}
		events, err := s.sweepWebhooks(ctx, q)
		swept = int(n+closings+events) + ended
		return err
	})
	return swept, err
}

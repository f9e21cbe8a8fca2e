package sqlite

import (
	"context"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// answerAgain returns what was answered to the same request before; known is false
// for a new one.
func (s *Store) answerAgain(ctx context.Context, q *db.Queries, site push.SiteID, o push.CreateOptions) (status push.MessageStatus, known bool, err error) {
	if o.IdempotencyKey == "" {
		return status, false, nil
	}
	row, err := q.IdempotencyByKey(ctx, db.IdempotencyByKeyParams{Site: int64(site), Key: o.IdempotencyKey})
	if err != nil {
		return status, false, ignoreNoRows(err)
	}
	if row.CreatedAt <= s.forgottenAt() {
		return status, false, q.DeleteIdempotency(ctx, db.DeleteIdempotencyParams{Site: int64(site), Key: o.IdempotencyKey})
	}
	message := push.ID(row.Message)
	status, kept, err := o.Again(row.Request, message, row.Answer)
	if err == nil && !kept {
		status, err = s.messageStatus(ctx, q, site, message)
	}
	return status, true, err
}

func (s *Store) keepAnswer(ctx context.Context, q *db.Queries, site push.SiteID, status push.MessageStatus, o push.CreateOptions) error {
	if o.IdempotencyKey == "" {
		return nil
	}
	answer, err := status.KeptAnswer()
	if err != nil {
		return err
	}
	return q.InsertIdempotency(ctx, db.InsertIdempotencyParams{
		Site: int64(site), Key: o.IdempotencyKey, Request: o.RequestHash[:], Message: status.ID[:], Answer: answer, CreatedAt: s.now().UnixMilli()})
}

// forgottenAt is when the keys were made whose time is over now, in milliseconds.
func (s *Store) forgottenAt() int64 { return s.now().Add(-push.IdempotencyTime).UnixMilli() }

// Sweep implements [push.Queue].
func (s *Store) Sweep(ctx context.Context) (swept int, err error) {
	keys, err := s.sweepIdempotency(ctx)
	if err != nil {
		return keys, err
	}
	ended, err := s.sweepEnded(ctx)
	if err != nil {
		return keys + ended, err
	}
	closings, err := s.sweepClosings(ctx)
	if err != nil {
		return keys + ended + closings, err
	}
	events, err := s.sweepWebhooks(ctx)
	return keys + ended + closings + events, err
}

func (s *Store) sweepIdempotency(ctx context.Context) (swept int, err error) {
	until := s.forgottenAt()
	// Looking first keeps an idle server from writing.
	if old, err := s.read.HasOldIdempotency(ctx, until); err != nil || !old {
		return 0, explain(err)
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		// One by one: SQLite would look at all keys of a site for a list of them.
		rows, err := q.OldIdempotency(ctx, db.OldIdempotencyParams{CreatedAt: until, Limit: push.SweepSize})
		for _, row := range rows {
			if err := q.DeleteIdempotency(ctx, db.DeleteIdempotencyParams(row)); err != nil {
				return err
			}
		}
		swept = len(rows)
		return err
	})
	return swept, err
}

package sqlite

import (
	"context"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/wire"
)

// cancelledAtOnce is how many batches one transaction cancels, so that others'
// are let in between.
const cancelledAtOnce = 50

// CancelMessage implements [push.Messages].
func (s *Store) CancelMessage(ctx context.Context, site push.SiteID, id push.ID) (push.MessageStatus, error) {
	err := s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		stopped, err := q.CancelMessage(ctx, db.CancelMessageParams{
			Cancelled: wire.MessageCancelled, Sending: wire.MessageSending, Site: int64(site), ID: id[:]})
		if err != nil || stopped == 0 {
			return err
		}
		return q.DeleteExpansions(ctx, id[:])
	})
	if err != nil {
		return push.MessageStatus{}, err
	}
	status, err := s.MessageStatus(ctx, site, id)
	if err != nil || status.State != wire.MessageCancelled {
		return status, err
	}
	for after, more := int64(-1), true; more; {
		var last int64
		err := s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) (err error) {
			last, more, err = s.cancelBatches(ctx, q, id, after)
			return err
		})
		if err != nil {
			return push.MessageStatus{}, err
		}
		after = last
	}
	return s.MessageStatus(ctx, site, id)
}

// cancelBatches cancels what nobody is sending of the batches that follow the
// number after.
func (s *Store) cancelBatches(ctx context.Context, q *db.Queries, id push.ID, after int64) (last int64, more bool, err error) {
	rows, err := q.UnfinishedBatches(ctx, db.UnfinishedBatchesParams{Message: id[:], No: after, Limit: cancelledAtOnce})
	for _, row := range rows {
		if err := s.cancelBatch(ctx, q, id, row); err != nil {
			return after, false, err
		}
		after = row.No
	}
	return after, len(rows) == cancelledAtOnce, err
}

func (s *Store) cancelBatch(ctx context.Context, q *db.Queries, id push.ID, row db.UnfinishedBatchesRow) error {
	toTry, err := q.ExceptionsToTry(ctx, db.ExceptionsToTryParams{Message: id[:], Batch: row.No})
	if err != nil {
		return err
	}
	var waiting, underWay []uint16
	for _, e := range toTry {
		if e.Leased == 1 {
			underWay = append(underWay, uint16(e.Ordinal))
			continue
		}
		waiting = append(waiting, uint16(e.Ordinal))
		if err := q.DeleteException(ctx, db.DeleteExceptionParams{Message: id[:], Batch: row.No, Ordinal: e.Ordinal}); err != nil {
			return err
		}
	}
	if !push.Outcomes(row.Outcomes).CancelUnsent(row.State == batchLeased, waiting, underWay) {
		return nil
	}
	return s.writeOutcomes(ctx, q, id, row.No, row.State, row.Outcomes)
}

// Cancelled implements [push.Queue].
func (s *Store) Cancelled(ctx context.Context) ([]push.ID, error) {
	rows, err := s.read.CancelledOfNode(ctx, db.CancelledOfNodeParams{State: wire.MessageCancelled, Node: s.node})
	ids := make([]push.ID, len(rows))
	for i, row := range rows {
		ids[i] = push.ID(row)
	}
	return ids, err
}

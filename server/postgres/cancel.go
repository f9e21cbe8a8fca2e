package postgres

import (
	"context"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// cancelledAtOnce is how many batches one transaction cancels, so that none holds
// its locks for long.
const cancelledAtOnce = 50

// CancelMessage implements [push.Messages].
func (s *Store) CancelMessage(ctx context.Context, site push.SiteID, id push.ID) (push.MessageStatus, error) {
	err := s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.CancelMessage(ctx, db.CancelMessageParams{
			Cancelled: wire.MessageCancelled, Sending: wire.MessageSending, Site: int64(site), ID: id})
	})
	if err != nil {
		return push.MessageStatus{}, err
	}
	status, err := s.MessageStatus(ctx, site, id)
	if err != nil || status.State != wire.MessageCancelled {
		return status, err
	}
	for deleted := int64(1); deleted > 0; {
		// Once more where there were any: one that was split meanwhile has left others.
		err := s.direct(ctx, func(ctx context.Context, q *db.Queries) (err error) {
			deleted, err = q.DeleteExpansions(ctx, id)
			return err
		})
		if err != nil {
			return push.MessageStatus{}, err
		}
	}
	for after, more := int64(-1), true; more; {
		var last int64
		err := s.write(ctx, func(ctx context.Context, q *db.Queries) (err error) {
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
	rows, err := q.LockUnfinishedBatches(ctx, db.LockUnfinishedBatchesParams{Message: id, After: after, AtMost: cancelledAtOnce})
	if err != nil || len(rows) == 0 {
		return after, false, err
	}
	nos := make([]int64, len(rows))
	for i, row := range rows {
		nos[i] = row.No
	}
	toTry, err := q.LockExceptionsToTry(ctx, db.LockExceptionsToTryParams{Message: id, Batches: nos})
	if err != nil {
		return after, false, err
	}
	waiting, underWay := make(map[int64][]uint16), make(map[int64][]uint16)
	r := newRecording()
	for _, e := range toTry {
		if e.Leased {
			underWay[e.Batch] = append(underWay[e.Batch], uint16(e.Ordinal))
			continue
		}
		waiting[e.Batch] = append(waiting[e.Batch], uint16(e.Ordinal))
		r.drop[push.DeliveryID{Message: id, Batch: uint32(e.Batch), Ordinal: uint16(e.Ordinal)}] = true
	}
	for _, row := range rows {
		batch := push.BatchID{Message: id, No: uint32(row.No)}
		r.batches[batch] = &db.LockBatchesRow{Message: id, No: row.No, Outcomes: row.Outcomes, Fence: row.Fence}
		if push.Outcomes(row.Outcomes).CancelUnsent(row.Leased, waiting[row.No], underWay[row.No]) {
			r.changed[batch] = true
		}
	}
	if err := r.dropExceptions(ctx, q); err != nil {
		return after, false, err
	}
	return rows[len(rows)-1].No, len(rows) == cancelledAtOnce, r.writeOutcomes(ctx, q, s)
}

// Cancelled implements [push.Queue].
func (s *Store) Cancelled(ctx context.Context) (ids []push.ID, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		ids, err = q.CancelledOfNode(ctx, db.CancelledOfNodeParams{State: wire.MessageCancelled, Node: s.node})
		return err
	})
	return ids, err
}

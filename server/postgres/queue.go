package postgres

import (
	"context"
	"math"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// named is never nil, which would be NULL: no name is unequal to that.
func named(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// excepting is what the statements leave out, in their form.
func excepting(except []push.Lane) []string {
	lanes := make([]string, len(except))
	for i, lane := range except {
		lanes[i] = lane.String()
	}
	return lanes
}

// ClaimBatches implements [push.Queue].
func (s *Store) ClaimBatches(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	return s.claimBatches(ctx, limit, except, (*db.Queries).LeaseBatches)
}

// ClaimSmall implements [push.Queue].
func (s *Store) ClaimSmall(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	return s.claimBatches(ctx, limit, except, leaseSmallBatches)
}

func leaseSmallBatches(q *db.Queries, ctx context.Context, due db.LeaseBatchesParams) ([]db.LeaseBatchesRow, error) {
	small, err := q.LeaseSmallBatches(ctx, db.LeaseSmallBatchesParams(due))
	rows := make([]db.LeaseBatchesRow, len(small))
	for i, row := range small {
		rows[i] = db.LeaseBatchesRow(row)
	}
	return rows, err
}

// A leaser leases batches that wait.
type leaser func(*db.Queries, context.Context, db.LeaseBatchesParams) ([]db.LeaseBatchesRow, error)

func (s *Store) claimBatches(ctx context.Context, limit int, except []push.Lane, lease leaser) (batches []push.Batch, err error) {
	s.leasing.Lock()
	defer s.leasing.Unlock()
	if _, err := s.freeStray(ctx); err != nil {
		return nil, err
	}
	var left []push.DeliveryResult
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		batches, left = nil, nil
		rows, err := lease(q, ctx, db.LeaseBatchesParams{
			Node: s.node, Now: s.testClock(), Excepted: excepting(except), AtMost: int32(limit)})
		if err != nil {
			return err
		}
		reading := newReader(q)
		for _, row := range rows {
			batch := push.Batch{Message: row.Message, No: uint32(row.No), Service: row.Service, Fence: row.Fence}
			members, err := q.Members(ctx, db.MembersParams{Message: row.Message, No: row.No})
			if err != nil {
				return err
			}
			gone, err := reading.loadBatch(ctx, &batch, row.PushService, row.TtlFrom, row.Outcomes, members)
			if err != nil {
				return err
			}
			batches, left = append(batches, batch), append(left, gone...)
		}
		return nil
	})
	// Not in the same transaction: it would lock messages after batches that
	// others look for.
	if err == nil {
		_, err = s.Record(ctx, left)
	}
	if err != nil {
		s.stray.add(batches, nil)
		return nil, err
	}
	return batches, nil
}

// ClaimRetries implements [push.Queue].
func (s *Store) ClaimRetries(ctx context.Context, limit int, except []push.Lane) (deliveries []push.Delivery, err error) {
	s.leasing.Lock()
	defer s.leasing.Unlock()
	if _, err := s.freeStray(ctx); err != nil {
		return nil, err
	}
	var left []push.DeliveryResult
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		deliveries, left = nil, nil
		rows, err := q.LeaseExceptions(ctx, db.LeaseExceptionsParams{
			Node: s.node, Now: s.testClock(), Excepted: excepting(except), AtMost: int32(limit)})
		if err != nil || len(rows) == 0 {
			return err
		}
		deliveries, left, err = newReader(q).loadRetries(ctx, rows)
		return err
	})
	// Not in the same transaction, which holds exceptions and not their batches.
	if err == nil {
		_, err = s.Record(ctx, left)
	}
	if err != nil {
		s.stray.add(nil, deliveries)
		return nil, err
	}
	return deliveries, nil
}

// Release implements [push.Queue].
func (s *Store) Release(ctx context.Context, batch push.Batch) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		_, err := s.releaseBatch(ctx, q, batch)
		return err
	})
}

func (s *Store) releaseBatch(ctx context.Context, q *db.Queries, batch push.Batch) (int64, error) {
	return q.ReleaseBatch(ctx, db.ReleaseBatchParams{Message: batch.Message, No: int64(batch.No), Fence: batch.Fence, Node: s.node})
}

// NextDue implements [push.Queue]. The time is by this node's clock.
func (s *Store) NextDue(ctx context.Context, except, exceptSmall []push.Lane) (at time.Time, ok bool, err error) {
	var seconds float64
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		seconds, err = q.NextDue(ctx, db.NextDueParams{Excepted: excepting(except), ExceptedSmall: excepting(exceptSmall), Now: s.testClock()})
		return err
	})
	if err != nil || math.IsInf(seconds, 1) {
		return time.Time{}, false, err
	}
	// No farther than a duration holds: nobody sleeps so long.
	seconds = min(seconds, (24 * time.Hour).Seconds())
	return s.now().Add(time.Duration(math.Round(seconds*1e6)) * time.Microsecond), true, nil
}

// Beat implements [push.Queue].
func (s *Store) Beat(ctx context.Context) (freed bool, err error) {
	setBack, err := s.followClock(ctx)
	if err != nil {
		return false, err
	}
	// One by one: two nodes that were both away would hold their own rows, and
	// wait for each other's.
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.PutNode(ctx, db.PutNodeParams{ID: s.node, Now: s.testClock(), Seconds: push.LeaseTime.Seconds()}); err != nil {
			return err
		}
		return q.DeleteDeadNodes(ctx, s.testClock())
	})
	if err != nil {
		return false, err
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		batches, err := q.ReleaseDeadBatches(ctx)
		if err != nil {
			return err
		}
		exceptions, err := q.ReleaseDeadExceptions(ctx)
		freed = batches+exceptions > 0
		if err != nil {
			return err
		}
		return q.ReleaseDeadWebhookEvents(ctx)
	})
	if err == nil {
		err = s.learnWanted(ctx)
	}
	if err != nil {
		return false, err
	}
	s.leasing.Lock()
	defer s.leasing.Unlock()
	ours, err := s.freeStray(ctx)
	return freed || ours || setBack, err
}

// Forfeit implements [push.Queue].
func (s *Store) Forfeit(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.ForfeitBatches(ctx, s.node); err != nil {
			return err
		}
		return q.ForfeitExceptions(ctx, s.node)
	})
}

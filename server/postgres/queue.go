package postgres

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// States of a batch; the third, done, is set by the statement that counts.
const (
	batchWaiting = 0
	batchLeased  = 1
)

// anyService stands in the first expansion of a message, which reads a small
// audience at once, and splits a large one by push service.
const anyService = 0

// firstFence is that of a batch which is leased as it is made.
const firstFence = 1

// Expand implements [push.Queue].
func (s *Store) Expand(ctx context.Context) (done bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		step, err := q.LockExpansion(ctx, s.testClock())
		// Where another node holds the only one, there is nothing to do here.
		done = errors.Is(err, pgx.ErrNoRows)
		if err != nil {
			return ignoreNoRows(err)
		}
		return expand(ctx, q, step)
	})
	return done, err
}

func expand(ctx context.Context, q *db.Queries, step db.LockExpansionRow) error {
	row, err := q.MessageByID(ctx, step.Message)
	if err != nil {
		return err
	}
	m, err := message(row.Message)
	if err != nil {
		return err
	}
	if m.Cancelled {
		// This one alone: another node may be at another.
		return q.DeleteExpansion(ctx, db.DeleteExpansionParams{
			Message: step.Message, PushService: step.PushService, TimeZone: step.TimeZone})
	}
	members := make(map[int32][]push.ID)
	last := true
	switch {
	case step.PushService != anyService:
		var ids []push.ID
		ids, err = audiencePage(ctx, q, row.Message.Site, step, m.Audience)
		last = len(ids) < push.BatchSize
		members[step.PushService] = ids
	case m.Audience.Small():
		members, err = smallAudience(ctx, q, push.SiteID(row.Message.Site), m.Audience)
	default:
		err = q.SplitExpansion(ctx, db.SplitExpansionParams{Message: m.ID, DueAt: m.DueAt})
	}
	if err != nil {
		return err
	}
	if _, err := insertBatches(ctx, q, m.ID, m.DueAt, nil, members); err != nil {
		// Cancelled since it was read.
		return ignoreNoRows(err)
	}
	if !last {
		ids := members[step.PushService]
		return q.SetExpansionCursor(ctx, db.SetExpansionCursorParams{
			Cursor: ids[len(ids)-1], Message: step.Message, PushService: step.PushService, TimeZone: step.TimeZone})
	}
	if err := q.DeleteExpansion(ctx, db.DeleteExpansionParams{
		Message: step.Message, PushService: step.PushService, TimeZone: step.TimeZone}); err != nil {
		return err
	}
	return finishMessages(ctx, q, m.ID)
}

func audiencePage(ctx context.Context, q *db.Queries, site int64, step db.LockExpansionRow, audience push.Audience) ([]push.ID, error) {
	if audience.All {
		return q.AudienceAll(ctx, db.AudienceAllParams{Site: site, PushService: step.PushService, After: step.Cursor, AtMost: push.BatchSize})
	}
	return q.AudienceChannels(ctx, db.AudienceChannelsParams{
		Site: site, PushService: step.PushService, After: step.Cursor, Channels: audience.Channels, AtMost: push.BatchSize})
}

// A madeBatch is one that was just inserted.
type madeBatch struct {
	no      uint32
	service int32
	ids     []push.ID
}

// insertBatches adds batches of members by push service, leased to a node where
// one is given. Their numbers are from the message's own count.
func insertBatches(ctx context.Context, q *db.Queries, message push.ID, dueAt time.Time, node *push.ID, members map[int32][]push.ID) ([]madeBatch, error) {
	var made []madeBatch
	for service, ids := range members {
		for len(ids) > 0 {
			n := min(len(ids), push.BatchSize)
			made = append(made, madeBatch{service: service, ids: ids[:n]})
			ids = ids[n:]
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	count, err := q.CountBatches(ctx, db.CountBatchesParams{More: int64(len(made)), ID: message, Cancelled: wire.MessageCancelled})
	if err != nil {
		return nil, err
	}
	state := int16(batchWaiting)
	if node != nil {
		state = batchLeased
	}
	for i := range made {
		b := &made[i]
		b.no = uint32(count - int64(len(made)) + int64(i))
		if err := q.InsertBatch(ctx, db.InsertBatchParams{
			Message: message, No: int64(b.no), PushService: b.service, DueAt: dueAt, State: state, Node: node, Fence: firstFence,
			Outcomes: make([]byte, len(b.ids)), Events: make([]byte, len(b.ids)), Targeted: int64(len(b.ids)),
		}); err != nil {
			return nil, err
		}
		if err := q.InsertMembers(ctx, db.InsertMembersParams{Message: message, No: int64(b.no), Members: push.JoinMembers(b.ids)}); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// named is never nil, which would be NULL: no name is unequal to that.
func named(services []string) []string {
	if services == nil {
		return []string{}
	}
	return services
}

// ClaimBatches implements [push.Queue].
func (s *Store) ClaimBatches(ctx context.Context, limit int, except []string) (batches []push.Batch, err error) {
	var left []push.DeliveryResult
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		batches, left = nil, nil
		rows, err := q.LeaseBatches(ctx, db.LeaseBatchesParams{
			Node: s.node, Now: s.testClock(), Excepted: named(except), AtMost: int32(limit)})
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
			gone, err := reading.loadBatch(ctx, &batch, row.PushService, row.Outcomes, members)
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
func (s *Store) ClaimRetries(ctx context.Context, limit int, except []string) (deliveries []push.Delivery, err error) {
	var left []push.DeliveryResult
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		deliveries, left = nil, nil
		rows, err := q.LeaseExceptions(ctx, db.LeaseExceptionsParams{
			Node: s.node, Now: s.testClock(), Excepted: named(except), AtMost: int32(limit)})
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
		_, err := releaseBatch(ctx, q, batch)
		return err
	})
}

func releaseBatch(ctx context.Context, q *db.Queries, batch push.Batch) (int64, error) {
	return q.ReleaseBatch(ctx, db.ReleaseBatchParams{Message: batch.Message, No: int64(batch.No), Fence: batch.Fence})
}

// NextDue implements [push.Queue]. The time is by this node's clock.
func (s *Store) NextDue(ctx context.Context, except []string) (at time.Time, ok bool, err error) {
	var seconds float64
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		seconds, err = q.NextDue(ctx, db.NextDueParams{Excepted: named(except), Now: s.testClock()})
		return err
	})
	if err != nil || math.IsInf(seconds, 1) {
		return time.Time{}, false, err
	}
	return s.now().Add(time.Duration(math.Round(seconds*1e6)) * time.Microsecond), true, nil
}

// Beat implements [push.Queue].
func (s *Store) Beat(ctx context.Context) (freed bool, err error) {
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
		return err
	})
	if err != nil {
		return false, err
	}
	ours, err := s.freeStray(ctx)
	return freed || ours, err
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

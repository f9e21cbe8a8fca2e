package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/wire"
)

// Expand implements [push.Queue].
func (s *Store) Expand(ctx context.Context) (done bool, err error) {
	// Looking first keeps an idle server from writing.
	if _, err := s.read.NextExpansion(ctx, s.now().UnixMilli()); err != nil {
		return errors.Is(err, sql.ErrNoRows), ignoreNoRows(err)
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		step, err := q.NextExpansion(ctx, s.now().UnixMilli())
		if err != nil {
			return ignoreNoRows(err)
		}
		return s.expand(ctx, q, step)
	})
	return false, err
}

func (s *Store) expand(ctx context.Context, q *db.Queries, step db.NextExpansionRow) error {
	row, err := q.MessageByID(ctx, step.Message)
	if err != nil {
		return err
	}
	m, err := message(row)
	if err != nil {
		return err
	}
	members := make(map[int64][][]byte)
	last := true
	switch {
	case step.PushService != anyService:
		var ids [][]byte
		ids, err = audiencePage(ctx, q, row.Site, step, m.Audience)
		last = len(ids) < push.BatchSize
		members[step.PushService] = ids
	case m.Audience.Small():
		members, err = smallAudience(ctx, q, push.SiteID(row.Site), m.Audience)
	default:
		err = splitExpansion(ctx, q, step.Message, row.DueAt)
	}
	if err != nil {
		return err
	}
	for service, ids := range members {
		for len(ids) > 0 {
			n := min(len(ids), push.BatchSize)
			if _, err := insertBatch(ctx, q, step.Message, service, row.DueAt, batchWaiting, ids[:n]); err != nil {
				return err
			}
			ids = ids[n:]
		}
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
	return finishMessage(ctx, q, step.Message)
}

// splitExpansion makes an expansion for each push service.
func splitExpansion(ctx context.Context, q *db.Queries, message []byte, dueAt int64) error {
	services, err := q.PushServices(ctx)
	if err != nil {
		return err
	}
	for _, service := range services {
		if err := q.InsertExpansion(ctx, db.InsertExpansionParams{Message: message, PushService: service.ID, DueAt: dueAt}); err != nil {
			return err
		}
	}
	return nil
}

func audiencePage(ctx context.Context, q *db.Queries, site int64, step db.NextExpansionRow, audience push.Audience) ([][]byte, error) {
	if audience.All {
		return q.AudienceAll(ctx, db.AudienceAllParams{Site: site, PushService: step.PushService, ID: step.Cursor, Limit: push.BatchSize})
	}
	return q.AudienceChannels(ctx, db.AudienceChannelsParams{
		Site: site, PushService: step.PushService, Subscription: step.Cursor, Channels: audience.Channels, Limit: push.BatchSize})
}

func insertBatch(ctx context.Context, q *db.Queries, message []byte, service, dueAt, state int64, ids [][]byte) (no int64, err error) {
	last, err := q.LastBatch(ctx, message)
	if err != nil {
		return 0, err
	}
	no = last + 1
	if err := q.InsertBatch(ctx, db.InsertBatchParams{
		Message: message, No: no, PushService: service, DueAt: dueAt, State: state,
		Outcomes: make([]byte, len(ids)), Events: make([]byte, len(ids)), Targeted: int64(len(ids)), Pending: int64(len(ids)),
	}); err != nil {
		return 0, err
	}
	return no, q.InsertMembers(ctx, db.InsertMembersParams{Message: message, No: no, Members: bytes.Join(ids, nil)})
}

// ClaimBatches implements [push.Queue].
func (s *Store) ClaimBatches(ctx context.Context, limit int) (batches []push.Batch, err error) {
	now := s.now().UnixMilli()
	if rows, err := s.read.WaitingBatches(ctx, db.WaitingBatchesParams{DueAt: now, Limit: 1}); err != nil || len(rows) == 0 {
		return nil, err
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.WaitingBatches(ctx, db.WaitingBatchesParams{DueAt: now, Limit: int64(limit)})
		if err != nil {
			return err
		}
		batches = nil
		for _, row := range rows {
			if err := q.LeaseBatch(ctx, db.LeaseBatchParams{Message: row.Message, No: row.No}); err != nil {
				return err
			}
			site, m, err := messageByID(ctx, q, row.Message)
			if err != nil {
				return err
			}
			members, err := q.Members(ctx, db.MembersParams{Message: row.Message, No: row.No})
			if err != nil {
				return err
			}
			batch, err := s.loadBatch(ctx, q, site, m, row.PushService, row.No, row.Outcomes, members)
			if err != nil {
				return err
			}
			batches = append(batches, batch)
		}
		return nil
	})
	return batches, err
}

func messageByID(ctx context.Context, q *db.Queries, id []byte) (push.SiteID, *push.Message, error) {
	row, err := q.MessageByID(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	m, err := message(row)
	return push.SiteID(row.Site), m, err
}

// loadBatch reads the subscriptions of a batch's deliveries that were not
// attempted yet. Members who have left are recorded as gone.
func (s *Store) loadBatch(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, service, no int64, outcomes, members []byte) (push.Batch, error) {
	waiting, err := q.ExceptionOrdinals(ctx, db.ExceptionOrdinalsParams{Message: m.ID[:], Batch: no})
	if err != nil {
		return push.Batch{}, err
	}
	retried := make(map[int64]bool, len(waiting))
	for _, ordinal := range waiting {
		retried[ordinal] = true
	}
	tokens, err := tokenKey(ctx, q, site)
	if err != nil {
		return push.Batch{}, err
	}
	var batch push.Batch
	var left []push.DeliveryResult
	for i, outcome := range outcomes {
		if push.Outcome(outcome) != push.DeliveryPending || retried[int64(i)] {
			continue
		}
		d := push.Delivery{ID: push.DeliveryID{Message: m.ID, Batch: uint32(no), Ordinal: uint16(i)}, Site: site, Message: m}
		d.Token = tokens.Token(d.ID)
		switch err := loadSubscriber(ctx, q, &d, service, members[16*i:16*i+16]); {
		case errors.Is(err, sql.ErrNoRows):
			left = append(left, push.DeliveryResult{Delivery: d, Outcome: push.DeliveryGone, Reason: "unsubscribed before the message was sent"})
		case err != nil:
			return push.Batch{}, err
		default:
			batch.Deliveries = append(batch.Deliveries, d)
		}
	}
	return batch, s.record(ctx, q, left)
}

func tokenKey(ctx context.Context, q *db.Queries, site push.SiteID) (push.TokenKey, error) {
	key, err := q.TokenKey(ctx, int64(site))
	if err != nil {
		return push.TokenKey{}, err
	}
	return push.TokenKey(key), nil
}

func loadSubscriber(ctx context.Context, q *db.Queries, d *push.Delivery, service int64, id []byte) error {
	row, err := q.SubscriptionByID(ctx, db.SubscriptionByIDParams{Site: int64(d.Site), PushService: service, ID: id})
	if err != nil {
		return err
	}
	sub, err := subscription(row, "", nil)
	if err != nil {
		return err
	}
	d.Subscription, d.SubscriberID, d.Key = sub.Subscription, sub.ID, sub.Key
	return nil
}

// ClaimRetries implements [push.Queue].
func (s *Store) ClaimRetries(ctx context.Context, limit int) (deliveries []push.Delivery, err error) {
	due := db.DueExceptionsParams{Now: sql.NullInt64{Int64: s.now().UnixMilli(), Valid: true}, Limit: 1}
	if rows, err := s.read.DueExceptions(ctx, due); err != nil || len(rows) == 0 {
		return nil, err
	}
	due.Limit = int64(limit)
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.DueExceptions(ctx, due)
		if err != nil {
			return err
		}
		deliveries = nil
		var left []push.DeliveryResult
		for _, row := range rows {
			if err := q.LeaseException(ctx, db.LeaseExceptionParams{Message: row.Message, Batch: row.Batch, Ordinal: row.Ordinal}); err != nil {
				return err
			}
			site, m, err := messageByID(ctx, q, row.Message)
			if err != nil {
				return err
			}
			members, err := q.Members(ctx, db.MembersParams{Message: row.Message, No: row.Batch})
			if err != nil {
				return err
			}
			d := push.Delivery{
				ID:   push.DeliveryID{Message: m.ID, Batch: uint32(row.Batch), Ordinal: uint16(row.Ordinal)},
				Site: site, Message: m, Attempt: int(row.Attempt),
			}
			tokens, err := tokenKey(ctx, q, site)
			if err != nil {
				return err
			}
			d.Token = tokens.Token(d.ID)
			switch err := loadSubscriber(ctx, q, &d, row.PushService, members[16*row.Ordinal:16*row.Ordinal+16]); {
			case errors.Is(err, sql.ErrNoRows):
				left = append(left, push.DeliveryResult{Delivery: d, Outcome: push.DeliveryGone, Reason: "unsubscribed before the message was sent"})
			case err != nil:
				return err
			default:
				deliveries = append(deliveries, d)
			}
		}
		return s.record(ctx, q, left)
	})
	return deliveries, err
}

// Record implements [push.Queue].
func (s *Store) Record(ctx context.Context, results []push.DeliveryResult) error {
	if len(results) == 0 {
		return nil
	}
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error { return s.record(ctx, q, results) })
}

func (s *Store) record(ctx context.Context, q *db.Queries, results []push.DeliveryResult) error {
	type batch struct {
		message push.ID
		no      uint32
	}
	byBatch := make(map[batch][]push.DeliveryResult)
	for _, result := range results {
		at := batch{result.Delivery.ID.Message, result.Delivery.ID.Batch}
		byBatch[at] = append(byBatch[at], result)
	}
	for at, results := range byBatch {
		if err := s.recordBatch(ctx, q, at.message, int64(at.no), results); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) recordBatch(ctx context.Context, q *db.Queries, message push.ID, no int64, results []push.DeliveryResult) error {
	row, err := q.BatchOutcomes(ctx, db.BatchOutcomesParams{Message: message[:], No: no})
	if err != nil {
		return err
	}
	for _, result := range results {
		row.Outcomes[result.Delivery.ID.Ordinal] = byte(result.Outcome)
		if err := s.recordException(ctx, q, result); err != nil {
			return err
		}
	}
	update := db.UpdateOutcomesParams{Outcomes: row.Outcomes, State: row.State, Message: message[:], No: no}
	for _, outcome := range row.Outcomes {
		switch push.Outcome(outcome) {
		case push.DeliveryAccepted:
			update.Accepted++
		case push.DeliveryGone:
			update.Gone++
		case push.DeliveryFailed:
			update.Failed++
		case push.DeliveryExpired:
			update.Expired++
		case push.DeliveryCancelled:
			update.Cancelled++
		default:
			update.Pending++
		}
	}
	if update.Pending == 0 {
		update.State = batchDone
	}
	if err := q.UpdateOutcomes(ctx, update); err != nil || update.State != batchDone {
		return err
	}
	if err := q.DeleteMembers(ctx, db.DeleteMembersParams{Message: message[:], No: no}); err != nil {
		return err
	}
	return finishMessage(ctx, q, message[:])
}

// recordException keeps what is not plain success: a next attempt, or why a
// delivery failed. A subscription that is gone ends here.
func (s *Store) recordException(ctx context.Context, q *db.Queries, r push.DeliveryResult) error {
	id := r.Delivery.ID
	if r.Outcome == push.DeliveryAccepted {
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
	if r.Outcome == push.DeliveryGone && r.Delivery.Subscription.Endpoint() != "" {
		hash := push.HashEndpoint(r.Delivery.Subscription.Endpoint())
		row, err := q.SubscriptionByEndpoint(ctx, db.SubscriptionByEndpointParams{Site: int64(r.Delivery.Site), EndpointHash: hash[:]})
		if err == nil {
			_, err = end(ctx, q, row, reasonGone, s.now())
		}
		if ignoreNoRows(err) != nil {
			return err
		}
	}
	return q.PutException(ctx, db.PutExceptionParams{
		Message: id.Message[:], Batch: int64(id.Batch), Ordinal: int64(id.Ordinal),
		Attempt: attempt, NextAt: next, Status: int64(r.Status), Reason: r.Reason,
	})
}

// finishMessage writes that the audience has been read to its end, and that a
// message is sent when nothing of it is left to do.
func finishMessage(ctx context.Context, q *db.Queries, message []byte) error {
	left, err := q.UnfinishedWork(ctx, message)
	if err != nil || left.Expansions > 0 {
		return err
	}
	state := wire.MessageSending
	if left.Batches == 0 {
		state = wire.MessageSent
	}
	return q.SetMessageState(ctx, db.SetMessageStateParams{State: state, TargetedFinal: 1, ID: message})
}

// NextDue implements [push.Queue].
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	at, err := s.read.NextDue(ctx)
	if err != nil || at == math.MaxInt64 {
		return time.Time{}, false, err
	}
	return time.UnixMilli(at), true, nil
}

// Recover implements [push.Queue].
func (s *Store) Recover(ctx context.Context) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return errors.Join(q.ReleaseBatches(ctx), q.ReleaseExceptions(ctx))
	})
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

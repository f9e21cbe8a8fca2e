package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// Record implements [push.Queue].
func (s *Store) Record(ctx context.Context, results []push.DeliveryResult) (fenced int, err error) {
	if len(results) == 0 {
		return 0, nil
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		fenced, err = s.record(ctx, q, results)
		return err
	})
	return fenced, err
}

// record writes outcomes in as many statements for a thousand as for one.
func (s *Store) record(ctx context.Context, q *db.Queries, results []push.DeliveryResult) (fenced int, err error) {
	if len(results) == 0 {
		return 0, nil
	}
	r, err := lockRecording(ctx, q, results)
	if err != nil {
		return 0, err
	}
	if err := r.readCancelled(ctx, q, results); err != nil {
		return 0, err
	}
	for _, result := range results {
		if !r.take(result) {
			fenced++
		}
	}
	if fenced == len(results) {
		return fenced, nil
	}
	if err := r.limitReasons(ctx, q); err != nil {
		return 0, err
	}
	if err := r.dropExceptions(ctx, q); err != nil {
		return 0, err
	}
	if err := r.putExceptions(ctx, q, s); err != nil {
		return 0, err
	}
	if err := r.lockEnding(ctx, q, s); err != nil {
		return 0, err
	}
	turns, err := lockFailing(ctx, q, r.counted)
	if err != nil {
		return 0, err
	}
	if err := r.endGone(ctx, q, s); err != nil {
		return 0, err
	}
	if err := s.followFailures(ctx, q, turns); err != nil {
		return 0, err
	}
	if err := r.forgetDone(ctx, q); err != nil {
		return 0, err
	}
	return fenced, r.writeOutcomes(ctx, q, s)
}

// readCancelled notes which messages were cancelled. The batches are locked, so
// that whoever cancels sees what is written of them, or was here before. The
// statement that has waited for the locks may not know yet.
func (r *recording) readCancelled(ctx context.Context, q *db.Queries, results []push.DeliveryResult) error {
	var ids []push.ID
	for _, result := range results {
		if id := result.Delivery.ID.Message; result.Outcome == push.DeliveryPending && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	cancelled, err := q.MessagesOfState(ctx, db.MessagesOfStateParams{Ids: ids, State: wire.MessageCancelled})
	for _, id := range cancelled {
		r.cancelled[id] = true
	}
	return err
}

// A recording is what becomes of results within a transaction that has locked
// their batches and exceptions.
type recording struct {
	batches    map[push.BatchID]*db.LockBatchesRow
	exceptions map[push.DeliveryID]db.LockExceptionsRow
	changed    map[push.BatchID]bool
	put        map[push.DeliveryID]push.DeliveryResult
	drop       map[push.DeliveryID]bool
	cancelled  map[push.ID]bool
	// counted are the results that were taken.
	counted []push.DeliveryResult
	// refused are the endpoints that were new, by their hashes.
	refused map[push.EndpointHash]bool
}

func newRecording() *recording {
	return &recording{
		batches: make(map[push.BatchID]*db.LockBatchesRow), exceptions: make(map[push.DeliveryID]db.LockExceptionsRow),
		changed: make(map[push.BatchID]bool), put: make(map[push.DeliveryID]push.DeliveryResult), drop: make(map[push.DeliveryID]bool),
		cancelled: make(map[push.ID]bool),
	}
}

func lockRecording(ctx context.Context, q *db.Queries, results []push.DeliveryResult) (*recording, error) {
	r := newRecording()
	order, byBatch := push.GroupByBatch(results, func(r push.DeliveryResult) push.BatchID { return r.Delivery.ID.BatchID() })
	messages, nos := batchColumns(order)
	batches, err := q.LockBatches(ctx, db.LockBatchesParams{Messages: messages, Nos: nos})
	if err != nil {
		return nil, err
	}
	for _, row := range batches {
		r.batches[push.BatchID{Message: row.Message, No: uint32(row.No)}] = &row
	}
	var deliveries []push.DeliveryID
	for _, id := range order {
		for _, result := range byBatch[id] {
			if result.Delivery.Attempt > 0 || result.Outcome != push.DeliveryAccepted {
				deliveries = append(deliveries, result.Delivery.ID)
			}
		}
	}
	if len(deliveries) == 0 {
		return r, nil
	}
	var lock db.LockExceptionsParams
	lock.Messages, lock.Batches, lock.Ordinals = deliveryColumns(deliveries)
	exceptions, err := q.LockExceptions(ctx, lock)
	for _, row := range exceptions {
		r.exceptions[push.DeliveryID{Message: row.Message, Batch: uint32(row.Batch), Ordinal: uint16(row.Ordinal)}] = row
	}
	return r, err
}

// deliveryColumns returns deliveries as the arrays that statements take.
func deliveryColumns(deliveries []push.DeliveryID) (messages []push.ID, batches []int64, ordinals []int32) {
	for _, d := range deliveries {
		messages, batches, ordinals = append(messages, d.Message), append(batches, int64(d.Batch)), append(ordinals, int32(d.Ordinal))
	}
	return messages, batches, ordinals
}

// take notes a result; it returns false where the delivery is another node's by
// now.
func (r *recording) take(result push.DeliveryResult) bool {
	d := result.Delivery
	batch := r.batches[d.ID.BatchID()]
	if batch == nil {
		return false
	}
	exception, known := r.exceptions[d.ID]
	switch {
	case d.Attempt > 0:
		if !known || !exception.Leased || exception.Fence != d.Fence {
			return false
		}
	case batch.Fence != d.Fence:
		return false
	case known && exception.Again:
		// A first attempt that is told twice. The second may be under way.
		return true
	}
	if r.cancelled[d.ID.Message] {
		result = result.OfCancelled()
	}
	r.counted = append(r.counted, result)
	batch.Outcomes[d.ID.Ordinal] = byte(result.Outcome)
	r.changed[d.ID.BatchID()] = true
	if result.HasException() {
		r.put[d.ID] = result
	} else if d.Attempt > 0 {
		r.drop[d.ID] = true
	}
	return true
}

func (r *recording) dropExceptions(ctx context.Context, q *db.Queries) error {
	if len(r.drop) == 0 {
		return nil
	}
	var drop db.DeleteExceptionsParams
	drop.Messages, drop.Batches, drop.Ordinals = deliveryColumns(slices.Collect(maps.Keys(r.drop)))
	return q.DeleteExceptions(ctx, drop)
}

// putExceptions keeps a next attempt, or why a delivery failed.
func (r *recording) putExceptions(ctx context.Context, q *db.Queries, s *Store) error {
	if len(r.put) == 0 {
		return nil
	}
	order := slices.SortedFunc(maps.Keys(r.put), func(a, b push.DeliveryID) int {
		return cmp.Or(a.BatchID().Compare(b.BatchID()), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	put := db.PutExceptionsParams{Now: s.testClock()}
	put.Messages, put.Batches, put.Ordinals = deliveryColumns(order)
	now := s.now()
	for _, id := range order {
		result := r.put[id]
		// RetryAt is by this node's clock.
		attempt, after := result.Delivery.Attempt, -1.0
		if result.Outcome == push.DeliveryPending {
			attempt, after = attempt+1, max(result.RetryAt.Sub(now).Seconds(), 0)
		}
		put.Attempts, put.After = append(put.Attempts, int32(attempt)), append(put.After, after)
		put.Statuses, put.Reasons = append(put.Statuses, int32(result.Status)), append(put.Reasons, storable(result.Reason))
		put.Subscriptions, put.Outcomes = append(put.Subscriptions, result.Delivery.SubscriberID), append(put.Outcomes, int16(result.Outcome))
	}
	return q.PutExceptions(ctx, put)
}

// hashesBySite are those of the endpoints of results that are so, by site.
func (r *recording) hashesBySite(so func(push.DeliveryResult) bool) map[int64][][]byte {
	hashes := make(map[int64][][]byte)
	for _, result := range r.counted {
		if endpoint := result.Delivery.Subscription.Endpoint(); endpoint != "" && so(result) {
			hash, site := push.HashEndpoint(endpoint), int64(result.Delivery.Site)
			hashes[site] = append(hashes[site], hash[:])
		}
	}
	return hashes
}

func isGone(r push.DeliveryResult) bool { return r.Outcome == push.DeliveryGone }

// lockEnding locks the subscriptions that are gone or fail, all of them at once:
// two transactions that did so in turns would wait for each other.
func (r *recording) lockEnding(ctx context.Context, q *db.Queries, s *Store) error {
	hashes := r.hashesBySite(func(r push.DeliveryResult) bool { return isGone(r) || r.IsOwnFailure() })
	r.refused = make(map[push.EndpointHash]bool)
	now := s.now()
	for _, site := range slices.Sorted(maps.Keys(hashes)) {
		rows, err := q.LockSubscriptions(ctx, db.LockSubscriptionsParams{Site: site, Hashes: hashes[site]})
		if err != nil {
			return err
		}
		for _, row := range rows {
			sub := push.Subscription{CreatedAt: row.Subscription.CreatedAt, LastSeenAt: row.Subscription.LastSeenAt}
			if sub.GoneReason(now) == push.EndRefused {
				r.refused[push.EndpointHash(row.Subscription.EndpointHash)] = true
			}
		}
	}
	return nil
}

// endGone ends the subscriptions of which the push service says that they are
// gone. They are locked.
func (r *recording) endGone(ctx context.Context, q *db.Queries, s *Store) error {
	gone := r.hashesBySite(isGone)
	for _, site := range slices.Sorted(maps.Keys(gone)) {
		byReason := make(map[push.EndReason][][]byte)
		for _, hash := range gone[site] {
			reason := push.EndGone
			if r.refused[push.EndpointHash(hash)] {
				reason = push.EndRefused
			}
			byReason[reason] = append(byReason[reason], hash)
		}
		for _, reason := range slices.Sorted(maps.Keys(byReason)) {
			if err := s.endSubscriptions(ctx, q, site, byReason[reason], reason, s.now()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recording) writeOutcomes(ctx context.Context, q *db.Queries, s *Store) error {
	order := slices.SortedFunc(maps.Keys(r.changed), push.BatchID.Compare)
	if len(order) == 0 {
		return nil
	}
	var update db.UpdateOutcomesParams
	update.Messages, update.Nos = batchColumns(order)
	var done []push.BatchID
	for _, id := range order {
		outcomes := r.batches[id].Outcomes
		c := push.Outcomes(outcomes).Counts()
		update.Outcomes = append(update.Outcomes, outcomes)
		update.Accepted = append(update.Accepted, c.Accepted)
		update.Gone = append(update.Gone, c.Gone)
		update.Failed = append(update.Failed, c.Failed)
		update.Expired = append(update.Expired, c.Expired)
		update.Cancelled = append(update.Cancelled, c.Cancelled)
		update.Pending = append(update.Pending, c.Pending)
		if c.Pending == 0 {
			done = append(done, id)
		}
	}
	if err := q.UpdateOutcomes(ctx, update); err != nil || len(done) == 0 {
		return err
	}
	var members db.DeleteMembersParams
	members.Messages, members.Nos = batchColumns(done)
	if err := q.DeleteMembers(ctx, members); err != nil {
		return err
	}
	return s.finishMessages(ctx, q, slices.Compact(members.Messages)...)
}

// storable is a push service's text as PostgreSQL takes it: valid UTF-8 without
// the character 0.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

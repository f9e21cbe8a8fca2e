package sqlite

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// CloseTags implements [push.Closings].
func (s *Store) CloseTags(ctx context.Context, site push.SiteID, user string, tags []string) (subscriptions int, err error) {
	of := db.SeenLastOfUserParams{Site: int64(site), User: user, Limit: push.ClosedSubscriptions}
	// Looking first keeps what is said of people who have not subscribed from writing.
	if rows, err := s.read.SeenLastOfUser(ctx, of); err != nil || len(rows) == 0 {
		return 0, explain(err)
	}
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.SeenLastOfUser(ctx, of)
		if err != nil {
			return err
		}
		now := s.now().UnixMilli()
		for _, row := range rows {
			for _, tag := range tags {
				if err := q.PutClosing(ctx, db.PutClosingParams{
					Site: int64(site), Subscription: row.ID, Tag: tag, PushService: row.PushService, PostedAt: now}); err != nil {
					return err
				}
			}
			if err := q.DropOldestClosings(ctx, db.DropOldestClosingsParams{Site: int64(site), Subscription: row.ID, AtMost: push.MaxClosings}); err != nil {
				return err
			}
		}
		subscriptions = len(rows)
		return nil
	})
	return subscriptions, err
}

// TakeClosings implements [push.Closings].
func (s *Store) TakeClosings(ctx context.Context, site push.SiteID, subscription push.ID) (closings []push.Closing, err error) {
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		of, err := closingsOf(ctx, q, int64(site), [][]byte{subscription[:]})
		closings = of[subscription]
		if err != nil {
			return err
		}
		return q.DeleteClosings(ctx, db.DeleteClosingsParams{Site: int64(site), Subscription: subscription[:]})
	})
	return closings, err
}

// Closings implements [push.SubscriptionRows].
func (r *siteRows) Closings(sub *push.Subscription) ([]push.Closing, error) {
	of, err := closingsOf(r.ctx, r.q, r.site, [][]byte{sub.ID[:]})
	return of[sub.ID], err
}

// PutClosings implements [push.SubscriptionRows].
func (r *siteRows) PutClosings(sub *push.Subscription, closings []push.Closing) error {
	if len(closings) == 0 {
		return nil
	}
	service, err := r.serviceID(sub.Service)
	for _, c := range closings {
		if err == nil {
			err = r.q.PutClosing(r.ctx, db.PutClosingParams{
				Site: r.site, Subscription: sub.ID[:], Tag: c.Tag, PushService: service, PostedAt: c.Before.UnixMilli()})
		}
	}
	return err
}

func closingsOf(ctx context.Context, q *db.Queries, site int64, subscriptions [][]byte) (map[push.ID][]push.Closing, error) {
	rows, err := q.ClosingsOf(ctx, db.ClosingsOfParams{Site: site, Subscriptions: subscriptions})
	of := make(map[push.ID][]push.Closing)
	for _, row := range rows {
		id := push.ID(row.Subscription)
		of[id] = append(of[id], push.Closing{Tag: row.Tag, Before: time.UnixMilli(row.PostedAt)})
	}
	return of, err
}

// addClosings gives recipients those that wait for them.
func addClosings(ctx context.Context, q *db.Queries, site int64, recipients map[push.ID]*push.Recipient) error {
	// Looking first is all that most broadcasts do.
	if some, err := q.SiteHasClosings(ctx, site); err != nil || !some || len(recipients) == 0 {
		return err
	}
	ids := make([][]byte, 0, len(recipients))
	for id := range recipients {
		ids = append(ids, id[:])
	}
	of, err := closingsOf(ctx, q, site, ids)
	for id, closings := range of {
		recipients[id].Closings = closings
	}
	return err
}

// forgetDone forgets the closings that are done with deliveries.
func forgetDone(ctx context.Context, q *db.Queries, results []push.DeliveryResult) error {
	for _, r := range results {
		if !r.ClosingsDone() {
			continue
		}
		for _, c := range r.Delivery.Closings {
			if err := q.DeleteClosing(ctx, db.DeleteClosingParams{
				Site: int64(r.Delivery.Site), Subscription: r.Delivery.SubscriberID[:], Tag: c.Tag, PostedAt: c.Before.UnixMilli()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepClosings forgets up to SweepSize that have waited for too long.
func (s *Store) sweepClosings(ctx context.Context) (swept int, err error) {
	until := s.now().Add(-push.ClosingMemory).UnixMilli()
	if old, err := s.read.HasOldClosings(ctx, until); err != nil || !old {
		return 0, explain(err)
	}
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.OldClosings(ctx, db.OldClosingsParams{PostedAt: until, Limit: push.SweepSize})
		for _, row := range rows {
			if err := q.DeleteClosing(ctx, db.DeleteClosingParams(row)); err != nil {
				return err
			}
		}
		swept = len(rows)
		return err
	})
	return swept, err
}

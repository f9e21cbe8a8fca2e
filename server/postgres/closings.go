package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// CloseTags implements [push.Closings].
func (s *Store) CloseTags(ctx context.Context, site push.SiteID, user string, tags []string) (subscriptions int, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.LockSeenLastOfUser(ctx, db.LockSeenLastOfUserParams{Site: int64(site), UserID: user, AtMost: push.ClosedSubscriptions})
		subscriptions = len(rows)
		if err != nil || subscriptions == 0 {
			return err
		}
		put := db.PutClosingsParams{Site: int64(site), PostedAt: s.now(), Tags: tags}
		for _, row := range rows {
			put.Subscriptions, put.PushServices = append(put.Subscriptions, row.ID), append(put.PushServices, row.PushService)
		}
		if err := q.PutClosings(ctx, put); err != nil {
			return err
		}
		return q.DropOldestClosings(ctx, db.DropOldestClosingsParams{Site: int64(site), Subscriptions: put.Subscriptions, AtMost: push.MaxClosings})
	})
	return subscriptions, err
}

// TakeClosings implements [push.Closings].
func (s *Store) TakeClosings(ctx context.Context, site push.SiteID, subscription push.ID) (closings []push.Closing, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.TakeClosings(ctx, db.TakeClosingsParams{Site: int64(site), Subscription: subscription})
		closings = nil
		for _, row := range rows {
			closings = append(closings, push.Closing{Tag: row.Tag, Before: row.PostedAt})
		}
		return err
	})
	return closings, err
}

// Closings implements [push.SubscriptionRows].
func (r *siteRows) Closings(sub *push.Subscription) (closings []push.Closing, err error) {
	rows, err := r.q.ClosingsOf(r.ctx, db.ClosingsOfParams{Site: r.site, Subscriptions: []push.ID{sub.ID}})
	for _, row := range rows {
		closings = append(closings, push.Closing{Tag: row.Tag, Before: row.PostedAt})
	}
	return closings, err
}

// PutClosings implements [push.SubscriptionRows].
func (r *siteRows) PutClosings(sub *push.Subscription, closings []push.Closing) error {
	for _, c := range closings {
		if err := r.q.PutClosings(r.ctx, db.PutClosingsParams{
			Site: r.site, PostedAt: c.Before, Subscriptions: []push.ID{sub.ID}, PushServices: []int32{r.places[sub.ID]}, Tags: []string{c.Tag}}); err != nil {
			return err
		}
	}
	return nil
}

// addClosings gives recipients those that wait for them.
func addClosings(ctx context.Context, q *db.Queries, site int64, recipients map[push.ID]*push.Recipient) error {
	// Looking first is all that most broadcasts do.
	if some, err := q.SiteHasClosings(ctx, site); err != nil || !some || len(recipients) == 0 {
		return err
	}
	rows, err := q.ClosingsOf(ctx, db.ClosingsOfParams{Site: site, Subscriptions: slices.Collect(maps.Keys(recipients))})
	for _, row := range rows {
		to := recipients[row.Subscription]
		to.Closings = append(to.Closings, push.Closing{Tag: row.Tag, Before: row.PostedAt})
	}
	return err
}

// forgetDone forgets the closings that are done with deliveries.
func (r *recording) forgetDone(ctx context.Context, q *db.Queries) error {
	var done db.DeleteClosingsParams
	for _, result := range r.counted {
		if !result.ClosingsDone() {
			continue
		}
		for _, c := range result.Delivery.Closings {
			done.Sites, done.Subscriptions = append(done.Sites, int64(result.Delivery.Site)), append(done.Subscriptions, result.Delivery.SubscriberID)
			done.Tags, done.PostedAt = append(done.Tags, c.Tag), append(done.PostedAt, c.Before)
		}
	}
	if len(done.Tags) == 0 {
		return nil
	}
	return q.DeleteClosings(ctx, done)
}

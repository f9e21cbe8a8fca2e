package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// followFailures notes which subscriptions fail, and which do well again. Where
// none is known to fail, that is one look for each push service.
func (s *Store) followFailures(ctx context.Context, q *db.Queries, results []push.DeliveryResult) error {
	type place struct {
		site    push.SiteID
		service string
	}
	places := make(map[place][]push.DeliveryResult)
	for _, r := range results {
		at := place{r.Delivery.Site, r.Delivery.Service}
		places[at] = append(places[at], r)
	}
	for at, results := range places {
		accepted, least, greatest, failed := push.Turns(results)
		if len(accepted) > 0 {
			if err := q.DeleteFailing(ctx, db.DeleteFailingParams{
				Site: int64(at.site), Service: at.service, Least: least, Greatest: greatest, Subscriptions: slices.Collect(maps.Keys(accepted)),
			}); err != nil {
				return err
			}
		}
		if len(failed) == 0 {
			continue
		}
		put := db.PutFailingParams{Now: s.now(), Site: int64(at.site), Service: at.service}
		// One that failed twice at once is one row of the statement.
		seen := make(map[push.ID]bool)
		for _, r := range failed {
			if id := r.Delivery.SubscriberID; !seen[id] {
				seen[id] = true
				put.Subscriptions = append(put.Subscriptions, id)
				put.Statuses, put.Reasons = append(put.Statuses, int32(r.Status)), append(put.Reasons, storable(r.Reason))
			}
		}
		if err := q.PutFailing(ctx, put); err != nil {
			return err
		}
	}
	return nil
}

// ListFailing implements [push.Subscriptions].
func (s *Store) ListFailing(ctx context.Context, site push.SiteID, since time.Time, cursor string, limit int) (page []push.Subscription, next string, err error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		found, err := q.FailingAfter(ctx, db.FailingAfterParams{
			Site: int64(site), PushService: int32(after.Service), ID: after.ID, Since: since, AtMost: int32(limit) + 1})
		if err != nil {
			return err
		}
		rows := make([]db.SubscriptionsAfterRow, len(found))
		for i, row := range found {
			rows[i] = db.SubscriptionsAfterRow(row)
		}
		page, next, err = listPage(ctx, q, rows, limit)
		return err
	})
	return page, next, err
}

// CountFailing implements [push.Subscriptions].
func (s *Store) CountFailing(ctx context.Context, site push.SiteID, since time.Time) (n int64, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err = q.CountFailing(ctx, db.CountFailingParams{Site: int64(site), Since: since})
		return err
	})
	return n, err
}

// addFailing tells of a page's subscriptions, which are of rows, that they fail.
func addFailing(ctx context.Context, q *db.Queries, rows []db.SubscriptionsAfterRow, page []push.Subscription) error {
	if len(rows) == 0 {
		return nil
	}
	first, last := rows[0].Subscription, rows[len(rows)-1].Subscription
	found, err := q.FailingOfPage(ctx, db.FailingOfPageParams{
		Site: first.Site, FirstService: first.PushService, First: first.ID, LastService: last.PushService, Last: last.ID})
	if err != nil {
		return err
	}
	failing := make(map[push.ID]*push.Failing, len(found))
	for _, f := range found {
		failing[f.Subscription] = &push.Failing{Since: f.Since, LastAt: f.LastAt, Failures: int(f.Failures), Status: int(f.Status), Reason: f.Reason}
	}
	for i := range page {
		page[i].Failing = failing[page[i].ID]
	}
	return nil
}

package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// A place is where subscriptions are: a push service of a site.
type place struct {
	site    push.SiteID
	service string
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.site, other.site), cmp.Compare(p.service, other.service))
}

// turns are what results at one place say of the subscriptions.
type turns struct {
	place
	push.Turns
	// well are those that were known to fail and were accepted, of the push service
	// with this number.
	well   []push.ID
	number int32
}

// lockFailing locks what is known of the subscriptions of results, in the order in
// which everybody does. Those that fail or are gone are locked already. Where none
// is known to fail, that is one look for each push service.
func lockFailing(ctx context.Context, q *db.Queries, results []push.DeliveryResult) (all []turns, err error) {
	places := make(map[place][]push.DeliveryResult)
	for _, r := range results {
		at := place{r.Delivery.Site, r.Delivery.Service}
		places[at] = append(places[at], r)
	}
	for _, at := range slices.SortedFunc(maps.Keys(places), place.compare) {
		t := turns{place: at}
		var some bool
		if t.Turns, some = push.TurnsOf(places[at]); !some {
			continue
		}
		rows, err := q.LockFailing(ctx, db.LockFailingParams{
			Site: int64(at.site), Service: at.service, Subscriptions: t.IDs, Least: t.Least, Greatest: t.Greatest})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if t.Accepted[row.Subscription] {
				t.well, t.number = append(t.well, row.Subscription), row.PushService
			}
		}
		all = append(all, t)
	}
	return all, nil
}

// followFailures writes which subscriptions fail, and which do well again.
func (s *Store) followFailures(ctx context.Context, q *db.Queries, all []turns) error {
	for _, t := range all {
		if len(t.well) > 0 {
			if err := q.DeleteFailing(ctx, db.DeleteFailingParams{Site: int64(t.site), PushService: t.number, Subscriptions: t.well}); err != nil {
				return err
			}
		}
		if len(t.Failed) == 0 {
			continue
		}
		put := db.PutFailingParams{Now: s.now(), Site: int64(t.site), Service: t.service}
		for _, r := range t.Failed {
			put.Subscriptions = append(put.Subscriptions, r.Delivery.SubscriberID)
			put.Statuses, put.Reasons = append(put.Statuses, int32(r.Status)), append(put.Reasons, storable(r.Reason))
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

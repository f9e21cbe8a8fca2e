package sqlite

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// fewAccepted is up to how many subscriptions are looked up one by one.
const fewAccepted = 32

// followFailures notes which subscriptions at one push service fail, and which do
// well again. Where none is known to fail, that is one look into an empty range.
func (s *Store) followFailures(ctx context.Context, q *db.Queries, site push.SiteID, service int64, results []push.DeliveryResult) error {
	turns, some := push.TurnsOf(results)
	if !some {
		return nil
	}
	well, err := s.failedBefore(ctx, q, site, service, turns)
	if err != nil {
		return err
	}
	for _, id := range well {
		if err := q.DeleteFailing(ctx, db.DeleteFailingParams{Site: int64(site), PushService: service, Subscription: id[:]}); err != nil {
			return err
		}
	}
	now := s.now().UnixMilli()
	for _, r := range turns.Failed {
		if err := q.PutFailing(ctx, db.PutFailingParams{
			Now: now, Status: int64(r.Status), Reason: r.Reason, Site: int64(site), PushService: service, ID: r.Delivery.SubscriberID[:],
		}); err != nil {
			return err
		}
	}
	return nil
}

// failedBefore returns those of the accepted that may have a row. Those of a batch
// stand close together, and are looked up by their range; the ids of a few people
// are far apart.
func (s *Store) failedBefore(ctx context.Context, q *db.Queries, site push.SiteID, service int64, turns push.Turns) (ids []push.ID, err error) {
	if len(turns.Accepted) <= fewAccepted {
		return slices.Collect(maps.Keys(turns.Accepted)), nil
	}
	failing, err := q.FailingBetween(ctx, db.FailingBetweenParams{
		Site: int64(site), PushService: service, Least: turns.Least[:], Greatest: turns.Greatest[:]})
	for _, id := range failing {
		if turns.Accepted[push.ID(id)] {
			ids = append(ids, push.ID(id))
		}
	}
	return ids, err
}

// ListFailing implements [push.Subscriptions].
func (s *Store) ListFailing(ctx context.Context, site push.SiteID, since time.Time, cursor string, limit int) ([]push.Subscription, string, error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	found, err := s.read.FailingAfter(ctx, db.FailingAfterParams{
		Site: int64(site), PushService: after.Service, ID: after.ID[:], Since: since.UnixMilli(), Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	rows := make([]db.Subscription, len(found))
	for i, row := range found {
		rows[i] = row.Subscription
	}
	return s.page(ctx, rows, limit)
}

// CountFailing implements [push.Subscriptions].
func (s *Store) CountFailing(ctx context.Context, site push.SiteID, since time.Time) (int64, error) {
	n, err := s.read.CountFailing(ctx, db.CountFailingParams{Site: int64(site), Since: since.UnixMilli()})
	return n, explain(err)
}

// addFailing tells of a page's subscriptions, which are of rows, that they fail.
func (s *Store) addFailing(ctx context.Context, rows []db.Subscription, page []push.Subscription) error {
	if len(rows) == 0 {
		return nil
	}
	first, last := rows[0], rows[len(rows)-1]
	found, err := s.read.FailingOfPage(ctx, db.FailingOfPageParams{
		Site: first.Site, FirstService: first.PushService, First: first.ID, LastService: last.PushService, Last: last.ID})
	if err != nil {
		return err
	}
	failing := make(map[push.ID]*push.Failing, len(found))
	for _, f := range found {
		failing[push.ID(f.Subscription)] = toFailing(f)
	}
	for i := range page {
		page[i].Failing = failing[page[i].ID]
	}
	return nil
}

func toFailing(f db.Failing) *push.Failing {
	return &push.Failing{
		Since: time.UnixMilli(f.Since), LastAt: time.UnixMilli(f.LastAt), Failures: int(f.Failures), Status: int(f.Status), Reason: f.Reason,
	}
}

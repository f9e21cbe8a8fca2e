package sqlite

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// ScanUnseen implements [push.Retiring].
func (s *Store) ScanUnseen(ctx context.Context, site push.SiteID, before time.Time, cursor string, limit int) (found []push.Unseen, next string, err error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	s.seen.write()
	rows, err := s.read.ScanSubscriptions(ctx, db.ScanSubscriptionsParams{
		Site: int64(site), PushService: after.Service, ID: after.ID[:], Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	rows, next = push.CutPage(rows, limit, func(row db.ScanSubscriptionsRow) string {
		return push.SubscriptionCursor{Service: row.PushService, ID: push.ID(row.ID)}.String()
	})
	services, err := serviceNames(ctx, s.read)
	for _, row := range rows {
		if row.LastSeenAt < before.UnixMilli() {
			found = append(found, push.Unseen{Endpoint: push.EndpointHash(row.EndpointHash), Service: services[row.PushService], LastSeenAt: time.UnixMilli(row.LastSeenAt)})
		}
	}
	return found, next, explain(err)
}

// RetireSubscriptions implements [push.Retiring].
func (s *Store) RetireSubscriptions(ctx context.Context, site push.SiteID, before time.Time, endpoints []push.EndpointHash) (retired int, err error) {
	s.seen.write()
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		retired = 0
		rows := s.rows(ctx, q, site)
		for _, endpoint := range endpoints {
			sub, err := rows.ByHash(endpoint)
			if err != nil {
				return err
			}
			if sub == nil || !sub.LastSeenAt.Before(before) {
				continue
			}
			if err := rows.End(sub, push.EndRetired, s.now()); err != nil {
				return err
			}
			retired++
		}
		return nil
	})
	return retired, err
}

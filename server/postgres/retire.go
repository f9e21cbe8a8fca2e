package postgres

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// ScanUnseen implements [push.Retiring].
func (s *Store) ScanUnseen(ctx context.Context, site push.SiteID, before time.Time, cursor string, limit int) (found []push.Unseen, next string, err error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.ScanSubscriptions(ctx, db.ScanSubscriptionsParams{
			Site: int64(site), PushService: int32(after.Service), ID: after.ID, AtMost: int32(limit) + 1})
		rows, next = push.CutPage(rows, limit, func(row db.ScanSubscriptionsRow) string {
			return push.SubscriptionCursor{Service: int64(row.PushService), ID: row.ID}.String()
		})
		for _, row := range rows {
			if row.LastSeenAt.Before(before) {
				found = append(found, push.Unseen{Endpoint: push.EndpointHash(row.EndpointHash), Service: row.Service, LastSeenAt: row.LastSeenAt})
			}
		}
		return err
	})
	return found, next, err
}

// RetireSubscriptions implements [push.Retiring].
func (s *Store) RetireSubscriptions(ctx context.Context, site push.SiteID, before time.Time, endpoints []push.EndpointHash) (retired int, err error) {
	hashes := make([][]byte, len(endpoints))
	for i, endpoint := range endpoints {
		hashes[i] = endpoint[:]
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := s.lockHashes(ctx, q, site, hashes)
		if err != nil {
			return err
		}
		var unseen [][]byte
		for hash, sub := range rows.subs {
			if sub.LastSeenAt.Before(before) {
				unseen = append(unseen, hash[:])
			}
		}
		retired = len(unseen)
		return s.endSubscriptions(ctx, q, int64(site), unseen, push.EndRetired, s.now())
	})
	return retired, err
}

package postgres

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// AddVAPIDKey implements [push.VAPIDKeys].
func (s *Store) AddVAPIDKey(ctx context.Context, site push.SiteID, key webpush.VAPIDKey, role push.KeyRole) (added push.VAPIDKey, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		// One at a time, so that keys get different numbers.
		if err := q.LockSite(ctx, int64(site)); err != nil {
			return err
		}
		added, err = push.AddKey(&keyRows{siteRows{ctx: ctx, q: q, site: int64(site)}, s.now()}, key, role)
		return err
	})
	return added, err
}

// keyRows implements [push.VAPIDKeyRows].
type keyRows struct {
	siteRows
	now time.Time
}

func (r *keyRows) LastKey() (push.KeyID, error) {
	id, err := r.q.LastVAPIDKeyID(r.ctx, r.site)
	return push.KeyID(id), err
}

func (r *keyRows) IsKeyUsed(key push.KeyID) (bool, error) {
	used, err := r.q.IsVAPIDKeyUsed(r.ctx, db.IsVAPIDKeyUsedParams{Site: r.site, KeyID: int64(key)})
	return used, err
}

func (r *keyRows) InsertKey(id push.KeyID, key webpush.VAPIDKey) error {
	return r.q.InsertVAPIDKey(r.ctx, db.InsertVAPIDKeyParams{
		Site: r.site, KeyID: int64(id), Public: key.Public(), Private: key.Private(), CreatedAt: r.now,
	})
}

func (r *keyRows) MakeCurrent(key push.KeyID) error {
	if err := r.q.LayAsideVAPIDKeys(r.ctx, r.site); err != nil {
		return err
	}
	return r.q.MakeVAPIDKeyCurrent(r.ctx, db.MakeVAPIDKeyCurrentParams{Site: r.site, KeyID: int64(key)})
}

func (r *keyRows) KeepBeside(key push.KeyID) error {
	return r.q.KeepVAPIDKeyBeside(r.ctx, db.KeepVAPIDKeyBesideParams{Site: r.site, KeyID: int64(key)})
}

// CountByVAPIDKey implements [push.VAPIDKeys].
func (s *Store) CountByVAPIDKey(ctx context.Context, site push.SiteID) (counts map[push.KeyID]int64, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.CountVAPIDKeys(ctx, int64(site))
		counts = make(map[push.KeyID]int64, len(rows))
		for _, row := range rows {
			counts[push.KeyID(row.KeyID)] = row.Subscriptions
		}
		return err
	})
	return counts, err
}

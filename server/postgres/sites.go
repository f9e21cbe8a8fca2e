package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// Site implements [push.Sites].
func (s *Store) Site(ctx context.Context, name string) (found push.Site, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.SiteByName(ctx, name)
		if errors.Is(err, pgx.ErrNoRows) {
			return push.ErrSiteUnknown(name)
		}
		if err != nil {
			return err
		}
		found, err = site(row)
		return err
	})
	return found, err
}

// ListSites implements [push.Sites].
func (s *Store) ListSites(ctx context.Context) (sites []push.Site, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.Sites(ctx)
		sites = make([]push.Site, len(rows))
		for i := 0; i < len(rows) && err == nil; i++ {
			sites[i], err = site(db.SiteByNameRow(rows[i]))
		}
		return err
	})
	return sites, err
}

func site(row db.SiteByNameRow) (s push.Site, err error) {
	s = push.Site{
		ID: push.SiteID(row.ID), Name: row.Name, Origins: row.Origins, Hours: push.Hours{TimeZone: row.TimeZone},
		Tokens: push.TokenKey(row.TokenKey), UserSecret: push.UserSecret(row.UserSecret),
	}
	s.Hours.Quiet, err = push.ParseQuietHours(row.QuietHours)
	return s, err
}

// CreateSite implements [push.Sites].
func (s *Store) CreateSite(ctx context.Context, site push.Site) (push.Site, error) {
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return site, err
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		now := s.now()
		id, err := q.InsertSite(ctx, db.InsertSiteParams{
			Name: site.Name, TokenKey: site.Tokens[:], UserSecret: site.UserSecret[:],
			TimeZone: site.Hours.TimeZone, QuietHours: site.Hours.Quiet.String(), CreatedAt: now,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return push.ErrSiteExists(site.Name)
		}
		if err != nil {
			return err
		}
		site.ID = push.SiteID(id)
		if err := q.InsertVAPIDKey(ctx, db.InsertVAPIDKeyParams{
			Site: id, KeyID: 1, State: currentKey, Public: key.Public(), Private: key.Private(), CreatedAt: now,
		}); err != nil {
			return err
		}
		return insertOrigins(ctx, q, id, site.Origins)
	})
	return site, err
}

// SetOrigins implements [push.Sites].
func (s *Store) SetOrigins(ctx context.Context, site push.SiteID, origins []string) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.LockSite(ctx, int64(site)); err != nil {
			return err
		}
		if err := q.DeleteOrigins(ctx, int64(site)); err != nil {
			return err
		}
		return insertOrigins(ctx, q, int64(site), origins)
	})
}

func insertOrigins(ctx context.Context, q *db.Queries, site int64, origins []string) error {
	if err := q.InsertOrigins(ctx, db.InsertOriginsParams{Site: site, Origins: origins}); err != nil {
		return err
	}
	taken, err := q.OriginOfAnother(ctx, db.OriginOfAnotherParams{Origins: origins, Site: site})
	if err != nil {
		return ignoreNoRows(err)
	}
	return push.ErrOriginTaken(taken.Origin, taken.Name)
}

// SetHours implements [push.Sites].
func (s *Store) SetHours(ctx context.Context, site push.SiteID, hours push.Hours) error {
	return s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.SetHours(ctx, db.SetHoursParams{TimeZone: hours.TimeZone, QuietHours: hours.Quiet.String(), Site: int64(site)})
	})
}

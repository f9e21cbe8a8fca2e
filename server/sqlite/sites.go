package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/webpush"
)

// Site implements [push.Sites].
func (s *Store) Site(ctx context.Context, name string) (push.Site, error) {
	row, err := s.read.SiteByName(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return push.Site{}, push.ErrSiteUnknown(name)
	}
	if err != nil {
		return push.Site{}, explain(err)
	}
	found, err := site(row)
	if err != nil {
		return push.Site{}, err
	}
	found.Origins, err = s.read.Origins(ctx, row.ID)
	return found, explain(err)
}

// ListSites implements [push.Sites].
func (s *Store) ListSites(ctx context.Context) ([]push.Site, error) {
	rows, err := s.read.Sites(ctx)
	if err != nil {
		return nil, explain(err)
	}
	sites := make([]push.Site, len(rows))
	at := make(map[int64]int, len(rows))
	for i, row := range rows {
		if sites[i], err = site(db.SiteByNameRow(row)); err != nil {
			return nil, err
		}
		at[row.ID] = i
	}
	origins, err := s.read.OriginsOfSites(ctx)
	for _, row := range origins {
		// A site may be new since its like were read.
		if i, known := at[row.Site]; known {
			sites[i].Origins = append(sites[i].Origins, row.Origin)
		}
	}
	return sites, explain(err)
}

func site(row db.SiteByNameRow) (s push.Site, err error) {
	s = push.Site{
		ID: push.SiteID(row.ID), Name: row.Name, Hours: push.Hours{TimeZone: row.TimeZone},
		Tokens: push.TokenKey(row.TokenKey), UserSecret: push.UserSecret(row.UserSecret),
	}
	s.Hours.Quiet, err = push.ParseQuietHours(row.QuietHours)
	return s, err
}

// CreateSite implements [push.Sites].
func (s *Store) CreateSite(ctx context.Context, site push.Site) (push.Site, error) {
	err := s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error { return s.insertSite(ctx, q, &site) })
	return site, err
}

// insertSite gives a site its number.
func (s *Store) insertSite(ctx context.Context, q *db.Queries, site *push.Site) error {
	now := s.now().UnixMilli()
	id, err := q.InsertSite(ctx, db.InsertSiteParams{
		Name: site.Name, TokenKey: site.Tokens[:], UserSecret: site.UserSecret[:],
		TimeZone: site.Hours.TimeZone, QuietHours: site.Hours.Quiet.String(), CreatedAt: now,
	})
	if errors.Is(err, sql.ErrNoRows) {
		return push.ErrSiteExists(site.Name)
	}
	if err != nil {
		return err
	}
	site.ID = push.SiteID(id)
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return err
	}
	if err := q.InsertVAPIDKey(ctx, db.InsertVAPIDKeyParams{
		Site: id, KeyID: 1, State: currentKey, Public: key.Public(), Private: key.Private(), CreatedAt: now,
	}); err != nil {
		return err
	}
	return insertOrigins(ctx, q, id, site.Origins)
}

// SetOrigins implements [push.Sites].
func (s *Store) SetOrigins(ctx context.Context, site push.SiteID, origins []string) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.DeleteOrigins(ctx, int64(site)); err != nil {
			return err
		}
		return insertOrigins(ctx, q, int64(site), origins)
	})
}

func insertOrigins(ctx context.Context, q *db.Queries, site int64, origins []string) error {
	for i, origin := range origins {
		n, err := q.InsertOrigin(ctx, db.InsertOriginParams{Site: site, Position: int64(i), Origin: origin})
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		owner, err := q.SiteOfOrigin(ctx, origin)
		if err != nil {
			return err
		}
		// One that is given twice counts once.
		if owner.ID != site {
			return push.ErrOriginTaken(origin, owner.Name)
		}
	}
	return nil
}

// SetHours implements [push.Sites].
func (s *Store) SetHours(ctx context.Context, site push.SiteID, hours push.Hours) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.SetHours(ctx, db.SetHoursParams{TimeZone: hours.TimeZone, QuietHours: hours.Quiet.String(), ID: int64(site)})
	})
}

package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// APIKeyByHash implements [push.APIKeys].
func (s *Store) APIKeyByHash(ctx context.Context, hash push.APIKeyHash) (key push.APIKey, ok bool, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.APIKeyByHash(ctx, hash[:])
		if err != nil {
			return ignoreNoRows(err)
		}
		ok = row.RevokedAt == nil
		key, err = apiKey(row)
		return err
	})
	return key, ok, err
}

// ListAPIKeys implements [push.APIKeys].
func (s *Store) ListAPIKeys(ctx context.Context, site push.SiteID) (keys []push.APIKey, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.APIKeysOfSite(ctx, int64(site))
		keys = make([]push.APIKey, len(rows))
		for i := 0; i < len(rows) && err == nil; i++ {
			keys[i], err = apiKey(rows[i])
		}
		return err
	})
	return keys, err
}

// AddAPIKey implements [push.APIKeys].
func (s *Store) AddAPIKey(ctx context.Context, site push.SiteID, name string, scopes push.Scopes, hash push.APIKeyHash) (key push.APIKey, err error) {
	id := push.NewID()
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.InsertAPIKey(ctx, db.InsertAPIKeyParams{
			Hash: hash[:], ID: id, Site: int64(site), Name: name, Scopes: scopes.String(), CreatedAt: s.now(),
		}); err != nil {
			return err
		}
		row, err := q.APIKeyByHash(ctx, hash[:])
		if err != nil {
			return err
		}
		key, err = apiKey(row)
		return err
	})
	return key, err
}

// RevokeAPIKey implements [push.APIKeys].
func (s *Store) RevokeAPIKey(ctx context.Context, site push.SiteID, id push.ID) (ok bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.RevokeAPIKey(ctx, db.RevokeAPIKeyParams{Now: s.now(), Site: int64(site), ID: id})
		ok = n > 0
		return err
	})
	return ok, err
}

// UseAPIKey implements [push.APIKeys].
func (s *Store) UseAPIKey(ctx context.Context, site push.SiteID, id push.ID) error {
	return s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.UseAPIKey(ctx, db.UseAPIKeyParams{Now: s.now(), Site: int64(site), ID: id})
	})
}

func apiKey(row db.ApiKey) (push.APIKey, error) {
	scopes, err := push.ParseScopes(strings.Fields(row.Scopes))
	return push.APIKey{
		ID: row.ID, Site: push.SiteID(row.Site), Name: row.Name, Scopes: scopes,
		CreatedAt: row.CreatedAt, LastUsedAt: timeOrNever(row.LastUsedAt), RevokedAt: timeOrNever(row.RevokedAt),
	}, err
}

func timeOrNever(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

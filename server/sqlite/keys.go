package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// APIKeyByHash implements [push.APIKeys].
func (s *Store) APIKeyByHash(ctx context.Context, hash push.APIKeyHash) (key push.APIKey, ok bool, err error) {
	row, err := s.read.APIKeyByHash(ctx, hash[:])
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.RevokedAt.Valid {
		return key, false, nil
	}
	if err != nil {
		return key, false, explain(err)
	}
	key, err = apiKey(row)
	return key, err == nil, err
}

// ListAPIKeys implements [push.APIKeys].
func (s *Store) ListAPIKeys(ctx context.Context, site push.SiteID) ([]push.APIKey, error) {
	rows, err := s.read.APIKeysOfSite(ctx, int64(site))
	keys := make([]push.APIKey, len(rows))
	for i := 0; i < len(rows) && err == nil; i++ {
		keys[i], err = apiKey(rows[i])
	}
	return keys, explain(err)
}

// AddAPIKey implements [push.APIKeys].
func (s *Store) AddAPIKey(ctx context.Context, site push.SiteID, name string, scopes push.Scopes, hash push.APIKeyHash) (key push.APIKey, err error) {
	id := push.NewID()
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.InsertAPIKey(ctx, db.InsertAPIKeyParams{
			Hash: hash[:], ID: id[:], Site: int64(site), Name: name, Scopes: scopes.String(), CreatedAt: s.now().UnixMilli(),
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
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		n, err := q.RevokeAPIKey(ctx, db.RevokeAPIKeyParams{Now: sql.NullInt64{Int64: s.now().UnixMilli(), Valid: true}, Site: int64(site), ID: id[:]})
		ok = n > 0
		return err
	})
	return ok, err
}

// UseAPIKey implements [push.APIKeys].
func (s *Store) UseAPIKey(ctx context.Context, site push.SiteID, id push.ID) error {
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.UseAPIKey(ctx, db.UseAPIKeyParams{LastUsedAt: sql.NullInt64{Int64: s.now().UnixMilli(), Valid: true}, Site: int64(site), ID: id[:]})
	})
}

func apiKey(row db.ApiKey) (push.APIKey, error) {
	scopes, err := push.ParseScopes(strings.Fields(row.Scopes))
	return push.APIKey{
		ID: push.ID(row.ID), Site: push.SiteID(row.Site), Name: row.Name, Scopes: scopes,
		CreatedAt: time.UnixMilli(row.CreatedAt), LastUsedAt: timeOrNever(row.LastUsedAt), RevokedAt: timeOrNever(row.RevokedAt),
	}, err
}

func timeOrNever(milliseconds sql.NullInt64) time.Time {
	if !milliseconds.Valid {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds.Int64)
}

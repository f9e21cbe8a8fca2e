package postgres

import "context"

// SchemaVersion returns the schema's version, and the newest that this binary knows.
func (s *Store) SchemaVersion(ctx context.Context) (present, newest int64, err error) {
	return versions(ctx, s.pool)
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/sqlite/migrations"
)

// SchemaVersion returns the schema's version of the database in a file, and the newest
// that this binary knows. It only reads: [Open] brings an older one up to date, which
// the server that still runs on it would not survive.
func SchemaVersion(ctx context.Context, path string) (present, newest int64, err error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return 0, 0, err
	}
	if newest, err = goose.NumericComponent(files[len(files)-1]); err != nil {
		return 0, 0, err
	}
	reading, err := sql.Open("sqlite3", dsn(path, "mode=ro"))
	if err != nil {
		return 0, newest, explainOpening(path, err)
	}
	err = reading.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&present)
	if err = errors.Join(err, reading.Close()); err != nil {
		return 0, newest, explainOpening(path, err)
	}
	return present, newest, nil
}

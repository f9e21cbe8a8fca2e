package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// lockTries and lockWait are how often, and how long apart, a node that
	// starts asks whether another one is through with the migrations.
	lockTries = 300
	lockWait  = 100 * time.Millisecond
	// firstTries is how often a node tries to be the first: of several that
	// start on an empty database, one makes the tables of goose.
	firstTries = 10
)

// migrate brings the schema up to date. Of several nodes that start at once one
// does it, and the others wait.
func migrate(ctx context.Context, pool *pgxpool.Pool) (err error) {
	for range firstTries {
		if err = migrateOnce(ctx, pool); !isMadeByAnother(err) {
			return err
		}
		time.Sleep(lockWait)
	}
	return err
}

func isMadeByAnother(err error) bool {
	switch sqlState(err) {
	case "42P07", "42710", "23505": // a table, a type; the catalogue's own index
		return true
	}
	return false
}

func migrateOnce(ctx context.Context, pool *pgxpool.Pool) (err error) {
	database := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, database.Close()) }()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// A table, since not every database has advisory locks.
	locker, err := lock.NewPostgresTableLocker(
		lock.WithTableLockTimeout(lockWait, lockTries), lock.WithTableLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, database, folder, goose.WithLocker(locker))
	if err != nil {
		return err
	}
	present, newest, err := versions(ctx, pool)
	if err != nil || present == newest {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// checkSchema says whether the schema is the one that this binary knows.
func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	present, newest, err := versions(ctx, pool)
	switch {
	case err != nil:
		return err
	case present == 0:
		return errors.New("it is empty: start pushkit serve once")
	case present < newest:
		return fmt.Errorf("it is of an older pushkit (schema %d, this one has %d): start this version's pushkit serve once", present, newest)
	}
	return nil
}

// versions returns the schema's version, 0 where there is none, and the newest
// that this binary knows. A schema that is newer still is an error.
func versions(ctx context.Context, pool *pgxpool.Pool) (present, newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, 0, err
	}
	if newest, err = goose.NumericComponent(files[len(files)-1]); err != nil {
		return 0, 0, err
	}
	err = pool.QueryRow(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&present)
	if sqlState(err) == "42P01" {
		return 0, newest, nil // no such table
	}
	if err == nil && present > newest {
		err = fmt.Errorf("the database is of a newer pushkit (schema %d, this one knows %d)", present, newest)
	}
	return present, newest, err
}

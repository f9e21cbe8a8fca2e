package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres"
)

// pool holds the URLs of schemas that are migrated and empty, for tests to come. To
// empty one takes a tenth of what it takes to make one.
var pool struct {
	mu   sync.Mutex
	urls []string
}

// Database returns the URL of a schema that is the test's own until it ends, migrated
// and otherwise empty: who opens it first makes its default site. It goes to a later
// test then, without its rows: a test that alters tables, or looks at how the planner
// uses them, wants [Empty].
func Database(t testing.TB) string {
	t.Helper()
	database, ok := take()
	if !ok {
		server := URL(t)
		name := createSchema(t, server)
		database = withParameters(t, server, map[string]string{"search_path": name, "application_name": name})
		if err := migrate(database); err != nil {
			t.Fatal(errors.Join(err, dropSchema(database)))
		}
	}
	t.Cleanup(func() {
		if err := giveBack(database); err != nil {
			t.Error(err)
		}
	})
	return database
}

func take() (database string, ok bool) {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	last := len(pool.urls) - 1
	if last < 0 {
		return "", false
	}
	database = pool.urls[last]
	pool.urls = pool.urls[:last]
	return database, true
}

// unobserved is the statement that keeps autovacuum from all tables: what it notes of a
// test's rows would mislead the planner in the next one.
const unobserved = `
SELECT string_agg(format('ALTER TABLE %I SET (autovacuum_enabled = off)', tablename), '; ') FROM pg_tables WHERE schemaname = current_schema()`

// migrate brings an empty schema up to date. What else comes with that, the default
// site, goes.
func migrate(database string) error {
	store, err := postgres.Open(context.Background(), database, postgres.Options{})
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	if err := executeMade(database, unobserved); err != nil {
		return err
	}
	_, err = empty(database)
	return err
}

// executeMade executes the statements that a query returns.
func executeMade(database, query string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return executeMadeOn(ctx, conn, query)
}

func executeMadeOn(ctx context.Context, conn *pgx.Conn, query string) error {
	var statements string
	if err := conn.QueryRow(ctx, query).Scan(&statements); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, statements); err != nil {
		return fmt.Errorf("%s: %w", statements, err)
	}
	return nil
}

// giveBack puts a schema into the pool, or drops it where it has grown: what rows
// leave behind would slow the tests to come.
func giveBack(database string) error {
	size, err := empty(database)
	if err != nil || size > muchSpace {
		return errors.Join(err, dropSchema(database))
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	pool.urls = append(pool.urls, database)
	return nil
}

// muchSpace is more than a schema takes that few rows were in, in bytes.
const muchSpace = 4 << 20

// dropPool drops the schemas, on a server that stays.
func dropPool() (err error) {
	for {
		database, ok := take()
		if !ok {
			return err
		}
		err = errors.Join(err, dropSchema(database))
	}
}

func dropSchema(database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return err
	}
	return execute(database, "DROP SCHEMA "+u.Query().Get("search_path")+" CASCADE")
}

// emptying is the statement that deletes the rows of all tables but goose's, whatever
// refers to what, and lets their numbers begin anew.
const emptying = `
SELECT 'WITH ' || (SELECT string_agg(format('%1$I AS (DELETE FROM %1$I)', tablename), ', ') FROM pg_tables
                   WHERE schemaname = current_schema() AND tablename NOT LIKE 'goose%')
    || ' SELECT ' || (SELECT string_agg(format('setval(%L, %s, false)', quote_ident(sequencename), start_value), ', ') FROM pg_sequences
                      WHERE schemaname = current_schema() AND sequencename NOT LIKE 'goose%')`

// empty deletes the rows of a migrated schema, and returns how much space they took, in
// bytes. First whoever is still connected is cut off: a process that was killed may
// have sent a last statement.
func empty(database string) (size int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return 0, err
	}
	of := config.RuntimeParams["application_name"]
	config.RuntimeParams["application_name"] = "empty " + of
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	for left := -1; left != 0; {
		err := conn.QueryRow(ctx, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1", of).Scan(&left)
		if err != nil {
			return 0, fmt.Errorf("%d connections stay: %w", left, err)
		}
	}
	if err := executeMadeOn(ctx, conn, emptying); err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, `SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`).Scan(&size)
	return size, err
}

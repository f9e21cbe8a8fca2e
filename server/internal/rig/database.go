package rig

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/pushkit/pushkit/server/postgres/postgrestest"
	"github.com/pushkit/pushkit/server/push"
)

// A Database is one of a proof's own, empty at first.
type Database struct {
	// URL is that of --database.
	URL string
	// Postgres is the server; nil: it is SQLite.
	Postgres *postgrestest.Server

	path string // of SQLite's file
}

// Stores are the kinds of databases.
var Stores = []string{"sqlite", "postgres"}

// OpenDatabase makes one of a kind, SQLite's in a folder. Close it after use.
func OpenDatabase(kind, folder string) (*Database, error) {
	switch kind {
	case "sqlite":
		path := filepath.Join(folder, "pushkit.db")
		return &Database{URL: "sqlite://" + path, path: path}, nil
	case "postgres":
		server, err := postgrestest.Start()
		if err != nil {
			return nil, err
		}
		return &Database{URL: server.URL, Postgres: server}, nil
	}
	return nil, fmt.Errorf("no database of the kind %q: want one of %v", kind, Stores)
}

// Close ends it.
func (d *Database) Close() {
	if d.Postgres != nil {
		d.Postgres.Close()
	}
}

// Size is how many bytes it has on disk.
func (d *Database) Size(ctx context.Context) (bytes int64, err error) {
	if d.Postgres != nil {
		err = d.query(ctx, "SELECT pg_database_size(current_database())", &bytes)
		return bytes, err
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(d.path + suffix)
		if err != nil && !os.IsNotExist(err) {
			return 0, err
		}
		if err == nil {
			bytes += info.Size()
		}
	}
	return bytes, nil
}

// Outcomes are those of a message's deliveries that are on disk, by batch.
func (d *Database) Outcomes(ctx context.Context, message string) (map[uint32]push.Outcomes, error) {
	id, _ := push.ParseID(message)
	outcomes := make(map[uint32]push.Outcomes)
	add := func(rows interface {
		Next() bool
		Scan(...any) error
		Err() error
	}) error {
		for rows.Next() {
			var no uint32
			var text []byte
			if err := rows.Scan(&no, &text); err != nil {
				return err
			}
			outcomes[no] = text
		}
		return rows.Err()
	}
	if d.Postgres != nil {
		return outcomes, d.connect(ctx, func(conn *pgx.Conn) error {
			rows, err := conn.Query(ctx, "SELECT no, outcomes FROM batches WHERE message = $1", [16]byte(id))
			if err != nil {
				return err
			}
			return add(rows)
		})
	}
	file, err := sql.Open("sqlite3", "file:"+d.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := file.QueryContext(ctx, "SELECT no, outcomes FROM batches WHERE message = ?", id[:])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return outcomes, add(rows)
}

// NewestNode is the id under which the node that was started last holds leases in
// a PostgreSQL.
func (d *Database) NewestNode(ctx context.Context) (id push.ID, err error) {
	err = d.query(ctx, "SELECT id FROM nodes ORDER BY id DESC LIMIT 1", (*[16]byte)(&id))
	return id, err
}

// LeasedBatches are the batches of a message that a node holds in a PostgreSQL.
func (d *Database) LeasedBatches(ctx context.Context, message string, node push.ID) (nos []uint32, err error) {
	err = d.query(ctx, "SELECT array_agg(no) FROM batches WHERE message = $1 AND node = $2 AND state = 1", &nos, message, [16]byte(node))
	return nos, err
}

// AwaitFreed waits until a node that is dead holds none of a message's batches, and
// returns those that it held at first.
func (d *Database) AwaitFreed(ctx context.Context, message string, dead push.ID, limit time.Duration) (held []uint32, err error) {
	if held, err = d.LeasedBatches(ctx, message, dead); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(limit)
	for left := held; len(left) > 0; {
		if time.Now().After(deadline) {
			return held, fmt.Errorf("the batches %v of a dead node are its own after %v", left, limit)
		}
		if err := Sleep(ctx, 50*time.Millisecond); err != nil {
			return held, err
		}
		if left, err = d.LeasedBatches(ctx, message, dead); err != nil {
			return held, err
		}
	}
	return held, nil
}

func (d *Database) query(ctx context.Context, statement string, to any, arguments ...any) error {
	return d.connect(ctx, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, statement, arguments...).Scan(to) })
}

// connect does something with a connection to PostgreSQL.
func (d *Database) connect(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, d.URL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(conn)
}

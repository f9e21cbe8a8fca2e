// Package sqlite keeps the domain in one SQLite file, by
// github.com/mattn/go-sqlite3: WAL, synchronous=FULL, one writer that commits
// in groups and a pool of readers. The statements are in queries and generated
// by sqlc into package db, the schema is in migrations and applied by goose.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/sqlite/migrations"
	"github.com/pushkit/pushkit/server/webpush"
)

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 generate

// Store is a [push.Store] in one SQLite file.
type Store struct {
	now       func() time.Time
	retention time.Duration
	// node names this opening of the store to others.
	node         []byte
	writing      *sql.DB
	writer       *writer
	checkpointer *checkpointer
	seen         *seen
	reading      *sql.DB
	read         *db.Queries
	// services are the committed numbers of push services that were asked for, by name.
	services sync.Map

	wanted push.Wanted

	mu sync.Mutex
	// strays are batches that could not be handed back.
	strays []push.Batch
}

var _ push.Store = (*Store)(nil)

// Options are optional parts of a store.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Retention is how long it is remembered which subscriptions have ended; zero: for
	// as long as no other opening sweeps.
	Retention time.Duration
}

// Open opens or makes the database at path, brings its schema up to date and
// gives a fresh one its default site with a VAPID key. Close it after use.
func Open(ctx context.Context, path string, options Options) (*Store, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	writing, err := sql.Open("sqlite3", dsn(path, "_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	writing.SetMaxOpenConns(1)
	node := push.NewID()
	s := &Store{now: options.Now, retention: options.Retention, node: node[:], writing: writing}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(explainOpening(path, err), writing.Close())
	}
	if s.reading, err = sql.Open("sqlite3", dsn(path, "_query_only=true")); err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	s.reading.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	s.reading.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))
	s.read = db.New(s.reading)
	if _, err := writing.ExecContext(ctx, fmt.Sprint("PRAGMA wal_autocheckpoint = ", logPages)); err != nil {
		return nil, errors.Join(err, s.reading.Close(), writing.Close())
	}
	s.checkpointer = newCheckpointer(s)
	s.writer = newWriter(writing, s.checkpointer.note)
	s.seen = newSeen(s)
	if _, err := s.Beat(ctx); err != nil {
		return nil, errors.Join(explainOpening(path, err), s.Close())
	}
	return s, nil
}

// makePrivate lets nobody else read the file, which holds the private VAPID
// keys. SQLite gives the files beside it (-wal, -shm) the same mode, so that it
// must be right before SQLite makes them.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), file.Close())
}

func dsn(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=10000&_stmt_cache_size=64&" + more
}

func (s *Store) prepare(ctx context.Context) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.writing, migrations.Files)
	if err != nil {
		return err
	}
	present, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if present > newest {
		return fmt.Errorf("the database is of a newer pushkit: its schema is %d, this one knows %d", present, newest)
	}
	if present < newest {
		if _, err := provider.Up(ctx); err != nil {
			return err
		}
	}
	tx, err := s.writing.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := s.addDefaultSite(ctx, db.New(tx)); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) addDefaultSite(ctx context.Context, q *db.Queries) error {
	if _, err := q.SiteByName(ctx, push.DefaultSite); !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	site := push.NewSite(push.DefaultSite)
	return s.insertSite(ctx, q, &site)
}

// The states of a site's VAPID keys besides 0, kept beside the current one.
const (
	currentKey  = 1
	replacedKey = -1
)

// Close ends the writer after what it was given, and closes the file.
func (s *Store) Close() error {
	s.seen.close()
	s.writer.close()
	s.checkpointer.close()
	return errors.Join(s.reading.Close(), s.writing.Close())
}

// watchEvery is how often the database is asked whether another process has
// written to it.
const watchEvery = 200 * time.Millisecond

// Watch calls wake when another process, such as pushkit send, has written to
// the database, until ctx is done.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	// The version belongs to one connection.
	conn, err := s.reading.Conn(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	last := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		var now int64
		if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&now); err != nil {
			// The dispatcher looks at the queue by itself, only later.
			continue
		}
		if now != last {
			last = now
			wake()
		}
	}
}

// Setting returns what was put under a name, or an empty text.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	value, err := s.read.Setting(ctx, name)
	return value, explain(ignoreNoRows(err))
}

// PutSetting keeps a value under a name.
func (s *Store) PutSetting(ctx context.Context, name, value string) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.PutSetting(ctx, db.PutSettingParams{Name: name, Value: value})
	})
}

// VAPIDKeys implements [push.Store].
func (s *Store) VAPIDKeys(ctx context.Context, site push.SiteID) ([]push.VAPIDKey, error) {
	rows, err := s.read.VAPIDKeys(ctx, int64(site))
	if err != nil {
		return nil, explain(err)
	}
	keys := make([]push.VAPIDKey, len(rows))
	for i, row := range rows {
		key, err := webpush.NewVAPIDKey(row.Private)
		if err != nil {
			return nil, err
		}
		keys[i] = push.VAPIDKey{ID: push.KeyID(row.KeyID), VAPIDKey: key, Current: row.State == currentKey, Replaced: row.State == replacedKey}
	}
	return keys, nil
}

// pushServiceID returns the number of a push service, which it gets on first
// sight.
func pushServiceID(ctx context.Context, q *db.Queries, name string) (int64, error) {
	id, err := q.PushServiceByName(ctx, name)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if err := q.InsertPushService(ctx, name); err != nil {
		return 0, err
	}
	return q.PushServiceByName(ctx, name)
}

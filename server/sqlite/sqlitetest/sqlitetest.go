// Package sqlitetest gives tests a SQLite file that has its schema already: the
// migrations take longer than most of what is tested.
package sqlitetest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver
	"github.com/pressly/goose/v3"

	"github.com/pushkit/pushkit/server/sqlite/migrations"
)

// Path is that of a database of the test's own, which is removed when the test ends.
// It is migrated and otherwise empty: who opens it first makes its default site.
func Path(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pushkit.db")
	Make(t, path)
	return path
}

// Make makes such a database at a path, and the folders to it.
func Make(t testing.TB, path string) {
	t.Helper()
	content, err := migrated()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// migrated is what such a file holds.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "pushkit-sqlite-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "pushkit.db")
	// In this mode, since to change to it is a write. Its log goes when it is closed.
	database, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL")
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, database, migrations.Files)
	if err == nil {
		_, err = provider.Up(context.Background())
	}
	if err := errors.Join(err, database.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

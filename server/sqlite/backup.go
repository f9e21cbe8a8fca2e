package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
)

// Backup copies the database at path, while others write to it, into the empty
// file to, and checks the copy. The schema stays as it is.
//
// It is by VACUUM INTO: one read transaction, which holds up no writer. SQLite's
// backup API begins again whenever another process has written, so that beside a
// busy server it would never end, or not let it write.
func Backup(ctx context.Context, path, to string) error {
	database, err := sql.Open("sqlite3", dsn(path, ""))
	if err != nil {
		return err
	}
	_, err = database.ExecContext(ctx, "VACUUM INTO ?", to)
	if err = errors.Join(err, database.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return check(ctx, to)
}

// check reads a whole file that nobody writes to.
func check(ctx context.Context, path string) error {
	copied, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer copied.Close()
	var verdict string
	if err := copied.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("the copy cannot be read: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the copy is damaged, and so may be the database: %s", verdict)
	}
	return nil
}

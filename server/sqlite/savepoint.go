package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/pushkit/pushkit/server/sqlite/db"
)

// A savepoint is a job's part of a transaction. It begins with the first statement that
// writes: most browsers tell nothing new, and their jobs only read.
type savepoint struct {
	conn  *sql.Conn
	begun bool
	// err is why it could not begin, which ends the transaction.
	err error
}

var _ db.DBTX = (*savepoint)(nil)

func (s *savepoint) begin(ctx context.Context) error {
	if s.begun || s.err != nil {
		return s.err
	}
	_, s.err = s.conn.ExecContext(ctx, "SAVEPOINT job")
	s.begun = s.err == nil
	return s.err
}

// isWrite says whether a statement that returns rows writes, too.
func isWrite(query string) bool { return strings.Contains(query, "RETURNING") }

// ExecContext implements [db.DBTX].
func (s *savepoint) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return s.conn.ExecContext(ctx, query, args...)
}

// PrepareContext implements [db.DBTX].
func (s *savepoint) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return s.conn.PrepareContext(ctx, query)
}

// QueryContext implements [db.DBTX].
func (s *savepoint) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if isWrite(query) {
		if err := s.begin(ctx); err != nil {
			return nil, err
		}
	}
	return s.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext implements [db.DBTX]. There is no sql.Row of an error: end tells of it.
func (s *savepoint) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if isWrite(query) {
		s.begin(ctx)
	}
	return s.conn.QueryRowContext(ctx, query, args...)
}

// end keeps what the job has written, or takes it back where failed is its error. An
// error of its own ends the transaction.
func (s *savepoint) end(ctx context.Context, failed error) error {
	if s.err != nil {
		return s.err
	}
	switch isOpen, err := s.isTransactionOpen(); {
	case err != nil:
		return err
	case !isOpen && failed == nil:
		return errors.New("SQLite has rolled back the transaction")
	case !isOpen:
		// As for a full disk: that is why.
		return failed
	case !s.begun:
		return nil
	}
	statement := "RELEASE job"
	if failed != nil {
		statement = "ROLLBACK TO job; RELEASE job"
	}
	_, err := s.conn.ExecContext(ctx, statement)
	return err
}

// isTransactionOpen says whether there still is the group's transaction, which SQLite
// may have rolled back by itself, whatever the job made of that.
func (s *savepoint) isTransactionOpen() (isOpen bool, err error) {
	err = s.conn.Raw(func(driver any) error {
		isOpen = !driver.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	return isOpen, err
}

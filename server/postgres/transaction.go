package postgres

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

const (
	// operationLimit is how long a caller waits for a connection, and then for
	// the database: one that hangs must not hold callers for ever.
	operationLimit = 10 * time.Second
	// maxAttempts is how often a transaction is tried that another one has
	// crossed.
	maxAttempts = 10
	// longestPause bounds the wait between two attempts.
	longestPause = 50 * time.Millisecond
)

// statements are those of one operation, within a transaction or outside of one.
type statements func(context.Context, *db.Queries) error

// direct runs statements that need no transaction.
func (s *Store) direct(ctx context.Context, run statements) error {
	return explain(ctx, s.hold(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return run(ctx, db.New(conn)) }))
}

// write runs statements in a transaction, once more where another transaction
// has crossed it. An error means that nothing was written, unless the database
// went away in the moment of the commit.
func (s *Store) write(ctx context.Context, run statements) error {
	for attempt := 1; ; attempt++ {
		err := s.hold(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return run(ctx, db.New(tx)) })
		})
		if attempt == maxAttempts || !isCrossed(err) {
			return explain(ctx, err)
		}
		time.Sleep(rand.N(longestPause))
	}
}

// hold runs something with a connection. A caller may give up waiting for one;
// what has begun is ended, since to interrupt it would cost the connection.
func (s *Store) hold(ctx context.Context, run func(context.Context, *pgxpool.Conn) error) error {
	waiting, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	conn, err := s.pool.Acquire(waiting)
	if err != nil {
		return err
	}
	defer conn.Release()
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), operationLimit)
	defer cancel()
	return run(ctx, conn)
}

// isCrossed says whether a transaction failed by another one's doing, and may
// succeed now: a row that both inserted, a deadlock, a serialization failure.
func isCrossed(err error) bool {
	switch sqlState(err) {
	case "23505", "40001", "40P01":
		return true
	}
	return false
}

// sqlState is the server's code of an error; empty where it is not the server's.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// explain makes an error of the domain where the database is away for now. ctx
// is the caller's.
func explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || !isAway(err) {
		return err
	}
	return push.ErrUnavailable(onOneLine(err))
}

// isAway says whether an error means that the database may answer later: it is
// not there, starts or ends, is too busy, full, or for a moment only readable.
func isAway(err error) bool {
	if code := sqlState(err); code != "" {
		switch code[:2] {
		case "08", "40", "53", "57", "58":
			return true
		}
		return code == "25006" || code == "55P03"
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, puddle.ErrClosedPool)
}

func ignoreNoRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

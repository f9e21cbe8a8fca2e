package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// groupSize is how many jobs share one commit at most. A commit waits for the
// disk, so that a group costs little more than one job.
const groupSize = 256

var errClosed = errors.New("the store is closed")

// A writer runs jobs one after another on the one connection that writes, and
// commits them in groups: whatever has come in while the last group was
// written to disk. A job that fails takes back its own changes alone.
type writer struct {
	database *sql.DB
	// committed is called after each commit.
	committed func()
	urgent    chan *job
	bulk      chan *job
	stop      chan struct{}
	stopOnce  sync.Once
	stopped   sync.WaitGroup
}

// A write is one job's statements. Its context is never cancelled: SQLite rolls
// the whole group back when a statement is interrupted.
type write func(context.Context, *db.Queries) error

type job struct {
	run  write
	err  error
	done chan struct{}
}

func newWriter(database *sql.DB, committed func()) *writer {
	w := &writer{database: database, committed: committed, urgent: make(chan *job), bulk: make(chan *job), stop: make(chan struct{})}
	w.stopped.Go(w.loop)
	return w
}

// do runs a job that somebody waits for, and returns when it is on disk.
func (w *writer) do(ctx context.Context, run write) error {
	return w.submit(ctx, w.urgent, run)
}

// doBulk is do for work in the background, which gives way to the other.
func (w *writer) doBulk(ctx context.Context, run write) error {
	return w.submit(ctx, w.bulk, run)
}

func (w *writer) submit(ctx context.Context, queue chan *job, run write) error {
	// The job outlives the caller's patience: once it is taken, its end is
	// awaited, so that an error always means that nothing was written.
	j := &job{run: run, done: make(chan struct{})}
	select {
	case queue <- j:
		<-j.done
		return explain(j.err)
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return push.ErrUnavailable(errClosed)
	}
}

// explain makes an error of the domain where the file cannot be read or written for
// now: the disk is full or fails, or somebody else holds the lock. One that is
// damaged stays so: that is an error of its own.
func explain(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) && !errors.As(err, new(*push.Error)) {
		switch e.Code {
		case sqlite3.ErrFull, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
			return push.ErrUnavailable(err)
		}
	}
	return err
}

func (w *writer) close() {
	w.stopOnce.Do(func() { close(w.stop) })
	w.stopped.Wait()
}

func (w *writer) loop() {
	for {
		first := w.next(true)
		if first == nil {
			return
		}
		group := []*job{first}
		err := w.commit(&group)
		for _, j := range group {
			if err != nil {
				j.err = err
			}
			close(j.done)
		}
		w.committed()
	}
}

// next returns the next job, those of the urgent queue first; nil where there
// is none and wait is false, or when the writer was closed.
func (w *writer) next(wait bool) *job {
	select {
	case j := <-w.urgent:
		return j
	default:
	}
	if !wait {
		select {
		case j := <-w.urgent:
			return j
		case j := <-w.bulk:
			return j
		default:
			return nil
		}
	}
	select {
	case j := <-w.urgent:
		return j
	case j := <-w.bulk:
		return j
	case <-w.stop:
		return nil
	}
}

func (w *writer) commit(group *[]*job) error {
	// Not in a sql.Tx, which would have a goroutine wait beside each query for an end
	// that it could not have.
	ctx := context.Background()
	conn, err := w.database.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	committed := false
	defer func() {
		if !committed {
			// Also where none has begun: one that could not be ended before would be in the
			// way for ever. That there is nothing to roll back is no error then.
			conn.ExecContext(ctx, "ROLLBACK")
		}
	}()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i := 0; i < len(*group); i++ {
		j := (*group)[i]
		if j.err, err = runJob(ctx, conn, j); err != nil {
			return err
		}
		if len(*group) < groupSize {
			if more := w.next(false); more != nil {
				*group = append(*group, more)
			}
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	committed = err == nil
	return err
}

// runJob runs a job within a savepoint. failed is the job's own error, err one
// that ends the transaction.
func runJob(ctx context.Context, conn *sql.Conn, j *job) (failed, err error) {
	s := &savepoint{conn: conn}
	failed = protect(func() error { return j.run(ctx, db.New(s)) })
	return failed, s.end(ctx, failed)
}

// protect keeps a panic in one job from ending the writer and, with it, every
// later write.
func protect(run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return run()
}

package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// A job that fails takes back what it has written, by whichever kind of statement and
// however late, and nothing of the other jobs of its transaction; one that only reads
// has no savepoint. Where SQLite has rolled back by itself, the transaction ends.
func TestAJobsChangesAreItsOwn(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.writing.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exec := func(statement string) error {
		_, err := conn.ExecContext(t.Context(), statement)
		return err
	}
	mistake := errors.New("a mistake")
	put := func(name string, err error) write {
		return func(ctx context.Context, q *db.Queries) error {
			if _, err := q.Setting(ctx, name); ignoreNoRows(err) != nil {
				return err
			}
			return errors.Join(q.PutSetting(ctx, db.PutSettingParams{Name: name, Value: "x"}), err)
		}
	}
	create := func(name string, err error) write {
		return func(ctx context.Context, q *db.Queries) error {
			site := push.NewSite(name)
			return errors.Join(s.insertSite(ctx, q, &site), err)
		}
	}
	read := func(err error) write {
		return func(ctx context.Context, q *db.Queries) error {
			_, readErr := q.Sites(ctx)
			if exec("RELEASE job") == nil {
				t.Error("a job that only reads has a savepoint")
			}
			return errors.Join(readErr, err)
		}
	}
	if err := exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	for _, j := range []struct {
		run    write
		failed error
	}{
		{put("first", nil), nil}, {put("second", mistake), mistake}, {read(nil), nil}, {create("third", nil), nil},
		{read(mistake), mistake}, {create("fourth", mistake), mistake}, {put("fifth", nil), nil},
	} {
		failed, err := runJob(t.Context(), conn, &job{run: j.run})
		if err != nil || !errors.Is(failed, j.failed) {
			t.Fatalf("got %v, %v, want %v", failed, err, j.failed)
		}
	}
	failed, err := runJob(t.Context(), conn, &job{run: func(ctx context.Context, q *db.Queries) error {
		panic(put("sixth", nil)(ctx, q))
	}})
	if failed == nil || err != nil {
		t.Fatalf("after a panic: %v, %v", failed, err)
	}
	if err := exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	for name, isKept := range map[string]bool{"first": true, "second": false, "fifth": true, "sixth": false} {
		if _, err := s.read.Setting(t.Context(), name); (err == nil) != isKept {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, isKept := range map[string]bool{"third": true, "fourth": false} {
		if _, err := s.read.SiteByName(t.Context(), name); (err == nil) != isKept {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Whatever the job made of it.
	for _, says := range []error{sqlite3.Error{Code: sqlite3.ErrIoErr}, mistake, nil} {
		for _, run := range []write{put("seventh", nil), read(nil)} {
			if err := exec("BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			_, err = runJob(t.Context(), conn, &job{run: func(ctx context.Context, q *db.Queries) error {
				return errors.Join(run(ctx, q), exec("ROLLBACK"), says)
			}})
			if err == nil || !errors.Is(err, says) && says != nil {
				t.Errorf("after a rollback, of a job that says %v: %v", says, err)
			}
		}
	}
}

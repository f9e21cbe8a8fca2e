package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
)

const (
	// Free disk space below which nothing much goes in, and below which it soon may
	// not; in bytes.
	fullDisk  = 100 << 20
	smallDisk = 1 << 30
	// examinedSetting is where the database keeps when it was last examined: what is
	// written to see that it takes it.
	examinedSetting = "examined"
)

// openDatabase opens the database, unless that would change its schema.
func (d *doctor) openDatabase(ctx context.Context) (findings []finding) {
	const check = "database"
	d.sending = sendingOf(d.cmd)
	path, _, err := databaseURL(d.cmd)
	if err != nil {
		return []finding{fail(check, "Give --database as pushkit serve has it.", "%v", err)}
	}
	var newest int64 // of SQLite's schema
	if path != "" {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return []finding{fail(check, "Start pushkit serve once, or name another database with --database.", "There is no database at %s.", path)}
		}
		findings = append(findings, checkDisk(path)...)
		var present int64
		if present, newest, err = sqlite.SchemaVersion(ctx, path); err != nil {
			return append(findings, fail(check, "Look at the file and its folder: they belong to the user that runs the server.", "%v", err))
		}
		if present < newest {
			return append(findings, warn(check, "Make a backup, then start this version's pushkit serve: it brings the schema up to date.",
				"%s is of an older pushkit: its schema is %d, this one's %d.", path, present, newest))
		}
	}
	store, site, err := openDatabase(ctx, d.cmd, true)
	if push.CodeOf(err) == push.SiteUnknown {
		return append(findings, fail(check, "Give --site one that pushkit sites list shows.", "It has no site %q.", d.cmd.String(siteFlag.Name)))
	}
	if err != nil {
		return append(findings, fail(check, "Look at the address, the user and the password, whether the database runs, and which version of pushkit made it.", "%v", err))
	}
	d.store, d.site = store, site
	if d.sending, err = keptSending(ctx, d.cmd, store); err != nil {
		return append(findings, fail(check, "Look at the server's log.", "The server's settings cannot be read: %v.", err))
	}
	if err := store.PutSetting(ctx, examinedSetting, time.Now().UTC().Format(time.RFC3339)); err != nil {
		return append(findings, fail(check, "Look at the disk and the file's rights, or the database user's.", "It opens and cannot be written to: %v.", err))
	}
	return append(findings, d.describeDatabase(ctx, path, newest))
}

// describeDatabase tells of one that is open: a file at path has the newest schema.
func (d *doctor) describeDatabase(ctx context.Context, path string, newest int64) finding {
	const check = "database"
	shared, isPostgres := d.store.(*postgres.Store)
	if !isPostgres {
		return ok(check, "%s opens and takes what is written; schema %d, the newest.", path, newest)
	}
	present, newest, err := shared.SchemaVersion(ctx)
	if err != nil {
		return fail(check, "Look whether the database runs.", "%v", err)
	}
	if present != newest {
		return fail(check, "Start this version's pushkit serve.", "Its schema is %d, this pushkit's %d.", present, newest)
	}
	return ok(check, "PostgreSQL opens and takes what is written; schema %d, the newest.", present)
}

// checkDisk looks at the disk that a SQLite database is on.
func checkDisk(path string) []finding {
	const check = "disk"
	free, known := freeDisk(filepath.Dir(path))
	const advice = "Make room: a full disk keeps the server from accepting anything."
	switch {
	case !known:
		return nil
	case free < fullDisk:
		return []finding{fail(check, advice, "%d MB are free for the database.", free>>20)}
	case free < smallDisk:
		return []finding{warn(check, advice, "%d MB are free for the database.", free>>20)}
	}
	return []finding{ok(check, "%.1f GB are free for the database.", float64(free)/(1<<30))}
}

// checkServer says whether a server sends what is in the database.
func (d *doctor) checkServer(ctx context.Context) finding {
	const check = "server"
	runs, err := d.isServed(ctx)
	if err != nil {
		return fail(check, "Look at the database's folder.", "It cannot be told whether a server runs: %v.", err)
	}
	if !runs {
		return warn(check, "Start pushkit serve. What is accepted until then is kept.", "No server runs on this database.")
	}
	if err := askReady(ctx, d.cmd.String(addrFlag.Name)); err != nil {
		return warn(check, "Where it listens elsewhere, give its --addr. Else look at its log.", "A server runs on this database, and is not ready here: %v.", err)
	}
	return ok(check, "A server runs on this database and is ready.")
}

func (d *doctor) isServed(ctx context.Context) (bool, error) {
	if shared, ok := d.store.(sharedDatabase); ok {
		return shared.IsAnyNodeAlive(ctx)
	}
	unlock, held, err := lockDispatch(d.cmd)
	if err != nil {
		return false, err
	}
	if held {
		return false, unlock()
	}
	return true, nil
}

// checkKeys looks at the VAPID keys, which are checked as they are read.
func (d *doctor) checkKeys(ctx context.Context) finding {
	const check = "VAPID key"
	keys, err := d.store.VAPIDKeys(ctx, d.site.ID)
	if err != nil {
		return fail(check, "Restore the database from a backup: with another key no subscriber is reached.", "The keys cannot be read: %v.", err)
	}
	if len(keys) == 0 || !keys[0].Current {
		return fail(check, "Start pushkit serve once, which makes one.", "There is no key with which browsers could subscribe.")
	}
	return ok(check, "Browsers subscribe with %s.", keys[0].Public())
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
)

var databaseFlag = &cli.StringFlag{
	Name: "database", Value: "sqlite://data/pushkit.db",
	Usage:   "`URL` of the database: sqlite://FILE, or postgres://USER@HOST/NAME, which several servers may share",
	Sources: cli.EnvVars("PUSHKIT_DATABASE"),
}

// A database is what --database names.
type database interface {
	push.Store
	Setting(ctx context.Context, name string) (string, error)
	PutSetting(ctx context.Context, name, value string) error
	// Watch calls wake when another process may have put work into the queue,
	// until ctx is done.
	Watch(ctx context.Context, wake func()) error
	Close() error
}

// A sharedDatabase is one that several nodes use at once. The others are one
// process's at a time, which holds a lock of the operating system and takes back
// what the one before had leased.
type sharedDatabase interface {
	IsAnyNodeAlive(context.Context) (bool, error)
}

type soleDatabase interface {
	Recover(context.Context) error
}

var (
	_ sharedDatabase = (*postgres.Store)(nil)
	_ soleDatabase   = (*sqlite.Store)(nil)
)

// databaseURL splits --database. path is the file of a sqlite:// URL, relative as
// in sqlite://data/pushkit.db or absolute as in sqlite:///var/lib/pushkit.db;
// it is empty for another database.
func databaseURL(cmd *cli.Command) (path, url string, err error) {
	url = cmd.String(databaseFlag.Name)
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return "", url, nil
	}
	path, ok := strings.CutPrefix(url, "sqlite://")
	if !ok || path == "" {
		// Not the text itself, which may hold a password.
		return "", "", errors.New("--database is neither of the form sqlite://FILE nor postgres://USER@HOST/NAME")
	}
	return path, url, nil
}

// openDatabase opens the database of --database, and finds the site of --site, or for a
// command without that flag the default one. A guest only looks at it, or adds a message:
// it makes no new one.
func openDatabase(ctx context.Context, cmd *cli.Command, guest bool) (database, push.Site, error) {
	path, url, err := databaseURL(cmd)
	if err != nil {
		return nil, push.Site{}, err
	}
	retention, err := retentionOf(cmd)
	if err != nil {
		return nil, push.Site{}, err
	}
	var store database
	if path == "" {
		store, err = postgres.Open(ctx, url, postgres.Options{Guest: guest, Retention: retention})
	} else {
		if _, err := os.Stat(path); guest && err != nil {
			return nil, push.Site{}, fmt.Errorf("there is no database at %s yet: start pushkit serve once, or name another with --database", path)
		}
		store, err = sqlite.Open(ctx, path, sqlite.Options{Retention: retention})
	}
	if err != nil {
		return nil, push.Site{}, fmt.Errorf("the database cannot be opened: %w", err)
	}
	site, err := store.Site(ctx, cmp.Or(cmd.String(siteFlag.Name), push.DefaultSite))
	if err != nil {
		return nil, push.Site{}, errors.Join(err, store.Close())
	}
	return store, site, nil
}

// A databaseAction does something with the database.
type databaseAction func(context.Context, *cli.Command, database, push.Site) error

// withoutArguments is the action of a command without arguments on the database.
func withoutArguments(act databaseAction) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if err := noArguments(cmd); err != nil {
			return err
		}
		return onDatabase(ctx, cmd, act)
	}
}

// noArguments refuses them.
func noArguments(cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("%s takes no arguments, only flags", cmd.FullName())
	}
	return nil
}

// onDatabase does something with the database, as a guest.
func onDatabase(ctx context.Context, cmd *cli.Command, act databaseAction) error {
	store, site, err := openDatabase(ctx, cmd, true)
	if err != nil {
		return err
	}
	return errors.Join(act(ctx, cmd, store, site), store.Close())
}

// lockDispatch takes the right to send what is in the database; held is false
// where another process has it. A database that several nodes share has no lock.
func lockDispatch(cmd *cli.Command) (unlock func() error, held bool, err error) {
	path, _, err := databaseURL(cmd)
	if err != nil {
		return nil, false, err
	}
	if path == "" {
		return func() error { return nil }, true, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, err
	}
	lock := flock.New(path + ".lock")
	held, err = lock.TryLock()
	return lock.Unlock, held, err
}

// recoverLeases takes back what a process before had leased, where this one has
// the database to itself.
func recoverLeases(ctx context.Context, store database) error {
	if sole, ok := store.(soleDatabase); ok {
		return sole.Recover(ctx)
	}
	return nil
}

// apiKeyFile is where the first API key is written: beside the file of the
// database, or where that would be by default.
func apiKeyFile(cmd *cli.Command) (string, error) {
	path, _, err := databaseURL(cmd)
	if path == "" {
		path = strings.TrimPrefix(databaseFlag.Value, "sqlite://")
	}
	return filepath.Join(filepath.Dir(path), "api-key"), err
}

// readAPIKey returns the key of --api-key, else the one on file.
func readAPIKey(cmd *cli.Command) (string, error) {
	if key := cmd.String(apiKeyFlag.Name); key != "" {
		return key, nil
	}
	path, err := apiKeyFile(cmd)
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("no API key: give one with --api-key or PUSHKIT_API_KEY")
	}
	return strings.TrimSpace(string(content)), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/sqlite"
)

func backupCommand() *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "copy the SQLite database into a file, also while a server runs on it",
		ArgsUsage: "FILE",
		Description: "FILE is a database that pushkit serve can start from, and readable for you alone: it has the private VAPID\n" +
			"keys. For PostgreSQL use pg_dump.",
		Flags:  []cli.Flag{databaseFlag, forceFlag},
		Action: backup,
	}
}

func backup(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return errors.New("into which file? pushkit backup FILE")
	}
	path, _, err := databaseURL(cmd)
	if err != nil {
		return err
	}
	if path == "" {
		return errors.New("PostgreSQL has its own: pg_dump --format=custom --file=FILE \"$PUSHKIT_DATABASE\"")
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no database at %s", path)
	}
	name, began := cmd.Args().First(), time.Now()
	err = newFile(name, cmd.Bool(forceFlag.Name), path, func(temporary string) error { return sqlite.Backup(ctx, path, temporary) })
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s: %.1f MB in %.1f s, checked\n", name, float64(info.Size())/1e6, time.Since(began).Seconds())
	return err
}

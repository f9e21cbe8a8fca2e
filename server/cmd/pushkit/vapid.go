package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
)

func vapidCommand() *cli.Command {
	return &cli.Command{
		Name:  "vapid",
		Usage: "the application server keys (RFC 8292)",
		Commands: []*cli.Command{{
			Name:  "show",
			Usage: "print the public keys",
			Flags: []cli.Flag{jsonFlag, databaseFlag},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return onDatabase(ctx, cmd, showVAPIDKeys)
			},
		}, generateVAPIDCommand(), importVAPIDCommand()},
	}
}

func showVAPIDKeys(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	keys, err := store.VAPIDKeys(ctx, site.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if cmd.Bool(jsonFlag.Name) {
			err = json.NewEncoder(cmd.Root().Writer).Encode(map[string]any{"applicationServerKey": key.Public(), "current": key.Current})
		} else {
			_, err = fmt.Fprintln(cmd.Root().Writer, key.Public())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

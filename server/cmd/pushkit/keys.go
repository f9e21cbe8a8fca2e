package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"
)

func keysCommand() *cli.Command {
	return &cli.Command{
		Name:  "keys",
		Usage: "the keys that a site's back end holds",
		Commands: []*cli.Command{{
			Name:        "user-secret",
			Usage:       "print the secret that signs user tokens",
			Description: "A user token is a JWT signed by HS256 with this text as key: sub the user's id, aud the\nsite's origin, exp at most an hour ahead. pushkit.subscribe({userToken}) ties a subscription to the user.",
			Flags:       []cli.Flag{databaseFlag},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				store, site, err := openDatabase(ctx, cmd, true)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.Root().Writer, site.UserSecret)
				return errors.Join(err, store.Close())
			},
		}},
	}
}

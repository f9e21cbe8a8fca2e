package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

func vapidCommand() *cli.Command {
	return &cli.Command{
		Name:  "vapid",
		Usage: "the application server keys (RFC 8292)",
		Commands: []*cli.Command{{
			Name:  "show",
			Usage: "print the public keys, the current one first, and how many subscriptions each serves",
			Flags: []cli.Flag{jsonFlag, databaseFlag},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return onDatabase(ctx, cmd, showVAPIDKeys)
			},
		}, generateVAPIDCommand(), importVAPIDCommand(), rotateVAPIDCommand()},
	}
}

func showVAPIDKeys(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	keys, err := store.VAPIDKeys(ctx, site.ID)
	if err != nil {
		return err
	}
	counts, err := store.CountByVAPIDKey(ctx, site.ID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		state := "beside"
		switch {
		case key.Current:
			state = "current"
		case key.Replaced:
			state = "replaced"
		}
		if cmd.Bool(jsonFlag.Name) {
			err = json.NewEncoder(cmd.Root().Writer).Encode(vapidKeyInfo{key.Public(), state, counts[key.ID]})
		} else {
			_, err = fmt.Fprintf(cmd.Root().Writer, "%s  %-8s  %d subscriptions\n", key.Public(), state, counts[key.ID])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// vapidKeyInfo is what vapid show --json says of a key.
type vapidKeyInfo struct {
	ApplicationServerKey string `json:"applicationServerKey"`
	// State is current; replaced, whose browsers subscribe anew at their next visit; or
	// beside, whose browsers stay.
	State         string `json:"state"`
	Subscriptions int64  `json:"subscriptions"`
}

func rotateVAPIDCommand() *cli.Command {
	return &cli.Command{
		Name:  "rotate",
		Usage: "replace the current key by a new one, without losing a subscriber",
		Description: "Browsers subscribe with the new key from then on, also where a server runs. Those that are subscribed\n" +
			"already are served with the key of before until their next visit, which subscribes them anew without a\n" +
			"question. pushkit vapid show says how many have not been there yet. Back the database up afterwards: a\n" +
			"backup of before has not the new key.",
		Flags: []cli.Flag{databaseFlag},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return onDatabase(ctx, cmd, rotateVAPIDKey)
		},
	}
}

func rotateVAPIDKey(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		return err
	}
	added, err := store.AddVAPIDKey(ctx, site.ID, key, push.KeyCurrent)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.Root().Writer, added.Public())
	return err
}

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
			Name:   "show",
			Usage:  "print the public keys, the current one first; with --json what each is and how many subscriptions it serves",
			Flags:  []cli.Flag{jsonFlag, databaseFlag, siteFlag},
			Action: withoutArguments(showVAPIDKeys),
		}, generateVAPIDCommand(), importVAPIDCommand(), rotateVAPIDCommand()},
	}
}

func showVAPIDKeys(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	keys, err := store.VAPIDKeys(ctx, site.ID)
	if err != nil {
		return err
	}
	if !cmd.Bool(jsonFlag.Name) {
		for _, key := range keys {
			if _, err := fmt.Fprintln(cmd.Root().Writer, key.Public()); err != nil {
				return err
			}
		}
		return nil
	}
	counts, err := store.CountByVAPIDKey(ctx, site.ID)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(cmd.Root().Writer)
	for _, key := range keys {
		if err := encoder.Encode(vapidKeyInfo{key.Public(), key.Current, key.Replaced, counts[key.ID]}); err != nil {
			return err
		}
	}
	return nil
}

// vapidKeyInfo is what vapid show --json says of a key.
type vapidKeyInfo struct {
	ApplicationServerKey string `json:"applicationServerKey"`
	Current              bool   `json:"current"`
	// Replaced is true where browsers leave it at their next visit.
	Replaced      bool  `json:"replaced"`
	Subscriptions int64 `json:"subscriptions"`
}

func rotateVAPIDCommand() *cli.Command {
	return &cli.Command{
		Name:  "rotate",
		Usage: "replace the current key by a new one, without losing a subscriber",
		Description: "Browsers subscribe with the new key from then on, also where a server runs. Those that are subscribed\n" +
			"already are served with the key of before until their next visit, which subscribes them anew without a\n" +
			"question. pushkit vapid show --json says how many have not been there yet. Back the database up afterwards: a\n" +
			"backup of before has not the new key.",
		Flags:  []cli.Flag{databaseFlag, siteFlag},
		Action: withoutArguments(rotateVAPIDKey),
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
	fmt.Fprintf(cmd.Root().ErrWriter, "browsers subscribe with this key now; whoever is subscribed stays so, and takes it at the next visit: pushkit vapid show --json%s counts them\n", sameBackend(cmd))
	_, err = fmt.Fprintln(cmd.Root().Writer, added.Public())
	return err
}

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// maxKeyFile is the longest file of a key pair, in bytes.
const maxKeyFile = 64 << 10

func generateVAPIDCommand() *cli.Command {
	return &cli.Command{
		Name:  "generate",
		Usage: "print a new key pair, which is kept nowhere",
		Description: "As JSON {\"publicKey\", \"privateKey\"}, which pushkit vapid import and web-push take. pushkit serve\n" +
			"has made a pair at its first start: another one is needed only to change it.",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			key, err := webpush.GenerateVAPIDKey()
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.Root().Writer).Encode(struct {
				PublicKey  string `json:"publicKey"`
				PrivateKey string `json:"privateKey"`
			}{key.Public(), base64.RawURLEncoding.EncodeToString(key.Private())})
		},
	}
}

func importVAPIDCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "take over a key pair, so that subscribers won with another product stay",
		ArgsUsage: "FILE (- is the standard input)",
		Description: "FILE has the pair as web-push prints it (the JSON {\"publicKey\", \"privateKey\"}, or the two strings in\n" +
			"base64url with words around, such as a .env file's lines of them), as PEM (PKCS #8, SEC 1), or as a JWK.\n" +
			"Browsers subscribe with it from then on, also where a server runs: it need not start anew. The key that\n" +
			"was there is kept for those who have subscribed with it; where there are any, --current is needed, or\n" +
			"--beside. Import the key before the subscriptions.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "current", Usage: "though subscriptions use the present key: their browsers get the new one at their next visit, without a question"},
			&cli.BoolFlag{Name: "beside", Usage: "leave the present key, and serve with this one the subscriptions that name it as applicationServerKey"},
			databaseFlag, siteFlag,
		},
		Action: importVAPIDKey,
	}
}

func importVAPIDKey(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return errors.New("which file? pushkit vapid import FILE, or - for the standard input")
	}
	role := push.KeyFirst
	switch current, beside := cmd.Bool("current"), cmd.Bool("beside"); {
	case current && beside:
		return errors.New("--current and --beside: which one is it?")
	case current:
		role = push.KeyCurrent
	case beside:
		role = push.KeyBeside
	}
	key, err := readVAPIDKey(cmd.Args().First())
	if err != nil {
		return err
	}
	return onDatabase(ctx, cmd, func(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
		added, err := store.AddVAPIDKey(ctx, site.ID, key, role)
		if errors.Is(err, push.ErrKeyInUse) {
			return fmt.Errorf("%w. With --current this one takes its place: they are served with the present one until"+
				" their browsers' next visit, which subscribes them anew without a question. With --beside the present"+
				" one stays, and this one serves the subscriptions that name it", err)
		}
		if err != nil {
			return err
		}
		what := "browsers subscribe with it from now on"
		if !added.Current {
			what = "it is kept for the subscriptions that name it; browsers subscribe with another"
		}
		fmt.Fprintln(cmd.Root().ErrWriter, what)
		_, err = fmt.Fprintln(cmd.Root().Writer, added.Public())
		return err
	})
}

func readVAPIDKey(name string) (key webpush.VAPIDKey, err error) {
	file := os.Stdin
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return key, err
		}
		defer file.Close()
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return key, err
	}
	if len(text) > maxKeyFile {
		return key, fmt.Errorf("%s is no key pair: it is longer than 64 KiB", name)
	}
	if key, err = webpush.ParseVAPIDKey(text); err != nil {
		return key, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

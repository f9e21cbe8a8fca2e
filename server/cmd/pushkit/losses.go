package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

func lossesCommand() *cli.Command {
	return &cli.Command{
		Name:  "losses",
		Usage: "say how many have ended, by day and reason",
		Description: "The reasons: unsubscribed (the person's word), gone (the push service's: the permission was taken back,\n" +
			"the browser removed, or not used for long; it does not say which), refused (likewise, within 10 minutes of\n" +
			"subscribing), retired and removed (yours).",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "the first `DAY` in UTC, such as 2026-11-01 (default: 30 days up to the last)"},
			&cli.StringFlag{Name: "to", Usage: "the last `DAY` (default: today)"},
			jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag,
		},
		Action: showLosses,
	}
}

func showLosses(ctx context.Context, cmd *cli.Command) error {
	if err := noArguments(cmd); err != nil {
		return err
	}
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	list, err := b.losses(ctx, cmd.String("from"), cmd.String("to"))
	if err == nil {
		err = printLosses(cmd, list)
	}
	return errors.Join(err, b.close())
}

func printLosses(cmd *cli.Command, list wire.LossList) error {
	var total int64
	err := printList(cmd, "DAY\tREASON\tSUBSCRIPTIONS", func(l wire.Loss) string {
		total += l.Count
		return strings.Join([]string{l.Day, l.Reason, strconv.FormatInt(l.Count, 10)}, "\t")
	}, func(string) ([]wire.Loss, *string, error) { return list.Data, nil, nil })
	if err == nil && !cmd.Bool(jsonFlag.Name) {
		_, err = fmt.Fprintf(cmd.Root().Writer, "%d in all\n", total)
	}
	return err
}

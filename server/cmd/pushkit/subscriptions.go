package main

import (
	"context"
	"errors"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

var failingFlag = &cli.StringFlag{Name: "failing", Usage: "only those that have only failed for `AGE`, such as 30d, or longer"}

func subscriptionsCommand() *cli.Command {
	return &cli.Command{
		Name:  "subscriptions",
		Usage: "look at the subscriptions, retire, import and export them",
		Commands: []*cli.Command{{
			Name:   "list",
			Usage:  "list them",
			Flags:  []cli.Flag{failingFlag, jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag},
			Action: listSubscriptions,
		}, lossesCommand(), retireCommand(), importCommand(), exportCommand()},
	}
}

func listSubscriptions(ctx context.Context, cmd *cli.Command) error {
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	return errors.Join(printSubscriptions(ctx, cmd, b), b.close())
}

func printSubscriptions(ctx context.Context, cmd *cli.Command, b backend) error {
	return printList(cmd, "ID\tPUSH SERVICE\tCHANNELS\tUSER\tCREATED\tLAST SEEN\tFAILING SINCE", func(s wire.SubscriptionInfo) string {
		return strings.Join([]string{s.ID, s.PushService, strings.Join(s.Channels, ","), s.User, s.CreatedAt, s.LastSeenAt, strings.TrimSpace(s.FailingSince + " " + s.Failure)}, "\t")
	}, func(cursor string) ([]wire.SubscriptionInfo, *string, error) {
		page, err := b.subscriptions(ctx, cmd.String(failingFlag.Name), cursor)
		return page.Data, page.Next, err
	})
}

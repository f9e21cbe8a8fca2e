package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"
)

var failingFlag = &cli.StringFlag{Name: "failing", Usage: "only those that have only failed for `AGE`, such as 30d, or longer"}

func subscriptionsCommand() *cli.Command {
	return &cli.Command{
		Name:  "subscriptions",
		Usage: "look at the subscriptions, import and export them",
		Commands: []*cli.Command{{
			Name:   "list",
			Usage:  "list them",
			Flags:  []cli.Flag{failingFlag, jsonFlag, serverFlag, apiKeyFlag, databaseFlag},
			Action: listSubscriptions,
		}, importCommand(), exportCommand()},
	}
}

func listSubscriptions(ctx context.Context, cmd *cli.Command) error {
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	return errors.Join(printSubscriptions(ctx, cmd, b), b.close())
}

// printSubscriptions prints a table, or a JSON object a line.
func printSubscriptions(ctx context.Context, cmd *cli.Command, b backend) error {
	table := tabwriter.NewWriter(cmd.Root().Writer, 0, 4, 2, ' ', 0)
	lines := json.NewEncoder(cmd.Root().Writer)
	asJSON := cmd.Bool(jsonFlag.Name)
	if !asJSON {
		fmt.Fprintln(table, "ID\tPUSH SERVICE\tCHANNELS\tUSER\tCREATED\tLAST SEEN\tFAILING SINCE")
	}
	for cursor := ""; ; {
		page, err := b.subscriptions(ctx, cmd.String(failingFlag.Name), cursor)
		if err != nil {
			return err
		}
		for _, s := range page.Data {
			if asJSON {
				if err := lines.Encode(s); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.PushService, strings.Join(s.Channels, ","), s.User, s.CreatedAt, s.LastSeenAt, strings.TrimSpace(s.FailingSince+" "+s.Failure))
		}
		if page.Next == nil {
			return table.Flush()
		}
		cursor = *page.Next
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

func messagesCommand() *cli.Command {
	flags := []cli.Flag{jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag}
	return &cli.Command{
		Name:  "messages",
		Usage: "look at messages, and stop them",
		Commands: []*cli.Command{
			{Name: "list", Usage: "list them, the newest first", Flags: flags, Action: listMessages},
			{Name: "show", Usage: "say what became of one", ArgsUsage: "ID", Flags: flags, Action: withMessage(backend.message, printVerdicts)},
			{
				Name: "cancel", Usage: "stop what has not been sent", ArgsUsage: "ID", Flags: flags,
				Description: "What is under way at this moment counts as what becomes of it. A message that is\nsent already stays as it is.",
				Action:      withMessage(backend.cancel, nil),
			},
		},
	}
}

// withMessage is the action of a command on one message, which it prints; more, if it
// is not nil, prints what people want to know besides.
func withMessage(
	act func(backend, context.Context, string) (wire.MessageResponse, error), more func(context.Context, *cli.Command, backend, wire.MessageResponse) error,
) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if cmd.Args().Len() != 1 {
			return fmt.Errorf("which message? Give its id; see %s --help", cmd.FullName())
		}
		b, err := openBackend(ctx, cmd)
		if err != nil {
			return err
		}
		m, err := act(b, ctx, cmd.Args().First())
		if err == nil {
			err = printMessage(cmd, m)
		}
		if err == nil && more != nil && !cmd.Bool(jsonFlag.Name) {
			err = more(ctx, cmd, b, m)
		}
		return errors.Join(err, b.close())
	}
}

// printMessage prints a message's state and counts on a line.
func printMessage(cmd *cli.Command, m wire.MessageResponse) (err error) {
	out := cmd.Root().Writer
	if cmd.Bool(jsonFlag.Name) {
		return json.NewEncoder(out).Encode(m)
	}
	c := m.Counts
	_, err = fmt.Fprintf(out, "%s: %d targeted, %d accepted, %d gone, %d failed, %d expired", m.State, c.Targeted, c.Accepted, c.Gone, c.Failed, c.Expired)
	if c.Cancelled > 0 || m.State == wire.MessageCancelled {
		fmt.Fprintf(out, ", %d cancelled", c.Cancelled)
	}
	if c.Pending > 0 {
		fmt.Fprintf(out, ", %d pending", c.Pending)
	}
	fmt.Fprintln(out)
	return err
}

func listMessages(ctx context.Context, cmd *cli.Command) error {
	if err := noArguments(cmd); err != nil {
		return err
	}
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	return errors.Join(printMessages(ctx, cmd, b), b.close())
}

func printMessages(ctx context.Context, cmd *cli.Command, b backend) error {
	return printList(cmd, "ID\tSTATE\tDUE\tTARGETED\tACCEPTED\tPENDING\tDISPLAYED\tCLICKED", func(m wire.MessageResponse) string {
		c := m.Counts
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d", m.ID, m.State, m.DueAt, c.Targeted, c.Accepted, c.Pending, c.Displayed, c.Clicked)
	}, func(cursor string) ([]wire.MessageResponse, *string, error) {
		page, err := b.messages(ctx, cursor)
		return page.Data, page.Next, err
	})
}

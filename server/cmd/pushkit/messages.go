package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func messagesCommand() *cli.Command {
	flags := []cli.Flag{jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag}
	return &cli.Command{
		Name:  "messages",
		Usage: "look at messages, and stop them",
		Commands: []*cli.Command{
			{Name: "list", Usage: "list them, the newest first", Flags: flags, Action: listMessages},
			{Name: "show", Usage: "say what became of one", ArgsUsage: "ID", Flags: flags, Action: withMessage(backend.message, printDetails)},
			{
				Name: "deliveries", Usage: "list the deliveries of one that were not accepted, with the reason of each", ArgsUsage: "ID",
				Description: "Of those that have ended in a state about the first 10,000 reasons of a message are kept.",
				Flags:       append([]cli.Flag{stateFlag}, flags...), Action: listDeliveries,
			},
			{
				Name: "cancel", Usage: "stop what has not been sent", ArgsUsage: "ID", Flags: flags,
				Description: "What is under way at this moment counts as what becomes of it. A message that is\nsent already stays as it is.",
				Action:      withMessage(backend.cancel, sayWhatWasCancelled),
			},
		},
	}
}

var stateFlag = &cli.StringFlag{
	Name: "state", Usage: "those in this `STATE`: " + strings.Join(unacceptedStates(), ", ") + " (default: all of these)",
}

// unaccepted are the states of deliveries that have a reason.
var unaccepted = []push.Outcome{push.DeliveryFailed, push.DeliveryExpired, push.DeliveryGone, push.DeliveryPending}

func unacceptedStates() (names []string) {
	for _, outcome := range unaccepted {
		names = append(names, outcome.State())
	}
	return names
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
	return printList(cmd, "ID\tSTATE\tDUE\tTITLE\tAUDIENCE\tTARGETED\tACCEPTED\tPENDING\tDISPLAYED\tCLICKED", func(m wire.MessageResponse) string {
		c := m.Counts
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d",
			m.ID, m.State, due(m), shortened(m.Title), shortened(audience(m.Audience)), c.Targeted, c.Accepted, c.Pending, c.Displayed, c.Clicked)
	}, func(cursor string) ([]wire.MessageResponse, *string, error) {
		page, err := b.messages(ctx, cursor)
		return page.Data, page.Next, err
	})
}

// due is when a message is, or was: of one at a local time that time, which stands for
// more than one.
func due(m wire.MessageResponse) string {
	if m.Local != "" {
		return m.Local + " local"
	}
	return m.DueAt
}

// audience says in a few words whom a message is for.
func audience(a wire.AudienceInfo) string {
	var words []string
	switch {
	case a.All:
		words = append(words, "all")
	case len(a.Channels) > 0:
		words = append(words, "any of "+strings.Join(a.Channels, " "))
	case len(a.AllChannels) > 0:
		words = append(words, "each of "+strings.Join(a.AllChannels, " "))
	case a.Users > 0:
		words = append(words, number(int64(a.Users), "user"))
	case a.Subscriptions > 0:
		words = append(words, number(int64(a.Subscriptions), "subscription"))
	}
	if len(a.NoChannels) > 0 {
		words = append(words, "none of "+strings.Join(a.NoChannels, " "))
	}
	return strings.Join(words, ", ")
}

// shortened is a text in the width of a column, in characters.
func shortened(text string) string {
	const width = 32
	characters := []rune(oneLine(text))
	if len(characters) <= width {
		return string(characters)
	}
	return string(characters[:width-1]) + "…"
}

// printDetails prints what a message is, and what became of it.
func printDetails(ctx context.Context, cmd *cli.Command, b backend, m wire.MessageResponse) error {
	out := cmd.Root().Writer
	fmt.Fprintf(out, "  %d displayed, %d clicked, %d closed\n", m.Counts.Displayed, m.Counts.Clicked, m.Counts.Closed)
	fmt.Fprintf(out, "  title     %s\n  audience  %s\n", oneLine(m.Title), oneLine(audience(m.Audience)))
	fmt.Fprintf(out, "  due       %s\n", dueInWords(m))
	return printVerdicts(ctx, out, b, m, mostVerdicts)
}

func dueInWords(m wire.MessageResponse) string {
	switch {
	case m.Local != "":
		return fmt.Sprintf("at %s by each recipient's clock, in the first time zone at %s", m.Local, m.DueAt)
	case m.Spread > 0:
		return fmt.Sprintf("from %s on, spread over %v", m.DueAt, time.Duration(m.Spread)*time.Second)
	}
	return "at " + m.DueAt
}

// sayWhatWasCancelled says so where there was nothing to stop.
func sayWhatWasCancelled(_ context.Context, cmd *cli.Command, _ backend, m wire.MessageResponse) error {
	if m.State == wire.MessageSent {
		fmt.Fprintln(cmd.Root().ErrWriter, "nothing was left to cancel: the message is sent already")
	}
	return nil
}

func listDeliveries(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return fmt.Errorf("which message? Give its id; see %s --help", cmd.FullName())
	}
	states := unacceptedStates()
	if state := cmd.String(stateFlag.Name); state != "" {
		if _, err := push.ParseDeliveryState(state); err != nil {
			return fmt.Errorf("--state is one of %s", strings.Join(states, ", "))
		}
		states = []string{state}
	}
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	return errors.Join(printDeliveries(ctx, cmd, b, cmd.Args().First(), states), b.close())
}

func printDeliveries(ctx context.Context, cmd *cli.Command, b backend, id string, states []string) error {
	return printList(cmd, "SUBSCRIPTION\tPUSH SERVICE\tSTATE\tSTATUS\tREASON", func(d wire.DeliveryInfo) string {
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%s", cmp.Or(d.Subscription, "-"), d.PushService, d.State, d.Status, oneLine(d.Reason))
	}, func(cursor string) ([]wire.DeliveryInfo, *string, error) {
		page, err := b.deliveries(ctx, id, states[0], cursor)
		if err != nil || page.Next != nil || len(states) == 1 {
			return page.Data, page.Next, err
		}
		states = states[1:]
		first := ""
		return page.Data, &first, nil
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

var noWaitFlag = &cli.BoolFlag{Name: "no-wait", Usage: "end as soon as the message is accepted, for the server to send"}

func sendCommand() *cli.Command {
	return &cli.Command{
		Name:  "send",
		Usage: "send a message and watch its delivery",
		Description: "It says the message's id at once, and at the end what became of it, with the most common reason why\n" +
			"something failed. With --no-wait, --at, --local or --spread it does not wait: the server sends the\n" +
			"message, and pushkit messages show ID tells what became of it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "title", Usage: "the notification's title", Required: true},
			&cli.StringFlag{Name: "body", Usage: "its text"},
			&cli.StringFlag{Name: "navigate", Usage: "the `URL` that a click leads to, which may be relative to the first of the site's origins (default: that origin)"},
			&cli.StringFlag{Name: "icon", Usage: "`URL` of an icon"},
			&cli.StringFlag{Name: "image", Usage: "`URL` of an image"},
			&cli.StringFlag{Name: "tag", Usage: "replaces a notification with the same tag"},
			&cli.StringSliceFlag{Name: "close", Usage: "closes what was shown with `TAG` before"},
			&cli.StringFlag{Name: "localized", Usage: "what it says in other languages, in `FILE`: JSON such as {\"de\": {\"title\": \"Tor!\"}}"},
			&cli.BoolFlag{Name: "all", Usage: "to every subscription"},
			&cli.StringSliceFlag{Name: "channel", Usage: "to those who opted into `CHANNEL`, or any of several"},
			&cli.StringSliceFlag{Name: "all-of", Usage: "to those who opted into `CHANNEL` and all others given so"},
			&cli.StringSliceFlag{Name: "none-of", Usage: "not to those who opted into `CHANNEL`, with --all, --channel or --all-of"},
			&cli.StringSliceFlag{Name: "user", Usage: "to the devices of user `ID`"},
			&cli.StringSliceFlag{Name: "subscription", Usage: "to subscription `ID`"},
			&cli.Int64Flag{Name: "ttl", Usage: "`SECONDS` that push services keep it for a browser that is away", Value: wire.DefaultTTL},
			&cli.StringFlag{Name: "urgency", Usage: "very-low, low, normal or high"},
			&cli.StringFlag{Name: "topic", Usage: "replaces a waiting message with the same topic"},
			&cli.StringFlag{Name: "at", Usage: "send it at `TIME`, such as 2026-12-01T09:00:00Z"},
			&cli.StringFlag{Name: "local", Usage: "send it at `TIME` by each recipient's clock, such as 2026-12-01T09:00"},
			&cli.Int64Flag{Name: "spread", Usage: "stretch a broadcast evenly over `SECONDS`"},
			&cli.BoolFlag{Name: "ignore-quiet-hours", Usage: "for what somebody waits for, such as a code to sign in"},
			noWaitFlag,
			&cli.BoolFlag{Name: "dry-run", Usage: "send nothing: check the message, and count who would get it"},
			jsonFlag, serverFlag, apiKeyFlag, databaseFlag, siteFlag, pushServicesFlag, netHTTPFlag, vapidSubjectFlag,
		},
		Action: send,
	}
}

func send(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("pushkit send takes no arguments, only flags: quote a text of several words (%q)", cmd.Args().First())
	}
	if !cmd.IsSet("all") && !cmd.IsSet("channel") && !cmd.IsSet("all-of") && !cmd.IsSet("user") && !cmd.IsSet("subscription") {
		return errors.New("to whom? Give --all, --channel, --all-of, --user or --subscription")
	}
	request, err := requestOf(cmd)
	if err != nil {
		return err
	}
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	act := sendAndTell
	if cmd.Bool("dry-run") {
		act = countAndTell
	}
	return errors.Join(act(ctx, cmd, b, request), b.close())
}

// requestOf is the message of the flags.
func requestOf(cmd *cli.Command) (r wire.MessageRequest, err error) {
	ttl := cmd.Int64("ttl")
	r = wire.MessageRequest{
		Notification: wire.Notification{
			Title: cmd.String("title"), Body: cmd.String("body"), Navigate: cmd.String("navigate"),
			Icon: cmd.String("icon"), Image: cmd.String("image"), Tag: cmd.String("tag"),
		},
		Audience: wire.Audience{
			All: cmd.Bool("all"), Channels: given(cmd, "channel"), AllChannels: given(cmd, "all-of"), NoChannels: given(cmd, "none-of"),
			Users: given(cmd, "user"), Subscriptions: given(cmd, "subscription"),
		},
		Close: given(cmd, "close"),
		TTL:   &ttl, Urgency: cmd.String("urgency"), Topic: cmd.String("topic"),
		Spread: cmd.Int64("spread"), IgnoreQuietHours: cmd.Bool("ignore-quiet-hours"), DryRun: cmd.Bool("dry-run"),
	}
	if r.SendAt, err = sendAtOf(cmd); err != nil {
		return r, err
	}
	r.Localized, err = localizedOf(cmd)
	return r, err
}

// countAndTell says whom the message would reach.
func countAndTell(ctx context.Context, cmd *cli.Command, b backend, request wire.MessageRequest) error {
	counted, err := b.count(ctx, request)
	if err != nil {
		return err
	}
	out := cmd.Root().Writer
	if cmd.Bool(jsonFlag.Name) {
		return json.NewEncoder(out).Encode(counted)
	}
	warnOf(cmd, counted.Warnings)
	_, err = fmt.Fprintf(out, "dry run: %s would get it, nothing was sent\n", number(counted.Targeted, "subscription"))
	return err
}

// sendAndTell sends the message, and says what becomes of it.
func sendAndTell(ctx context.Context, cmd *cli.Command, b backend, request wire.MessageRequest) error {
	asJSON, errs := cmd.Bool(jsonFlag.Name), cmd.Root().ErrWriter
	m, err := b.send(ctx, request)
	if err != nil {
		return err
	}
	warnOf(cmd, m.Warnings)
	switch {
	case cmd.IsSet("at") || cmd.IsSet("local") || cmd.IsSet("spread"):
		fmt.Fprintf(errs, "message %s is due %s\n", m.ID, dueInWords(m))
		return printAccepted(cmd, m)
	case cmd.Bool(noWaitFlag.Name):
		if !asJSON {
			fmt.Fprintf(errs, "message %s is accepted: pushkit messages show %[1]s%s tells what becomes of it\n", m.ID, sameBackend(cmd))
		}
		return printAccepted(cmd, m)
	case asJSON:
		m, err = watch(ctx, cmd, b, m, nil)
	default:
		fmt.Fprintf(errs, "message %s\n", m.ID)
		m, err = watch(ctx, cmd, b, m, func(ctx context.Context, m wire.MessageResponse) {
			// The message is sent all the same where nobody can say why it waits.
			_ = printVerdicts(ctx, errs, b, m, 1)
		})
	}
	if err != nil {
		return err
	}
	if err := printMessage(cmd, m); err != nil {
		return err
	}
	c := m.Counts
	if c.Targeted == 0 && m.TargetedFinal {
		fmt.Fprintln(errs, "nobody is subscribed to that"+inFile(cmd))
	}
	if !asJSON && c.Failed+c.Expired+c.Gone > 0 {
		if err := printVerdicts(ctx, cmd.Root().Writer, b, m, 1); err != nil {
			return err
		}
		fmt.Fprintf(errs, "one by one: pushkit messages deliveries %s%s\n", m.ID, sameBackend(cmd))
	}
	if lost := c.Failed + c.Expired; lost > 0 {
		return fmt.Errorf("%d of %d deliveries failed or expired", lost, c.Targeted)
	}
	return nil
}

// printAccepted prints the id of a message whose counts are not known yet.
func printAccepted(cmd *cli.Command, m wire.MessageResponse) error {
	if cmd.Bool(jsonFlag.Name) {
		return printMessage(cmd, m)
	}
	_, err := fmt.Fprintln(cmd.Root().Writer, m.ID)
	return err
}

func warnOf(cmd *cli.Command, warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintln(cmd.Root().ErrWriter, "warning:", warning)
	}
}

// number is n of something, whose plural has an s more.
func number(n int64, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}

// sendAtOf is when the flags say that the message is due; nil: now.
func sendAtOf(cmd *cli.Command) (any, error) {
	switch at, local := cmd.String("at"), cmd.String("local"); {
	case at != "" && local != "":
		return nil, errors.New("when? Give --at or --local, not both")
	case at != "":
		return at, nil
	case local != "":
		return wire.LocalTime{Local: local}, nil
	}
	return nil, nil
}

// localizedOf reads the file of --localized.
func localizedOf(cmd *cli.Command) (localized map[string]wire.LocalizedNotification, err error) {
	name := cmd.String("localized")
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber() // an id of 64 bits is more than a float64 holds
	if err := decoder.Decode(&localized); err != nil {
		return nil, fmt.Errorf("--localized: %s: %w", name, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("--localized: %s: something follows the JSON object", name)
	}
	return localized, nil
}

// given is the flag's values, nil where it was not given.
func given(cmd *cli.Command, name string) []string {
	if !cmd.IsSet(name) {
		return nil
	}
	return cmd.StringSlice(name)
}

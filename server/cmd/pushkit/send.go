package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

// pollEvery is how often a message's counts are read.
const pollEvery = 100 * time.Millisecond

func sendCommand() *cli.Command {
	return &cli.Command{
		Name:  "send",
		Usage: "send a message and watch its delivery",
		Description: "With --at, --local or --spread it does not wait: the server sends the message, and\n" +
			"pushkit messages show ID tells what became of it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "title", Usage: "the notification's title", Required: true},
			&cli.StringFlag{Name: "body", Usage: "its text"},
			&cli.StringFlag{Name: "navigate", Usage: "the `URL` that a click leads to (default: the site's start)"},
			&cli.StringFlag{Name: "icon", Usage: "`URL` of an icon"},
			&cli.StringFlag{Name: "image", Usage: "`URL` of an image"},
			&cli.StringFlag{Name: "tag", Usage: "replaces a notification with the same tag"},
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
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	sent, err := sendAndWatch(ctx, cmd, b)
	if err = errors.Join(err, b.close()); err != nil {
		return err
	}
	if err := printMessage(cmd, sent); err != nil {
		return err
	}
	c := sent.Counts
	if c.Targeted == 0 && sent.TargetedFinal {
		fmt.Fprintln(cmd.Root().ErrWriter, "nobody is subscribed to that")
	}
	if lost := c.Failed + c.Expired; lost > 0 {
		return fmt.Errorf("%d of %d deliveries failed or expired", lost, c.Targeted)
	}
	return nil
}

func sendAndWatch(ctx context.Context, cmd *cli.Command, b backend) (wire.MessageResponse, error) {
	sendAt, err := sendAtOf(cmd)
	if err != nil {
		return wire.MessageResponse{}, err
	}
	localized, err := localizedOf(cmd)
	if err != nil {
		return wire.MessageResponse{}, err
	}
	ttl := cmd.Int64("ttl")
	m, err := b.send(ctx, wire.MessageRequest{
		Notification: wire.Notification{
			Title: cmd.String("title"), Body: cmd.String("body"), Navigate: cmd.String("navigate"),
			Icon: cmd.String("icon"), Image: cmd.String("image"), Tag: cmd.String("tag"),
		},
		Localized: localized,
		Audience: wire.Audience{
			All: cmd.Bool("all"), Channels: given(cmd, "channel"), AllChannels: given(cmd, "all-of"), NoChannels: given(cmd, "none-of"),
			Users: given(cmd, "user"), Subscriptions: given(cmd, "subscription"),
		},
		TTL: &ttl, Urgency: cmd.String("urgency"), Topic: cmd.String("topic"),
		SendAt: sendAt, Spread: cmd.Int64("spread"), IgnoreQuietHours: cmd.Bool("ignore-quiet-hours"),
	})
	if err != nil {
		return m, err
	}
	for _, warning := range m.Warnings {
		fmt.Fprintln(cmd.Root().ErrWriter, "warning:", warning)
	}
	if cmd.IsSet("at") || cmd.IsSet("local") || cmd.IsSet("spread") {
		fmt.Fprintf(cmd.Root().ErrWriter, "message %s is due at %s\n", m.ID, m.DueAt)
		return m, nil
	}
	return watch(ctx, cmd, b, m)
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

// watch follows the message until nothing is pending, with a progress bar for
// a person.
func watch(ctx context.Context, cmd *cli.Command, b backend, m wire.MessageResponse) (wire.MessageResponse, error) {
	bar := newProgress(cmd.Root().ErrWriter, "sending")
	defer bar.Finish()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for m.State == wire.MessageSending || m.State == wire.MessageScheduled {
		select {
		case <-ctx.Done():
			return m, fmt.Errorf("message %s is still being sent: %w", m.ID, ctx.Err())
		case <-ticker.C:
		}
		var err error
		if m, err = b.message(ctx, m.ID); err != nil {
			return m, err
		}
		bar.ChangeMax64(max(m.Counts.Targeted, 1))
		bar.Set64(m.Counts.Targeted - m.Counts.Pending)
	}
	return m, nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
	"github.com/pushkit/pushkit/server/wire"
)

func webhooksCommand() *cli.Command {
	return &cli.Command{
		Name:  "webhooks",
		Usage: "what a site's back end is told of",
		Description: "They work on the database itself, also while a server runs on it, which tells: there is no --server.\n" +
			"Each request is signed as Standard Webhooks has it; see server/WEBHOOKS.md.",
		Commands: []*cli.Command{{
			Name:      "create",
			Usage:     "make a webhook and print its secret, this once",
			ArgsUsage: "URL",
			Flags: []cli.Flag{
				&cli.StringSliceFlag{Name: "type", Usage: "`TYPE`s of events; separated by commas", Value: push.AllWebhookTypes()},
				jsonFlag, databaseFlag, siteFlag, webhookHostsFlag,
			},
			Action: onOne("which URL?", createWebhook),
		}, {
			Name:   "list",
			Usage:  "list the webhooks, with how each does",
			Flags:  []cli.Flag{jsonFlag, databaseFlag, siteFlag},
			Action: withoutArguments(listWebhooks),
		}, {
			Name:        "failures",
			Usage:       "list the events that a webhook did not take for 3 days",
			ArgsUsage:   "ID",
			Description: "With --json with what is in each, one a line. Of the last 10 days, up to 1,000: enable has them sent once more.",
			Flags:       []cli.Flag{jsonFlag, databaseFlag, siteFlag},
			Action:      onOne(whichWebhook, listWebhookFailures),
		}, {
			Name:      "delete",
			Usage:     "end a webhook, and what waits for it",
			ArgsUsage: "ID",
			Flags:     []cli.Flag{databaseFlag, siteFlag},
			Action:    onOne(whichWebhook, deleteWebhook),
		}, {
			Name:        "rotate",
			Usage:       "give a webhook another secret and print it, this once",
			ArgsUsage:   "ID",
			Description: "Requests are signed with both secrets for a day.",
			Flags:       []cli.Flag{jsonFlag, databaseFlag, siteFlag},
			Action:      onOne(whichWebhook, rotateWebhook),
		}, {
			Name:      "enable",
			Usage:     "have a webhook called again that was disabled, also with what it did not take",
			ArgsUsage: "ID",
			Flags:     []cli.Flag{databaseFlag, siteFlag},
			Action:    onOne(whichWebhook, enableWebhook),
		}, {
			Name:        "test",
			Usage:       "send a webhook an event of the type " + wire.WebhookTest + ", once, from this machine",
			ArgsUsage:   "ID",
			Description: "It says what the receiver answers; exit status 0 only where that is 2xx.",
			Flags:       []cli.Flag{databaseFlag, siteFlag, webhookHostsFlag},
			Action:      onOne(whichWebhook, testWebhook),
		}},
	}
}

const whichWebhook = "which webhook? Give its id, as pushkit webhooks list shows it"

// onOne is the action of a command with one argument on the database.
func onOne(which string, act databaseAction) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if cmd.Args().Len() != 1 {
			return fmt.Errorf("%s", which)
		}
		return onDatabase(ctx, cmd, act)
	}
}

// webhookHostsSetting is the name under which the database keeps the server's hosts.
const webhookHostsSetting = "webhookHosts"

// setWebhookHosts reads the flag, and keeps it for commands.
func setWebhookHosts(ctx context.Context, cmd *cli.Command, store database) (*webhook.Hosts, error) {
	texts := cmd.StringSlice(webhookHostsFlag.Name)
	hosts, err := parseWebhookHosts(texts)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	return hosts, store.PutSetting(ctx, webhookHostsSetting, string(value))
}

func parseWebhookHosts(texts []string) (*webhook.Hosts, error) {
	hosts, err := webhook.ParseHosts(texts)
	if err != nil {
		err = fmt.Errorf("--%s: %w", webhookHostsFlag.Name, err)
	}
	return hosts, err
}

// keptWebhookHosts are the server's, and those of the flag.
func keptWebhookHosts(ctx context.Context, cmd *cli.Command, store database) (*webhook.Hosts, error) {
	var texts []string
	value, err := store.Setting(ctx, webhookHostsSetting)
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &texts)
	}
	if err != nil {
		return nil, err
	}
	return parseWebhookHosts(append(texts, cmd.StringSlice(webhookHostsFlag.Name)...))
}

func createWebhook(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	types, err := push.ParseWebhookTypes("--type", cmd.StringSlice("type"))
	if err != nil {
		return err
	}
	hosts, err := keptWebhookHosts(ctx, cmd, store)
	if err != nil {
		return err
	}
	url := cmd.Args().First()
	if _, err := hosts.CheckURL("the URL", url); err != nil {
		return err
	}
	w, err := store.AddWebhook(ctx, site.ID, push.Webhook{URL: url, Types: types, Secret: push.NewWebhookSecret()})
	if err != nil {
		return err
	}
	return showSecret(cmd, w, "the webhook %s is told of %s; nobody can show its secret again\n", w.ID, strings.Join(w.Types.Names(), ", "))
}

// showSecret prints a secret that is new, or with --json the webhook with it.
func showSecret(cmd *cli.Command, w push.Webhook, format string, arguments ...any) error {
	if cmd.Bool(jsonFlag.Name) {
		info := w.Info()
		info.Secret = w.Secret.String()
		return json.NewEncoder(cmd.Root().Writer).Encode(info)
	}
	fmt.Fprintf(cmd.Root().ErrWriter, format, arguments...)
	_, err := fmt.Fprintln(cmd.Root().Writer, w.Secret)
	return err
}

func listWebhooks(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	return printList(cmd, "ID\tURL\tTYPES\tSTATE\tWAITING\tGIVEN UP\tDROPPED\tLAST SUCCESS\tLAST FAILURE", func(w wire.WebhookInfo) string {
		failure := strings.TrimSpace(w.LastFailureAt + " " + w.LastFailure)
		return strings.Join([]string{
			w.ID, w.URL, strings.Join(w.Types, ","), webhookStateOf(w), fmt.Sprint(w.Waiting), fmt.Sprint(w.GivenUp), fmt.Sprint(w.Dropped), w.LastSuccessAt, failure}, "\t")
	}, func(string) (infos []wire.WebhookInfo, next *string, err error) {
		webhooks, err := store.ListWebhooks(ctx, site.ID)
		for _, w := range webhooks {
			infos = append(infos, w.Info())
		}
		return infos, nil, err
	})
}

func listWebhookFailures(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	id, _ := push.ParseID(cmd.Args().First())
	return printList(cmd, "ID\tTYPE\tHAPPENED\tATTEMPTS\tSTATUS\tREASON", func(f wire.WebhookFailure) string {
		return strings.Join([]string{f.ID, f.Type, f.HappenedAt, fmt.Sprint(f.Attempts), fmt.Sprint(f.Status), f.Reason}, "\t")
	}, func(cursor string) (failures []wire.WebhookFailure, next *string, err error) {
		events, after, err := store.ListGivenUp(ctx, site.ID, id, cursor, 100)
		for i := range events {
			failures = append(failures, events[i].Info())
		}
		if after != "" {
			next = &after
		}
		return failures, next, err
	})
}

// webhookStateOf says in a word how a webhook does.
func webhookStateOf(w wire.WebhookInfo) string {
	switch {
	case w.DisabledAt != "":
		return "disabled"
	case w.FailingSince != "":
		return "failing"
	}
	return "active"
}

func deleteWebhook(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	id, _ := push.ParseID(cmd.Args().First())
	ok, err := store.DeleteWebhook(ctx, site.ID, id)
	if err == nil && !ok {
		err = push.ErrWebhookUnknown()
	}
	return err
}

func rotateWebhook(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	id, _ := push.ParseID(cmd.Args().First())
	w, err := store.RotateWebhook(ctx, site.ID, id, push.NewWebhookSecret())
	if err != nil {
		return err
	}
	return showSecret(cmd, w, "until %s the secret of before signs as well; nobody can show the new one again\n", push.FormatTime(w.FormerUntil))
}

func enableWebhook(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	id, _ := push.ParseID(cmd.Args().First())
	_, err := store.EnableWebhook(ctx, site.ID, id)
	return err
}

func testWebhook(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	id, _ := push.ParseID(cmd.Args().First())
	webhooks, err := store.ListWebhooks(ctx, site.ID)
	if err != nil {
		return err
	}
	hosts, err := keptWebhookHosts(ctx, cmd, store)
	if err != nil {
		return err
	}
	event, err := push.NewWebhookEvent(push.TypeTest, time.Now(), struct{}{})
	if err != nil {
		return err
	}
	for _, w := range webhooks {
		if w.ID != id {
			continue
		}
		sender := webhook.NewSender(hosts, nil)
		defer sender.Close()
		result := sender.Send(ctx, &w, event)
		if !result.IsDelivered() {
			return fmt.Errorf("it is not taken: %s", result.Words())
		}
		_, err := fmt.Fprintf(cmd.Root().Writer, "it is taken: %d after %s\n", result.Status, time.Since(result.BeganAt).Round(time.Millisecond))
		return err
	}
	return push.ErrWebhookUnknown()
}

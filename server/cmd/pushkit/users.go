package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func usersCommand() *cli.Command {
	flags := []cli.Flag{serverFlag, apiKeyFlag, databaseFlag, siteFlag}
	return &cli.Command{
		Name:  "users",
		Usage: "what is known of the site's users, and what messages may call them",
		Commands: []*cli.Command{
			{
				Name: "show", Usage: "show all that is known of one", ArgsUsage: "ID",
				Flags: append([]cli.Flag{jsonFlag}, flags...), Action: withUser(showUser),
			},
			{
				Name: "set", Usage: "set the attributes of one, in the place of all of before", ArgsUsage: "ID NAME=VALUE...",
				Description: "Placeholders of messages, {{NAME}}, stand for them. A VALUE that is a JSON number, true or false is that,\n" +
					"one in double quotes or of anything else is a text.",
				Flags: flags, Action: setUser,
			},
			{
				Name: "forget", Usage: "erase one: the attributes, the subscriptions, and what is remembered of those that have ended", ArgsUsage: "ID",
				Description: "Without --yes it only says what there is.",
				Flags:       append([]cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do it"}}, flags...), Action: withUser(forgetUser),
			},
			exportUsersCommand(),
			importUsersCommand(),
		},
	}
}

// withUser is the action of a command on one user.
func withUser(act func(ctx context.Context, cmd *cli.Command, b backend, id string) error) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		id := cmd.Args().First()
		if cmd.Args().Len() != 1 || !push.CanBeUser(id) {
			return fmt.Errorf("which user? Give the id; see %s --help", cmd.FullName())
		}
		b, err := openBackend(ctx, cmd)
		if err != nil {
			return err
		}
		return errors.Join(act(ctx, cmd, b, id), b.close())
	}
}

func showUser(ctx context.Context, cmd *cli.Command, b backend, id string) error {
	user, err := b.user(ctx, id)
	if err != nil {
		return err
	}
	out := cmd.Root().Writer
	if cmd.Bool(jsonFlag.Name) {
		return json.NewEncoder(out).Encode(user)
	}
	for _, name := range slices.Sorted(maps.Keys(user.Attributes)) {
		value, err := json.Marshal(user.Attributes[name])
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s=%s\n", name, value)
	}
	return printList(cmd, "SUBSCRIPTION\tSTATE\tPUSH SERVICE\tCHANNELS\tSINCE\tLAST SEEN OR ENDED", func(columns []string) string {
		return strings.Join(columns, "\t")
	}, func(string) (rows [][]string, next *string, err error) {
		for _, s := range user.Subscriptions {
			rows = append(rows, []string{s.ID, s.State, s.PushService, strings.Join(s.Channels, ","), s.CreatedAt, s.LastSeenAt})
		}
		for _, s := range user.Ended {
			rows = append(rows, []string{s.ID, s.Reason, "", strings.Join(s.Channels, ","), "", s.EndedAt})
		}
		return rows, nil, nil
	})
}

func setUser(ctx context.Context, cmd *cli.Command) error {
	id := cmd.Args().First()
	if cmd.Args().Len() < 2 || !push.CanBeUser(id) {
		return fmt.Errorf("which user, and what? Give the id and NAME=VALUE; see %s --help", cmd.FullName())
	}
	request := wire.UserRequest{Attributes: make(map[string]any)}
	for _, text := range cmd.Args().Tail() {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is not of the form NAME=VALUE", text)
		}
		request.Attributes[name] = attribute(value)
	}
	b, err := openBackend(ctx, cmd)
	if err != nil {
		return err
	}
	return errors.Join(b.setUser(ctx, id, request), b.close())
}

// attribute reads a value of a command's argument.
func attribute(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.InputOffset() != int64(len(text)) {
		return text
	}
	switch value.(type) {
	case json.Number, bool, string:
		return value
	}
	return text
}

func forgetUser(ctx context.Context, cmd *cli.Command, b backend, id string) error {
	user, err := b.user(ctx, id)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s, %s and %d that ended",
		number(int64(len(user.Attributes)), "attribute"), number(int64(len(user.Subscriptions)), "subscription"), len(user.Ended))
	if !cmd.Bool("yes") {
		_, err := fmt.Fprintf(cmd.Root().Writer, "%s would be erased: --yes does it\n", what)
		return err
	}
	if err := b.forgetUser(ctx, id); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s are erased\n", what)
	return err
}

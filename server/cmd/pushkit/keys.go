package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
)

func keysCommand() *cli.Command {
	return &cli.Command{
		Name:        "keys",
		Usage:       "the keys that a site's back end holds",
		Description: "They work on the database itself, also while a server runs on it: there is no --server.",
		Commands: []*cli.Command{{
			Name:  "create",
			Usage: "make an API key and print it, this once",
			Description: "A key has the scopes that it needs: send to send messages, stop them, see what becomes of one\n" +
				"and set attributes of users, read to look at everything, admin for all calls.",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "name", Usage: "a `NAME` to tell it by, such as the program that will have it"},
				&cli.StringSliceFlag{Name: "scope", Usage: "`SCOPE`s: send, read, admin; separated by commas", Value: []string{string(push.ScopeSend), string(push.ScopeRead)}},
				jsonFlag, databaseFlag, siteFlag,
			},
			Action: withoutArguments(createKey),
		}, {
			Name:   "list",
			Usage:  "list the API keys, with when each was last used",
			Flags:  []cli.Flag{jsonFlag, databaseFlag, siteFlag},
			Action: withoutArguments(listKeys),
		}, {
			Name:        "revoke",
			Usage:       "end an API key",
			ArgsUsage:   "ID or NAME",
			Description: "From then on no server takes it, also where it was given by --api-key. A name has to be that of one key\nalone among those that are in force.",
			Flags:       []cli.Flag{databaseFlag, siteFlag},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				if cmd.Args().Len() != 1 {
					return fmt.Errorf("which key? Give its id or its name, as pushkit keys list shows them")
				}
				return onDatabase(ctx, cmd, revokeKey)
			},
		}, {
			Name:        "user-secret",
			Usage:       "print the secret that signs user tokens",
			Description: "A user token is a JWT signed by HS256 with this text as key: sub the user's id, aud the\nsite's origin, exp at most an hour ahead. pushkit.subscribe({userToken}) ties a subscription to the user.",
			Flags:       []cli.Flag{databaseFlag, siteFlag},
			Action: withoutArguments(func(_ context.Context, cmd *cli.Command, _ database, site push.Site) error {
				_, err := fmt.Fprintln(cmd.Root().Writer, site.UserSecret)
				return err
			}),
		}},
	}
}

// keyInfo is the form in which an API key is shown.
type keyInfo struct {
	ID     string   `json:"id"`
	Name   string   `json:"name,omitempty"`
	Scopes []string `json:"scopes"`
	// Key is the key itself, where it was made now.
	Key        string `json:"key,omitempty"`
	CreatedAt  string `json:"createdAt"`
	LastUsedAt string `json:"lastUsedAt,omitempty"`
	RevokedAt  string `json:"revokedAt,omitempty"`
}

func showKey(k push.APIKey) keyInfo {
	return keyInfo{
		ID: k.ID.String(), Name: k.Name, Scopes: k.Scopes.Names(),
		CreatedAt: timeOrNothing(k.CreatedAt), LastUsedAt: timeOrNothing(k.LastUsedAt), RevokedAt: timeOrNothing(k.RevokedAt),
	}
}

func timeOrNothing(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func createKey(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	scopes, err := push.ParseScopes(cmd.StringSlice("scope"))
	if err != nil {
		return fmt.Errorf("--scope: %w", err)
	}
	if err := push.CheckAPIKeyName("--name", cmd.String("name")); err != nil {
		return err
	}
	text := push.NewAPIKey()
	key, err := store.AddAPIKey(ctx, site.ID, cmd.String("name"), scopes, push.HashAPIKey(text))
	if err != nil {
		return err
	}
	if cmd.Bool(jsonFlag.Name) {
		made := showKey(key)
		made.Key = text
		return json.NewEncoder(cmd.Root().Writer).Encode(made)
	}
	fmt.Fprintf(cmd.Root().ErrWriter, "the key %s may %s; nobody can show it again\n", key.ID, strings.Join(key.Scopes.Names(), ", "))
	_, err = fmt.Fprintln(cmd.Root().Writer, text)
	return err
}

func listKeys(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	return printList(cmd, "ID\tNAME\tSCOPES\tCREATED\tLAST USED\tREVOKED", func(k keyInfo) string {
		return strings.Join([]string{k.ID, k.Name, strings.Join(k.Scopes, ","), k.CreatedAt, k.LastUsedAt, k.RevokedAt}, "\t")
	}, func(string) (infos []keyInfo, next *string, err error) {
		keys, err := store.ListAPIKeys(ctx, site.ID)
		for _, key := range keys {
			infos = append(infos, showKey(key))
		}
		return infos, nil, err
	})
}

func revokeKey(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	name := cmd.Args().First()
	id, isID := push.ParseID(name)
	if !isID {
		var err error
		if id, err = keyNamed(ctx, store, site, name); err != nil {
			return err
		}
	}
	ok, err := store.RevokeAPIKey(ctx, site.ID, id)
	if err == nil && !ok {
		err = errors.New("there is no API key with this id; see pushkit keys list")
	}
	return err
}

// keyNamed is the one key in force that has a name.
func keyNamed(ctx context.Context, store database, site push.Site, name string) (id push.ID, err error) {
	keys, err := store.ListAPIKeys(ctx, site.ID)
	if err != nil {
		return id, err
	}
	var found []string
	for _, key := range keys {
		if name != "" && key.Name == name && key.RevokedAt.IsZero() {
			id, found = key.ID, append(found, key.ID.String())
		}
	}
	switch len(found) {
	case 0:
		return id, fmt.Errorf("no API key in force has the id or the name %q; see pushkit keys list", name)
	case 1:
		return id, nil
	}
	return id, fmt.Errorf("%d API keys have the name %q: give the id of one, %s", len(found), name, strings.Join(found, " or "))
}

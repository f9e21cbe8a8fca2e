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

	"github.com/pushkit/pushkit/server/ndjson"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// usersPage is how many users are read at once.
const usersPage = 1000

// A userLine is a line of an export of users.
type userLine struct {
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes"`
}

func exportUsersCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the attributes of all users",
		ArgsUsage: "[FILE] (default: -, the standard output)",
		Description: "One JSON object a line, as pushkit users import reads it; the subscriptions are what pushkit subscriptions\n" +
			"export writes. It works on the database itself, also while a server runs on it: there is no --server.",
		Flags: []cli.Flag{databaseFlag, siteFlag, forceFlag},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() > 1 {
				return fmt.Errorf("%s takes one FILE", cmd.FullName())
			}
			return onDatabase(ctx, cmd, exportUsers)
		},
	}
}

func exportUsers(ctx context.Context, cmd *cli.Command, store database, site push.Site) error {
	write := func(to io.Writer) error {
		lines := json.NewEncoder(to)
		for cursor := ""; ; {
			page, next, err := store.ListAttributes(ctx, site.ID, cursor, usersPage)
			if err != nil {
				return err
			}
			for _, user := range page {
				if err := lines.Encode(userLine{user.User, user.Attributes}); err != nil {
					return err
				}
			}
			if cursor = next; next == "" {
				return nil
			}
		}
	}
	name := cmd.Args().First()
	if name == "" || name == "-" {
		return write(cmd.Root().Writer)
	}
	database, _, _ := databaseURL(cmd) // it was opened
	return newFile(name, cmd.Bool(forceFlag.Name), database, func(temporary string) error {
		file, err := os.OpenFile(temporary, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(file), file.Close())
	})
}

func importUsersCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "set the attributes of users from a file",
		ArgsUsage: "FILE (- is the standard input)",
		Description: "FILE has a JSON object a line, {\"id\": \"u1\", \"attributes\": {\"name\": \"Ada\"}}: they replace what a user had. A bad\n" +
			"line is reported with its number, and the rest goes in; the exit status is 1 then.",
		Flags: []cli.Flag{serverFlag, apiKeyFlag, databaseFlag, siteFlag},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return fmt.Errorf("which file? %s FILE, or - for the standard input", cmd.FullName())
			}
			file := os.Stdin
			if name := cmd.Args().First(); name != "-" {
				var err error
				if file, err = os.Open(name); err != nil {
					return err
				}
				defer file.Close()
			}
			b, err := openBackend(ctx, cmd)
			if err != nil {
				return err
			}
			return errors.Join(importUsers(ctx, cmd, b, file), b.close())
		},
	}
}

func importUsers(ctx context.Context, cmd *cli.Command, b backend, file io.Reader) error {
	set, bad := 0, 0
	lines := ndjson.NewReader(file, wire.MaxBody)
	for {
		line, err := lines.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			if err = importUser(ctx, b, line); err == nil {
				set++
				continue
			}
			// What is wrong with the line is its own; all else would be so for the next.
			var wrong *badUser
			if errors.As(err, &wrong) {
				bad++
				fmt.Fprintf(cmd.Root().ErrWriter, "line %d: %v\n", line.Number, err)
				continue
			}
		}
		return fmt.Errorf("stopped after %s: %w", number(int64(set), "user"), err)
	}
	fmt.Fprintf(cmd.Root().Writer, "%d set, %d bad\n", set, bad)
	if bad > 0 {
		return fmt.Errorf("%d are not imported", bad)
	}
	return nil
}

// A badUser is what is wrong with a line.
type badUser struct{ error }

func importUser(ctx context.Context, b backend, line ndjson.Line) error {
	if line.TooLong {
		return &badUser{fmt.Errorf("it is longer than %d KiB", wire.MaxBody>>10)}
	}
	var user userLine
	decoder := json.NewDecoder(bytes.NewReader(line.Text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&user); err != nil {
		return &badUser{fmt.Errorf("it is no JSON object with id and attributes: %w", err)}
	}
	if !push.CanBeUser(user.ID) {
		return &badUser{errors.New("its id is not one that a user can have")}
	}
	request := wire.UserRequest{Attributes: user.Attributes}
	if _, err := push.ParseAttributes(request); err != nil {
		return &badUser{err}
	}
	return b.setUser(ctx, user.ID, request)
}

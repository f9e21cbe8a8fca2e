package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// explainUsage lets each command say in one line what is wrong with its
// arguments, instead of its whole help.
func explainUsage(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error { return usageError(cmd, err) }
	if cmd.Action == nil {
		cmd.Action = func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				name := cmd.Args().First()
				return fmt.Errorf("%s has no command %q; did you mean %s? See %[1]s --help", cmd.FullName(), name, cli.SuggestCommand(cmd.Commands, name))
			}
			return cli.ShowSubcommandHelp(cmd)
		}
	}
	for _, sub := range cmd.Commands {
		explainUsage(sub)
	}
}

// usageError says what is wrong with the flags of a command. The library has no types
// of these errors, and writes flags with one dash.
func usageError(cmd *cli.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		text = fmt.Sprintf("%s has no flag --%s; did you mean %s?", cmd.FullName(), name, cli.SuggestFlag(cmd.Flags, name, false))
		return fmt.Errorf("%s See %s --help", text, cmd.FullName())
	}
	var value, name string
	if n, _ := fmt.Sscanf(text, "invalid value %q for flag -%s", &value, &name); n == 2 {
		text = fmt.Sprintf("--%s cannot be %q", strings.TrimSuffix(name, ":"), value)
	}
	return fmt.Errorf("%s; see %s --help", text, cmd.FullName())
}

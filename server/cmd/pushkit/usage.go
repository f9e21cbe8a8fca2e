package main

import (
	"context"
	"fmt"
	"strconv"
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
				return fmt.Errorf("%s has no command %q%s; see %[1]s --help", cmd.FullName(), name, didYouMean(cli.SuggestCommand(cmd.Commands, name), name))
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
		text = fmt.Sprintf("%s has no flag --%s%s", cmd.FullName(), name, didYouMean(cli.SuggestFlag(cmd.Flags, name, false), "--"+name))
	} else if value, rest, ok := cutQuoted(text, "invalid value "); ok {
		if name, why, ok := strings.Cut(strings.TrimPrefix(rest, " for flag -"), ": "); ok {
			// What the standard library says of a number names a function of it.
			if _, plain, ok := strings.Cut(why, ": parsing "); ok {
				_, why, _ = cutQuoted(plain, "")
				why = strings.TrimPrefix(why, ": ")
			}
			text = fmt.Sprintf("--%s cannot be %s: %s", name, value, why)
		}
	}
	return fmt.Errorf("%s; see %s --help", text, cmd.FullName())
}

// cutQuoted cuts a prefix and a quoted text after it.
func cutQuoted(s, prefix string) (quoted, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, prefix); !ok {
		return "", "", false
	}
	quoted, err := strconv.QuotedPrefix(s)
	return quoted, s[len(quoted):], err == nil
}

// didYouMean offers what the library takes for the nearest name, where that is near: a
// letter or two are others, or two have changed places.
func didYouMean(nearest, typed string) string {
	if nearest == "" || distance(nearest, typed) > 2 {
		return ""
	}
	return ": did you mean " + nearest + "?"
}

// distance is how many letters have to be put in, taken out or made others to make one
// text of another (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Command pushkit is the whole of pushkit in one program: the server, the tools
// around it, and a push service for one's own machine. `pushkit --help` lists
// its commands.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	// So that time zones are known in an empty container.
	_ "time/tzdata"

	"github.com/urfave/cli/v3"
)

// version is set by the release build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	explainUsage(root)
	cli.VersionPrinter = func(cmd *cli.Command) { fmt.Fprintln(cmd.Root().Writer, "pushkit", cmd.Root().Version) }
	if err := root.Run(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "pushkit:", err)
		os.Exit(1)
	}
}

func command() *cli.Command {
	return &cli.Command{
		Name:                  "pushkit",
		Usage:                 "web push for your own site, from your own server",
		EnableShellCompletion: true,
		Version:               fullVersion(), // makes the flag --version
		// main prints errors, once.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			serveCommand(),
			sendCommand(),
			messagesCommand(),
			subscriptionsCommand(),
			usersCommand(),
			vapidCommand(),
			keysCommand(),
			sitesCommand(),
			webhooksCommand(),
			backupCommand(),
			healthCommand(),
			doctorCommand(),
			emulatorCommand(),
			versionCommand(),
		},
	}
}

// explainUsage lets each command say in one line what is wrong with its
// arguments, instead of its whole help.
func explainUsage(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.FullName())
	}
	if cmd.Action == nil {
		cmd.Action = func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return fmt.Errorf("%s has no command %q; see %s --help", cmd.FullName(), cmd.Args().First(), cmd.FullName())
			}
			return cli.ShowSubcommandHelp(cmd)
		}
	}
	for _, sub := range cmd.Commands {
		explainUsage(sub)
	}
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.Root().Writer, "pushkit", fullVersion())
			return err
		},
	}
}

// fullVersion is the version, with the commit where that is known.
func fullVersion() string {
	if commit := revision(); commit != "" {
		return version + " (" + commit + ")"
	}
	return version
}

// revision is the commit that this program was built from; empty where Go does not
// know it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	return ""
}

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

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/emulator"
)

// emulatorCommand is "pushkit emulator".
func emulatorCommand() *cli.Command {
	return &cli.Command{
		Name:  "emulator",
		Usage: "a push service on this machine, for real browsers: no internet, no accounts",
		Description: "Firefox connects to it instead of Mozilla's service. It checks what the real\n" +
			"services check, and says which rule a push broke. Its state ends with it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: emulator.DefaultAddr, Usage: "listen on `HOST:PORT`; whoever reaches it can read and shape the deliveries", Sources: cli.EnvVars("PUSHKIT_EMULATOR_ADDR")},
			&cli.StringFlag{Name: "public-url", Usage: "the emulator's `URL` as browsers and servers see it, if it is not the address", Sources: cli.EnvVars("PUSHKIT_EMULATOR_PUBLIC_URL")},
		},
		Action: runEmulator,
		Commands: []*cli.Command{{
			Name:      "firefox",
			Usage:     "start Firefox on a fresh profile, with the emulator as its push service",
			ArgsUsage: "URL",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "emulator", Value: "http://" + emulator.DefaultAddr, Usage: "the `URL` where the emulator runs"},
				&cli.StringFlag{Name: "profile", Usage: "keep the profile in `DIR`, with its permissions and subscriptions"},
				&cli.BoolFlag{Name: "headless", Usage: "without a window"},
				&cli.StringFlag{Name: "firefox", Usage: "the Firefox at `PATH`"},
			},
			Action: runFirefox,
		}},
	}
}

func runEmulator(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("pushkit emulator has no command %q; see pushkit emulator --help", cmd.Args().First())
	}
	e, err := emulator.New(emulator.Options{PublicURL: cmd.String("public-url")})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmd.String("addr"))
	if err != nil {
		return fmt.Errorf("the emulator cannot listen: %w", err)
	}
	address := strings.TrimSuffix(cmd.String("public-url"), "/")
	if address == "" {
		// A Host that is not loopback is refused, so nobody could use it.
		if a, ok := listener.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			listener.Close()
			return fmt.Errorf("--addr %s is not a loopback address: say with --public-url how browsers reach the emulator", cmd.String("addr"))
		}
		address = "http://" + listener.Addr().String()
	}
	printEmulator(cmd.Root().Writer, address)

	server := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("the emulator has failed: %w", err)
	case <-ctx.Done():
	}
	e.Close()
	timeout, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return server.Shutdown(timeout)
}

func printEmulator(w io.Writer, address string) {
	fmt.Fprintf(w, "The push service emulator is at %s\n\nA Firefox of its own:\n  pushkit emulator firefox", address)
	if address != "http://"+emulator.DefaultAddr {
		fmt.Fprintf(w, " --emulator %s", address)
	}
	fmt.Fprintf(w, " URL\n\nOr a Firefox that you have, in about:config:\n")
	preferences := emulator.FirefoxPreferences("ws" + strings.TrimPrefix(address, "http") + "/")
	for _, name := range slices.Sorted(maps.Keys(preferences)) {
		fmt.Fprintf(w, "  %-40s %v\n", name, preferences[name])
	}
	fmt.Fprintf(w, "\nWhat was pushed:\n  curl %s/api/pushes\n", address)
}

func runFirefox(ctx context.Context, cmd *cli.Command) error {
	page := cmd.Args().First()
	if u, err := url.Parse(page); cmd.NArg() != 1 || err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("name the page to open, for example: pushkit emulator firefox http://localhost:8080/")
	}
	address := strings.TrimSuffix(cmd.String("emulator"), "/")
	websocket, err := findEmulator(ctx, address)
	if err != nil {
		return err
	}
	f := emulator.Firefox{
		Path: cmd.String("firefox"), Profile: cmd.String("profile"), Headless: cmd.Bool("headless"),
		Websocket: websocket, URL: page,
	}
	if f.Path == "" {
		if f.Path, err = emulator.FindFirefox(); err != nil {
			return err
		}
	}
	if !f.Headless && !emulator.HasDisplay() {
		f.Headless = true
		fmt.Fprintln(cmd.Root().ErrWriter, "There is no display (DISPLAY, WAYLAND_DISPLAY): Firefox runs headless. Ctrl-C ends it.")
	}
	return f.Run(ctx)
}

// findEmulator asks the emulator at address for its websocket's URL.
func findEmulator(ctx context.Context, address string) (string, error) {
	none := fmt.Errorf("no emulator answers at %s: start one with pushkit emulator, or pushkit serve --emulator", address)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/browser", nil)
	if err != nil {
		return "", none
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", none
	}
	defer response.Body.Close()
	var state emulator.BrowserState
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&state); err != nil || response.StatusCode != http.StatusOK || state.Websocket == "" {
		return "", none
	}
	return state.Websocket, nil
}

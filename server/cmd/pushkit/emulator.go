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
	"github.com/pushkit/pushkit/server/webpush"
)

// emulatorCommand is "pushkit emulator".
func emulatorCommand() *cli.Command {
	return &cli.Command{
		Name:  "emulator",
		Usage: "a push service on this machine, for real browsers: no internet, no accounts",
		Description: "Firefox connects to it instead of Mozilla's service, Chromium instead of Google's. It\n" +
			"checks what the real services check, or what Apple's and Microsoft's do, and says which\n" +
			"rule a push broke. Its state ends with it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: emulator.DefaultAddr, Usage: "listen on `HOST:PORT`; whoever reaches it can read and shape the deliveries", Sources: cli.EnvVars("PUSHKIT_EMULATOR_ADDR")},
			&cli.StringFlag{Name: "mcs-addr", Usage: "listen on `HOST:PORT` for Chromium's connections, which are over TLS (default: the port after --addr's, or a free one)", Sources: cli.EnvVars("PUSHKIT_EMULATOR_MCS_ADDR")},
			&cli.StringFlag{Name: "as", Usage: "answer senders as the service of `VENDOR` does: apple, google, microsoft or mozilla (default: as that of the browser)", Sources: cli.EnvVars("PUSHKIT_EMULATOR_AS")},
			&cli.StringFlag{Name: "public-url", Usage: "the emulator's `URL` as browsers and servers see it, if it is not the address", Sources: cli.EnvVars("PUSHKIT_EMULATOR_PUBLIC_URL")},
		},
		Action: runEmulator,
		Commands: []*cli.Command{
			{
				Name:      "firefox",
				Usage:     "start Firefox on a fresh profile, with the emulator as its push service",
				ArgsUsage: "URL",
				Flags: append(browserFlags(),
					&cli.BoolFlag{Name: "headless", Usage: "without a window; sites are allowed notifications, since nobody can be asked"},
					&cli.StringFlag{Name: "firefox", Usage: "the Firefox at `PATH`"},
				),
				Action: runFirefox,
			},
			{
				Name:      "chromium",
				Usage:     "start Chromium or Chrome on a fresh profile, with the emulator as its push service",
				ArgsUsage: "URL",
				Flags: append(browserFlags(),
					&cli.BoolFlag{Name: "headless", Usage: "without a window; a new profile allows the page notifications, since nobody can be asked"},
					&cli.StringFlag{Name: "chromium", Usage: "the Chromium or Chrome at `PATH`"},
				),
				Action: runChromium,
			},
		},
	}
}

// browserFlags are those of every command that starts a browser.
func browserFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "emulator", Value: "http://" + emulator.DefaultAddr, Usage: "the `URL` where the emulator runs"},
		&cli.StringFlag{Name: "profile", Usage: "keep the profile in `DIR`, with its permissions and subscriptions"},
		&cli.BoolFlag{Name: "allow", Usage: "allow the page notifications without asking anybody (Firefox: every site; Chromium: in a new profile)"},
	}
}

func runEmulator(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("pushkit emulator has no command %q; see pushkit emulator --help", cmd.Args().First())
	}
	listeners, err := listenEmulator(ctx, cmd.String("addr"), cmd.String("mcs-addr"))
	if err != nil {
		return err
	}
	defer listeners.close()
	address := strings.TrimSuffix(cmd.String("public-url"), "/")
	if address == "" {
		// A Host that is not loopback is refused, so nobody could use it.
		if a, ok := listeners.http.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			return fmt.Errorf("--addr %s is not a loopback address: say with --public-url how browsers reach the emulator", cmd.String("addr"))
		}
		address = "http://" + listeners.http.Addr().String()
	}
	e, err := emulator.New(emulator.Options{PublicURL: cmd.String("public-url"), MCSAddr: listeners.mcsAddr(cmd.String("public-url")), As: cmd.String("as")})
	if err != nil {
		return err
	}
	printEmulator(cmd.Root().Writer, address, e.ChromiumFlags(address))
	if err := listeners.serve(ctx, e); err != nil {
		return fmt.Errorf("the emulator has failed: %w", err)
	}
	return nil
}

func printEmulator(w io.Writer, address string, chromiumFlags []string) {
	option := ""
	if address != "http://"+emulator.DefaultAddr {
		option = " --emulator " + address
	}
	fmt.Fprintf(w, "The push service emulator is at %s\n\nA browser of its own:\n", address)
	fmt.Fprintf(w, "  pushkit emulator firefox%s URL\n  pushkit emulator chromium%s URL\n", option, option)
	fmt.Fprintf(w, "\nOr a Firefox that you have, in about:config:\n")
	preferences := emulator.FirefoxPreferences("ws" + strings.TrimPrefix(address, "http") + "/")
	for _, name := range slices.Sorted(maps.Keys(preferences)) {
		fmt.Fprintf(w, "  %-40s %v\n", name, preferences[name])
	}
	fmt.Fprintf(w, "\nOr a Chromium that you have, until this emulator ends:\n  chromium --user-data-dir=A-FOLDER-FOR-IT")
	for _, flag := range chromiumFlags {
		fmt.Fprintf(w, " \\\n    %s", flag)
	}
	fmt.Fprintln(w)
	// A server takes routes to its own machine only.
	if services := emulatorServices(address); routable(services) {
		fmt.Fprintf(w, "\nA server that sends to both:\n  pushkit serve --push-services %s\n", strings.Join(services, ","))
	}
	fmt.Fprintf(w, "\nWhat was pushed:\n  curl %s/api/pushes\n", address)
}

// emulatorServices are the rules by which a sender reaches the emulator at
// address: its own endpoints, and those that are on the vendors' hosts.
func emulatorServices(address string) []string {
	rules := []string{address}
	for _, endpoint := range emulator.VendorEndpoints() {
		rules = append(rules, strings.TrimPrefix(endpoint, "https://")+"="+address)
	}
	return rules
}

func routable(services []string) bool {
	_, err := webpush.ParseServices(services)
	return err == nil
}

// pageAndEmulator reads what every command that starts a browser is told: the
// page to open, and which emulator to use.
func pageAndEmulator(ctx context.Context, cmd *cli.Command) (page string, state emulator.BrowserState, err error) {
	page = cmd.Args().First()
	if cmd.NArg() != 1 {
		return "", state, fmt.Errorf("name the page to open, for example: pushkit emulator %s http://localhost:8080/", cmd.Name)
	}
	if u, err := url.Parse(page); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", state, fmt.Errorf("the page to open must be an http or https URL, for example: pushkit emulator %s http://localhost:8080/", cmd.Name)
	}
	state, err = findEmulator(ctx, strings.TrimSuffix(cmd.String("emulator"), "/"))
	return page, state, err
}

// headless tells whether a browser is to have no window, and says so where it
// cannot have one.
func headless(cmd *cli.Command, name string) bool {
	if !cmd.Bool("headless") && !emulator.HasDisplay() {
		fmt.Fprintf(cmd.Root().ErrWriter, "There is no display (DISPLAY, WAYLAND_DISPLAY): %s runs headless. Ctrl-C ends it.\n", name)
		return true
	}
	return cmd.Bool("headless")
}

func runChromium(ctx context.Context, cmd *cli.Command) error {
	page, state, err := pageAndEmulator(ctx, cmd)
	if err != nil {
		return err
	}
	if len(state.Chromium) == 0 {
		return errors.New("the emulator there takes no Chromium: it is of another version than this program")
	}
	c := emulator.Chromium{Path: cmd.String("chromium"), Profile: cmd.String("profile"), Flags: state.Chromium, URL: page}
	if c.Path == "" {
		if c.Path, err = emulator.FindChromium(); err != nil {
			return err
		}
	}
	c.Headless, c.Allow = headless(cmd, "Chromium"), cmd.Bool("allow")
	return c.Run(ctx)
}

func runFirefox(ctx context.Context, cmd *cli.Command) error {
	page, state, err := pageAndEmulator(ctx, cmd)
	if err != nil {
		return err
	}
	f := emulator.Firefox{Path: cmd.String("firefox"), Profile: cmd.String("profile"), Websocket: state.Websocket, URL: page}
	if f.Path == "" {
		if f.Path, err = emulator.FindFirefox(); err != nil {
			return err
		}
	}
	f.Headless, f.Allow = headless(cmd, "Firefox"), cmd.Bool("allow")
	return f.Run(ctx)
}

// findEmulator asks the emulator at address what a browser needs to use it.
func findEmulator(ctx context.Context, address string) (state emulator.BrowserState, err error) {
	none := fmt.Errorf("no emulator answers at %s: start one with pushkit emulator, or pushkit serve --emulator", address)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/browser", nil)
	if err != nil {
		return state, none
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return state, none
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&state); err != nil || response.StatusCode != http.StatusOK || state.Websocket == "" {
		return state, none
	}
	return state, nil
}

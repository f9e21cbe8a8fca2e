package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/webpush"
)

// Flags that more than one command has.
var (
	databaseFlag = &cli.StringFlag{
		Name: "database", Value: "sqlite://data/pushkit.db", Usage: "`URL` of the database",
		Sources: cli.EnvVars("PUSHKIT_DATABASE"),
	}
	apiKeyFlag = &cli.StringFlag{
		Name: "api-key", Usage: "the API `KEY`, of 16 characters or more (default: the one in the file api-key beside the database)",
		Sources: cli.EnvVars("PUSHKIT_API_KEY"),
	}
	serverFlag = &cli.StringFlag{
		Name: "server", Usage: "work on the server at `URL` instead of on the database",
		Sources: cli.EnvVars("PUSHKIT_SERVER"),
	}
	pushServicesFlag = &cli.StringSliceFlag{
		Name: "push-services",
		Usage: "push services besides the browser vendors': `HOST`, *.HOST, http://127.0.0.1:PORT, or HOST=http://127.0.0.1:PORT;\n" +
			"separated by commas",
		Sources: cli.EnvVars("PUSHKIT_PUSH_SERVICES"),
	}
	vapidSubjectFlag = &cli.StringFlag{
		Name: "vapid-subject", Usage: "a mailto: or https: `URL` that tells push services who runs this server",
		Sources: cli.EnvVars("PUSHKIT_VAPID_SUBJECT"),
	}
	netHTTPFlag = &cli.BoolFlag{
		Name: "net-http", Usage: "send with Go's net/http instead of the lean HTTP/2 client, which costs more",
		Sources: cli.EnvVars("PUSHKIT_NET_HTTP"),
	}
	jsonFlag = &cli.BoolFlag{Name: "json", Usage: "print JSON"}
)

// databasePath is the file of a sqlite:// URL: sqlite://data/pushkit.db is
// relative, sqlite:///var/lib/pushkit/pushkit.db absolute.
func databasePath(cmd *cli.Command) (string, error) {
	text := cmd.String(databaseFlag.Name)
	path, ok := strings.CutPrefix(text, "sqlite://")
	if !ok || path == "" {
		return "", fmt.Errorf("--database %q is not of the form sqlite://FILE", text)
	}
	return path, nil
}

// openDatabase opens the database of --database. mustExist refuses to make a
// new one, for commands that only look at it.
func openDatabase(ctx context.Context, cmd *cli.Command, mustExist bool) (*sqlite.Store, push.Site, error) {
	path, err := databasePath(cmd)
	if err != nil {
		return nil, push.Site{}, err
	}
	if _, err := os.Stat(path); mustExist && err != nil {
		return nil, push.Site{}, fmt.Errorf("there is no database at %s yet: start pushkit serve once, or name another with --database", path)
	}
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, push.Site{}, fmt.Errorf("the database cannot be opened: %w", err)
	}
	site, err := store.Site(ctx, push.DefaultSite)
	if err != nil {
		store.Close()
		return nil, push.Site{}, err
	}
	return store, site, nil
}

// dispatchLock is the lock of the operating system whose holder alone sends
// what is in the database.
func dispatchLock(cmd *cli.Command) (*flock.Flock, error) {
	path, err := databasePath(cmd)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return flock.New(path + ".lock"), nil
}

// apiKeyFile is where the first API key is written.
func apiKeyFile(cmd *cli.Command) (string, error) {
	path, err := databasePath(cmd)
	return filepath.Join(filepath.Dir(path), "api-key"), err
}

// readAPIKey returns the key of --api-key, else the one on file.
func readAPIKey(cmd *cli.Command) (string, error) {
	if key := cmd.String(apiKeyFlag.Name); key != "" {
		return key, nil
	}
	path, err := apiKeyFile(cmd)
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("no API key: give one with --api-key or PUSHKIT_API_KEY")
	}
	return strings.TrimSpace(string(content)), nil
}

func parsePublicURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("--public-url %q is not a URL such as https://push.example.com", text)
	}
	return u, nil
}

// A sending is how messages are sent: what pushkit serve was told, and what
// pushkit send takes from it where no server runs.
type sending struct {
	VAPIDSubject string   `json:"vapidSubject"`
	PushServices []string `json:"pushServices"`
	NetHTTP      bool     `json:"netHTTP,omitempty"`
}

// sendingSetting is the name under which the database keeps the server's.
const sendingSetting = "sending"

// sendingOf reads the flags; more are push services besides theirs.
func sendingOf(cmd *cli.Command, more ...string) sending {
	return sending{cmd.String(vapidSubjectFlag.Name), append(more, cmd.StringSlice(pushServicesFlag.Name)...), cmd.Bool(netHTTPFlag.Name)}
}

// keep writes it into the database.
func (s sending) keep(ctx context.Context, store *sqlite.Store) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.PutSetting(ctx, sendingSetting, string(value))
}

// keptSending is the server's, with what the flags say besides. Messages of the
// server that were accepted and not sent are sent in its place.
func keptSending(ctx context.Context, cmd *cli.Command, store *sqlite.Store) (kept sending, err error) {
	value, err := store.Setting(ctx, sendingSetting)
	if err != nil {
		return kept, err
	}
	if value != "" {
		if err := json.Unmarshal([]byte(value), &kept); err != nil {
			return kept, err
		}
	}
	given := sendingOf(cmd)
	return sending{cmp.Or(given.VAPIDSubject, kept.VAPIDSubject), append(given.PushServices, kept.PushServices...), given.NetHTTP || kept.NetHTTP}, nil
}

// client makes the client that sends.
func (s sending) client() (*webpush.Client, *webpush.Services, error) {
	if s.VAPIDSubject != "" {
		if err := webpush.CheckSubject(s.VAPIDSubject); err != nil {
			return nil, nil, fmt.Errorf("--vapid-subject: %w", err)
		}
	}
	services, err := webpush.ParseServices(append(slices.Clone(s.PushServices), webpush.VendorServices...))
	if err != nil {
		return nil, nil, fmt.Errorf("--push-services: %w", err)
	}
	return webpush.NewClient(webpush.Options{Services: services, Subject: s.VAPIDSubject, NetHTTP: s.NetHTTP}), services, nil
}

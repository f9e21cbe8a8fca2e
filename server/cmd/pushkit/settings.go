package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// Flags that more than one command has.
var (
	addrFlag = &cli.StringFlag{
		Name: "addr", Value: "127.0.0.1:8080", Usage: "listen on `HOST:PORT`",
		Sources: cli.EnvVars("PUSHKIT_ADDR"),
	}
	allowedOriginsFlag = &cli.StringSliceFlag{
		Name: "allowed-origins", Usage: "the site's `ORIGINS`, separated by commas; pushkit sites has those of further sites (default: the server's own)",
		Sources: cli.EnvVars("PUSHKIT_ALLOWED_ORIGINS"),
	}
	publicURLFlag = &cli.StringFlag{
		Name: "public-url", Usage: "the server's `URL` as browsers see it, needed behind a proxy (default: what the request says)",
		Sources: cli.EnvVars("PUSHKIT_PUBLIC_URL"),
	}
	apiKeyFlag = &cli.StringFlag{
		Name: "api-key", Usage: "the API `KEY`, of 16 characters or more (default: the one in the file api-key beside the database)",
		Sources: cli.EnvVars("PUSHKIT_API_KEY"),
	}
	serverFlag = &cli.StringFlag{
		Name: "server", Usage: "work on the server at `URL` instead of on the database",
		Sources: cli.EnvVars("PUSHKIT_SERVER"),
	}
	siteFlag = &cli.StringFlag{
		Name: "site", Value: push.DefaultSite, Usage: "the site's `NAME`, as pushkit sites list has it; with --server the API key says which",
		Sources: cli.EnvVars("PUSHKIT_SITE"),
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
	timeZoneFlag = &cli.StringFlag{
		Name: "time-zone", Value: "UTC", Usage: "the site's IANA time `ZONE`, which counts for recipients whose own is not known",
		Sources: cli.EnvVars("PUSHKIT_TIME_ZONE"),
	}
	quietHoursFlag = &cli.StringFlag{
		Name: "quiet-hours", Usage: "disturb nobody in these `HOURS`, by the recipient's clock, such as 22:00-08:00: messages wait for their end,\nor expire with their TTL",
		Sources: cli.EnvVars("PUSHKIT_QUIET_HOURS"),
	}
	maxInFlightFlag = &cli.IntFlag{
		Name: "max-in-flight", Usage: "have at most `N` requests of broadcasts under way to one host of a push service (default: what it sustains, up to 2048)",
		Sources: cli.EnvVars("PUSHKIT_MAX_IN_FLIGHT"), HideDefault: true,
		Validator: func(n int) error {
			if n < 0 {
				return errors.New("it is a number of requests, 0 for what the push service sustains")
			}
			return nil
		},
	}
	retentionFlag = &cli.StringFlag{
		Name: "retention", Value: "400d", Usage: "remember for `AGE` which subscriptions have ended, with their channels and users, and how many;\na browser that comes back later is a new one. At least 1d",
		Sources: cli.EnvVars("PUSHKIT_RETENTION"),
	}
	publicRateFlag = &cli.StringFlag{
		Name: "public-rate", Value: "20:1000", Usage: "let one client address (of IPv6: its /64) make `N:BURST` public calls: N a second for long, and BURST at once;\n0 for no limit. Calls with an API key and reports of what a message's recipients did do not count",
		Sources: cli.EnvVars("PUSHKIT_PUBLIC_RATE"),
	}
	trustedProxiesFlag = &cli.StringSliceFlag{
		Name: "trusted-proxies", Usage: "`NETWORKS` of reverse proxies, such as 127.0.0.1,10.0.0.0/8, whose X-Forwarded-For says who the client is (default: none)",
		Sources: cli.EnvVars("PUSHKIT_TRUSTED_PROXIES"),
	}
	webhookHostsFlag = &cli.StringSliceFlag{
		Name: "webhook-hosts", Usage: "`HOSTS` of your own network that webhooks may call, whatever their address, also by http: such as backend.internal,\n10.0.0.5:3000; separated by commas (default: none, all are on the internet and https)",
		Sources: cli.EnvVars("PUSHKIT_WEBHOOK_HOSTS"),
	}
	noCheckFlag = &cli.BoolFlag{
		Name: "no-check", Usage: "leave out the page /check/, whose visitors may subscribe to the default site",
		Sources: cli.EnvVars("PUSHKIT_NO_CHECK"),
	}
	noDemoFlag = &cli.BoolFlag{
		Name: "no-demo", Usage: "serve no demo site at /demo/ (default: false, true where --public-url is https; --no-demo=false serves it there too)",
		Sources: cli.EnvVars("PUSHKIT_NO_DEMO"), HideDefault: true,
	}
	maxConnectionsFlag = &cli.IntFlag{
		Name: "max-connections", Value: 10_000, Usage: "have at most `N` connections open, each of some 20 KB: what comes beyond is answered 503; 0 for no limit",
		Sources: cli.EnvVars("PUSHKIT_MAX_CONNECTIONS"),
		Validator: func(n int) error {
			if n < 0 {
				return errors.New("it is a number of connections, 0 for no limit")
			}
			return nil
		},
	}
	jsonFlag = &cli.BoolFlag{Name: "json", Usage: "print JSON"}
)

// retentionOf is that of pushkit serve; zero for a command, which forgets nothing.
func retentionOf(cmd *cli.Command) (time.Duration, error) {
	text := cmd.String(retentionFlag.Name)
	if text == "" {
		return 0, nil
	}
	age, err := push.ParseAge("--"+retentionFlag.Name, text)
	if err == nil && age < 24*time.Hour {
		err = fmt.Errorf("--%s is at least 1d", retentionFlag.Name)
	}
	return age, err
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
	MaxInFlight  int      `json:"maxInFlight,omitempty"`
}

// sendingSetting is the name under which the database keeps the server's.
const sendingSetting = "sending"

// sendingOf reads the flags; more are push services besides theirs.
func sendingOf(cmd *cli.Command, more ...string) sending {
	return sending{cmd.String(vapidSubjectFlag.Name), append(more, cmd.StringSlice(pushServicesFlag.Name)...), cmd.Bool(netHTTPFlag.Name), cmd.Int(maxInFlightFlag.Name)}
}

// keep writes it into the database.
func (s sending) keep(ctx context.Context, store database) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.PutSetting(ctx, sendingSetting, string(value))
}

// keptSending is the server's, with what the flags say besides. Messages of the
// server that were accepted and not sent are sent in its place.
func keptSending(ctx context.Context, cmd *cli.Command, store database) (kept sending, err error) {
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
	return sending{
		cmp.Or(given.VAPIDSubject, kept.VAPIDSubject), append(given.PushServices, kept.PushServices...), given.NetHTTP || kept.NetHTTP,
		cmp.Or(given.MaxInFlight, kept.MaxInFlight),
	}, nil
}

// client makes the client that sends, in bulk on so many threads of their own.
func (s sending) client(bulkThreads int) (*webpush.Client, *webpush.Services, error) {
	if s.VAPIDSubject != "" {
		if err := webpush.CheckSubject(s.VAPIDSubject); err != nil {
			return nil, nil, fmt.Errorf("--vapid-subject: %w", err)
		}
	}
	services, err := s.services()
	if err != nil {
		return nil, nil, err
	}
	return webpush.NewClient(webpush.Options{
		Services: services, Subject: s.VAPIDSubject, NetHTTP: s.NetHTTP, MaxInFlight: s.MaxInFlight,
		BulkThreads: bulkThreads,
	}), services, nil
}

// services are the push services that may be used: these and the browser vendors'.
func (s sending) services() (*webpush.Services, error) {
	services, err := webpush.ParseServices(append(slices.Clone(s.PushServices), webpush.VendorServices...))
	if err != nil {
		return nil, fmt.Errorf("--push-services: %w", err)
	}
	return services, nil
}

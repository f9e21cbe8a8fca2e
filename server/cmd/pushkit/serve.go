package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/pushkit/pushkit/js"
	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/emulator"
	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
)

const (
	// shutdownGrace is how long requests under way may take at the end.
	shutdownGrace = 10 * time.Second
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "run the server",
		Description: "Needs no configuration: data goes into ./data, the VAPID keys and the first API key\n" +
			"are made on the first start, and the addresses are printed.",
		Flags: []cli.Flag{
			addrFlag,
			databaseFlag,
			allowedOriginsFlag,
			publicURLFlag,
			vapidSubjectFlag,
			apiKeyFlag,
			timeZoneFlag,
			quietHoursFlag,
			retentionFlag,
			publicRateFlag,
			maxConnectionsFlag,
			trustedProxiesFlag,
			pushServicesFlag,
			webhookHostsFlag,
			netHTTPFlag,
			maxInFlightFlag,
			noDemoFlag,
			noCheckFlag,
			&cli.DurationFlag{Name: "drain", Usage: "work on for so long after being told to end, while /readyz is answered 503 and a proxy leaves (default: end at once)", Sources: cli.EnvVars("PUSHKIT_DRAIN"), HideDefault: true},
			&cli.BoolFlag{Name: "emulator", Usage: "run pushkit emulator beside, so that no internet is needed", Sources: cli.EnvVars("PUSHKIT_EMULATOR")},
			&cli.StringFlag{Name: "emulator-addr", Value: emulator.DefaultAddr, Usage: "the emulator listens on `HOST:PORT`", Sources: cli.EnvVars("PUSHKIT_EMULATOR_ADDR")},
		},
		Action: serve,
	}
}

// A running server and what it listens on.
type service struct {
	log   *slog.Logger
	store database
	// site is the default one.
	site      push.Site
	listener  net.Listener
	publicURL *url.URL
	emulator  *emulatorListeners // nil: none
}

func serve(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return fmt.Errorf("pushkit serve takes no arguments, only flags; see pushkit serve --help")
	}
	s := &service{log: slog.New(slog.NewTextHandler(cmd.Root().ErrWriter, nil))}
	// First, so that a start which fails for its address leaves no new database and keys.
	if err := s.listen(ctx, cmd); err != nil {
		return err
	}
	defer s.close()
	unlock, held, err := lockDispatch(cmd)
	if err != nil {
		return err
	}
	if !held {
		return errors.New("another process serves this database already: end it, or give this one a database of its own with --database")
	}
	defer unlock()

	if s.store, s.site, err = openDatabase(ctx, cmd, false); err != nil {
		return err
	}
	defer s.store.Close()
	if err := recoverLeases(ctx, s.store); err != nil {
		return err
	}
	if err := s.setOrigins(ctx, cmd); err != nil {
		return err
	}
	if err := s.setHours(ctx, cmd); err != nil {
		return err
	}
	run, err := s.assemble(ctx, cmd)
	if err != nil {
		return err
	}
	// Last, so that a start which fails makes no key that nobody was told of.
	key, made, err := s.ensureAPIKey(ctx, cmd)
	if err != nil {
		return err
	}
	s.greet(cmd, key, made)
	return run(drained(ctx, cmd.Duration("drain")))
}

// drained is ctx, done so much later.
func drained(ctx context.Context, drain time.Duration) context.Context {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(drain, end) })
	return later
}

// ensureAPIKey lets the key of --api-key in, and makes the first one on the
// first start. The key is empty where it is not known any more.
func (s *service) ensureAPIKey(ctx context.Context, cmd *cli.Command) (key string, made bool, err error) {
	path, err := apiKeyFile(cmd)
	if err != nil {
		return "", false, err
	}
	if key = cmd.String(apiKeyFlag.Name); key != "" {
		if len(key) < push.MinAPIKeyLength {
			return "", false, fmt.Errorf("--api-key has fewer than %d characters", push.MinAPIKeyLength)
		}
		return key, false, s.addAdminKey(ctx, "--api-key", key)
	}
	keys, err := s.store.ListAPIKeys(ctx, s.site.ID)
	if err != nil {
		return "", false, err
	}
	if slices.ContainsFunc(keys, func(k push.APIKey) bool { return k.RevokedAt.IsZero() }) {
		key, err = s.keyOnFile(ctx, cmd)
		return key, false, err
	}
	key = push.NewAPIKey()
	// The file first: a key that is in force and that nobody knows helps
	// nobody.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, err
	}
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		return "", false, err
	}
	return key, true, s.addAdminKey(ctx, "first start", key)
}

// addAdminKey lets a key do everything. One that is known stays as it is.
func (s *service) addAdminKey(ctx context.Context, name, key string) error {
	stored, err := s.store.AddAPIKey(ctx, s.site.ID, name, push.Scopes{push.ScopeAdmin}, push.HashAPIKey(key))
	switch {
	case err != nil:
		return err
	case !stored.RevokedAt.IsZero():
		s.log.Warn("the key of --api-key is revoked and opens nothing: give another one")
	case stored.Site != s.site.ID:
		s.log.Warn("the key of --api-key is another site's, and opens nothing of the default one")
	case !stored.Scopes.Allow(push.ScopeAdmin):
		s.log.Warn("the key of --api-key was made for less than everything", "scopes", stored.Scopes)
	}
	return nil
}

// keyOnFile is the key of the first start; empty where it is not known any more, or
// opens nothing.
func (s *service) keyOnFile(ctx context.Context, cmd *cli.Command) (string, error) {
	key, err := readAPIKey(cmd)
	if err != nil {
		return "", nil
	}
	if _, ok, err := s.store.APIKeyByHash(ctx, push.HashAPIKey(key)); err != nil || !ok {
		return "", err
	}
	return key, nil
}

func (s *service) listen(ctx context.Context, cmd *cli.Command) (err error) {
	if text := cmd.String(publicURLFlag.Name); text != "" {
		if s.publicURL, err = parsePublicURL(text); err != nil {
			return err
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", cmd.String(addrFlag.Name))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the server cannot listen on --addr: %w (another pushkit? end it, or give another --addr)", err)
	}
	if err != nil {
		return fmt.Errorf("the server cannot listen on --addr: %w", err)
	}
	s.listener = boundConnections(listener, cmd.Int(maxConnectionsFlag.Name), s.log)
	if cmd.Bool("emulator") {
		listeners, err := listenEmulator(ctx, cmd.String("emulator-addr"), "")
		if err != nil {
			return errors.Join(fmt.Errorf("--emulator-addr: %w", err), s.listener.Close())
		}
		s.emulator = &listeners
	}
	return nil
}

func (s *service) close() {
	s.listener.Close()
	if s.emulator != nil {
		s.emulator.close()
	}
}

// address is the server's, with a name that browsers hold for secure.
func (s *service) address() string {
	if s.publicURL != nil {
		return s.publicURL.String()
	}
	return "http://" + localName(s.listener.Addr())
}

func localName(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && (tcp.IP.IsLoopback() || tcp.IP.IsUnspecified()) {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}

func (s *service) setOrigins(ctx context.Context, cmd *cli.Command) error {
	origins, err := push.ParseOrigins(cmd.StringSlice(allowedOriginsFlag.Name))
	if err != nil {
		return fmt.Errorf("--allowed-origins: %w", err)
	}
	if len(origins) == 0 && s.isSetByAnother() {
		return nil
	}
	if len(origins) == 0 {
		own, err := url.Parse(s.address())
		if err != nil {
			return err
		}
		origins = []string{own.Scheme + "://" + own.Host}
	}
	err = s.store.SetOrigins(ctx, s.site.ID, origins)
	if push.CodeOf(err) == push.OriginTaken && !cmd.IsSet(allowedOriginsFlag.Name) {
		// The server's own address is another site's: nobody said that it is this one's.
		origins = nil
		err = s.store.SetOrigins(ctx, s.site.ID, nil)
	}
	if err != nil {
		return fmt.Errorf("--allowed-origins: %w", err)
	}
	s.site.Origins = origins
	return nil
}

// isSetByAnother says whether a node that shares the database has set the origins
// already: this one's own address, where it is not public, is worth no more.
func (s *service) isSetByAnother() bool {
	_, shared := s.store.(sharedDatabase)
	return shared && s.publicURL == nil && len(s.site.Origins) > 0
}

// setHours keeps the site's time zone and quiet hours. Of nodes that share a
// database none changes what it was not told.
func (s *service) setHours(ctx context.Context, cmd *cli.Command) error {
	_, shared := s.store.(sharedDatabase)
	if shared && !cmd.IsSet(timeZoneFlag.Name) && !cmd.IsSet(quietHoursFlag.Name) {
		return nil
	}
	hours := s.site.Hours
	if !shared || cmd.IsSet(timeZoneFlag.Name) {
		hours.TimeZone = cmd.String(timeZoneFlag.Name)
	}
	if !push.IsZone(hours.TimeZone) {
		return fmt.Errorf("--%s: %q is not a time zone such as Europe/Berlin", timeZoneFlag.Name, hours.TimeZone)
	}
	var err error
	if !shared || cmd.IsSet(quietHoursFlag.Name) {
		if hours.Quiet, err = push.ParseQuietHours(cmd.String(quietHoursFlag.Name)); err != nil {
			return fmt.Errorf("--%s: %w", quietHoursFlag.Name, err)
		}
	}
	s.site.Hours = hours
	return s.store.SetHours(ctx, s.site.ID, hours)
}

// cores are those that the process may use, which Go has found out.
var cores = runtime.GOMAXPROCS(0)

// assemble wires the parts together; the result runs them until its context is
// done. From the end of ctx on the server is not ready.
func (s *service) assemble(ctx context.Context, cmd *cli.Command) (run func(context.Context) error, err error) {
	var local []string
	if s.emulator != nil {
		addr := s.emulator.http.Addr()
		local = append(emulatorServices("http://"+addr.String()), "http://"+localName(addr))
	}
	how := sendingOf(cmd, local...)
	// Broadcasts have every core, and all else goes before them.
	runtime.GOMAXPROCS(2 * cores)
	sender, services, err := how.client(cores)
	if err == nil {
		err = how.keep(ctx, s.store)
	}
	if err != nil {
		return nil, err
	}
	webhookHosts, err := setWebhookHosts(ctx, cmd, s.store)
	if err != nil {
		return nil, err
	}
	files, err := js.Files()
	if err != nil {
		s.log.Warn("the client's files are not served", "error", err)
		files = nil
	}
	publicRate, err := api.ParsePublicRate(cmd.String(publicRateFlag.Name))
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", publicRateFlag.Name, err)
	}
	proxies, err := api.ParseProxies(cmd.StringSlice(trustedProxiesFlag.Name))
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", trustedProxiesFlag.Name, err)
	}
	dispatcher := dispatch.New(s.store, s.store, sender, s.log)
	counted := metrics.New(metrics.Options{Version: version, Revision: revision(), Store: s.store})
	dispatcher.Observe(counted)
	teller := webhook.New(s.store, webhook.NewSender(webhookHosts, nil), s.log, counted)
	handler, err := api.New(api.Options{
		Store: s.store, Dispatcher: dispatcher, Services: services,
		PublicURL: s.publicURL, Files: files, Log: s.log, Metrics: counted, Ending: ctx.Done(),
		PublicRate: publicRate, TrustedProxies: proxies, WebhookHosts: webhookHosts, NoDemo: s.noDemo(cmd), NoCheck: cmd.Bool(noCheckFlag.Name),
	})
	if err != nil {
		return nil, err
	}
	var e *emulator.Emulator
	if s.emulator != nil {
		if e, err = emulator.New(emulator.Options{MCSAddr: s.emulator.mcsAddr("")}); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { dispatcher.Run(ctx); return nil })
		group.Go(func() error {
			return s.store.Watch(ctx, func() {
				dispatcher.Wake()
				teller.Wake()
			})
		})
		group.Go(func() error { teller.Run(ctx); return nil })
		group.Go(func() error { s.reportFailing(ctx); return nil })
		group.Go(func() error { return serveUntilDone(ctx, newHTTPServer(handler), s.listener) })
		if e != nil {
			group.Go(func() error { return s.emulator.serve(ctx, e) })
		}
		return group.Wait()
	}, nil
}

func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}

func serveUntilDone(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

// noDemo says whether the demo is left out: people who come to a server of the
// internet have no use for it.
func (s *service) noDemo(cmd *cli.Command) bool {
	if cmd.IsSet(noDemoFlag.Name) {
		return cmd.Bool(noDemoFlag.Name)
	}
	return s.publicURL != nil && s.publicURL.Scheme == "https"
}

// pages are those that a browser of the emulator can open: the demo, if there is one, and the site, of whose origins
// the first that is not the server's own stands for all.
func (s *service) pages(cmd *cli.Command, demo string) (pages []string) {
	if demo != "" {
		pages = append(pages, demo)
	}
	if cmd.IsSet(allowedOriginsFlag.Name) {
		own := s.address()
		if i := slices.IndexFunc(s.site.Origins, func(origin string) bool { return origin != own }); i >= 0 {
			pages = append(pages, s.site.Origins[i])
		}
	}
	if pages == nil {
		return []string{"URL"}
	}
	return pages
}

func (s *service) greet(cmd *cli.Command, key string, made bool) {
	out := cmd.Root().Writer
	fmt.Fprintf(out, "pushkit %s\n\n", version)
	fmt.Fprintf(out, "  server     %s\n", s.address())
	demo := s.address() + "/demo/"
	// A journal would keep the key, and hand it to whoever may read it.
	if key != "" && isTerminal(out) {
		demo += "#key=" + key
	}
	if s.noDemo(cmd) {
		demo = ""
	} else {
		fmt.Fprintf(out, "  demo       %s\n", demo)
	}
	if !cmd.Bool(noCheckFlag.Name) {
		fmt.Fprintf(out, "  check      %s/check/\n", s.address())
	}
	fmt.Fprintf(out, "  API        %s/docs\n", s.address())
	if s.emulator != nil {
		fmt.Fprintf(out, "  emulator   http://%s\n", s.emulator.http.Addr())
		option := "--emulator http://" + s.emulator.http.Addr().String() + " "
		if s.emulator.http.Addr().String() == emulator.DefaultAddr {
			option = ""
		}
		fmt.Fprintf(out, "             to see pushes without the internet, in a second terminal:\n")
		for _, page := range s.pages(cmd, demo) {
			fmt.Fprintf(out, "             %s emulator firefox %s'%s'\n", os.Args[0], option, page)
			fmt.Fprintf(out, "             %s emulator chromium %s'%s'\n", os.Args[0], option, page)
		}
	}
	if path, err := apiKeyFile(cmd); err == nil && cmd.String(apiKeyFlag.Name) == "" && key != "" {
		if made && isTerminal(out) {
			fmt.Fprintf(out, "  API key    %s\n             also in %s\n", key, path)
		} else {
			fmt.Fprintf(out, "  API key    in %s\n", path)
		}
	}
	fmt.Fprintln(out)
	if cmd.String(vapidSubjectFlag.Name) == "" {
		s.log.Warn("no --vapid-subject: Apple's and Mozilla's push services refuse messages without one")
	}
}

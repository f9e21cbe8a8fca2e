// Package api is the server's HTTP face: the calls of browsers, the calls with
// an API key, and the client's files. It turns requests into the domain's terms
// and the domain's errors into problem details (RFC 9457).
package api

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A Dispatcher sends what was accepted.
type Dispatcher interface {
	// Hand takes batches that are leased already.
	Hand([]push.Batch)
	// Wake says that the queue has new work.
	Wake()
	// Cancel says that a message was cancelled.
	Cancel(push.ID)
	// IsAlive says whether it sends.
	IsAlive() bool
}

// Options are what a handler needs.
type Options struct {
	// Store has the sites: pages of their origins may make the public calls, and so may
	// pages of the server's own.
	Store      push.Store
	Dispatcher Dispatcher
	Services   *webpush.Services
	// WebhookHosts are those of the operator's own network that webhooks may call; nil:
	// none.
	WebhookHosts *webhook.Hosts
	// PublicURL is the server's address as browsers see it; nil: what the
	// request says.
	PublicURL *url.URL
	// Files are the client's, with their brotli forms; nil: none are served.
	Files fs.FS
	Log   *slog.Logger
	// Metrics are served, and told of requests; nil: ones that know no more than that.
	Metrics *metrics.Metrics
	// Ending is closed when the server is about to end, so that a proxy has time to
	// leave it; nil: it never is.
	Ending <-chan struct{}
	// NoDemo leaves the demo site out, and NoCheck the page that checks a browser.
	NoDemo, NoCheck bool
	// PublicRate bounds the public calls of each client.
	PublicRate PublicRate
	// TrustedProxies are those whose word counts of where a request comes from.
	TrustedProxies []netip.Prefix
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

type api struct {
	Options
	// away keeps what fails as a whole from filling the log.
	away rate.Sometimes
	used used
	// sites has which there are.
	sites *directory
	// vapidKeys are remembered of each site: every visit of a browser asks for them.
	vapidKeys sync.Map
	// profiling is held while a profile is taken.
	profiling sync.Mutex
	// limiter is nil where there is no limit; refused is for the log.
	limiter *limiter[netip.Prefix]
	refused rate.Sometimes
	// mistakes is likewise nil; held is as long as answers may be held at once.
	mistakes *limiter[netip.Prefix]
	held     chan struct{}
	tests    tests
}

// New returns the handler of the whole server.
func New(options Options) (http.Handler, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.WebhookHosts == nil {
		options.WebhookHosts = new(webhook.Hosts)
	}
	if options.Metrics == nil {
		options.Metrics = metrics.New(metrics.Options{})
	}
	limiter, err := newLimiter[netip.Prefix](options.PublicRate)
	if err != nil {
		return nil, err
	}
	mistakes, err := newLimiter[netip.Prefix](mistakesRate)
	if err != nil {
		return nil, err
	}
	if limiter == nil {
		mistakes = nil
	}
	tests, err := newTests()
	if err != nil {
		return nil, err
	}
	a := &api{
		Options: options, sites: newDirectory(options.Store, options.Now), away: rate.Sometimes{First: 1, Interval: logAwayEvery},
		limiter: limiter, mistakes: mistakes, held: make(chan struct{}, maxHeld), refused: rate.Sometimes{First: 1, Interval: logRefusedEvery},
		tests: tests,
	}
	files, err := clientFiles(options.Files)
	if err != nil {
		return nil, err
	}

	return a.protect(a.filesFirst(files, a.router(files))), nil
}

const pathFile = "/{file}"

// filesFirst answers for the client's files, which most requests are for, by a look at
// their names: the router takes longer than the answer.
func (a *api) filesFirst(files map[string]*file, router http.Handler) http.Handler {
	served := make(map[string]http.Handler, len(files))
	for name, f := range files {
		served["/"+name] = a.measureAs(func(*http.Request) string { return pathFile }, f)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := served[r.URL.Path]; h != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			h.ServeHTTP(w, r)
			return
		}
		router.ServeHTTP(w, r)
	})
}

// router knows all paths.
func (a *api) router(files map[string]*file) *mux.Router {
	router := mux.NewRouter()
	router.UseEncodedPath()
	router.Use(a.measure)
	router.NotFoundHandler = a.measure(a.handle(func(http.ResponseWriter, *http.Request) error { return errNothingHere }))
	router.MethodNotAllowedHandler = a.measure(a.handle(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed(router, r))
		return &push.Error{Code: wire.MethodNotAllowed, Detail: "This path has no such method."}
	}))

	// Of the client's files the router knows the methods alone, for what is refused:
	// filesFirst answers the others.
	router.MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
		return files[strings.TrimPrefix(r.URL.Path, "/")] != nil
	}).Path(pathFile).Handler(http.NotFoundHandler()).Methods(http.MethodGet, http.MethodHead)

	public := func(path, method string, h siteHandler) {
		router.Handle(path, a.cors(a.handle(a.public(h)))).Methods(method)
	}
	public(wire.PathConfig, http.MethodGet, a.limited(a.config))
	public(wire.PathSubscriptions, http.MethodPost, a.limited(a.subscribe))
	public(wire.PathSubscriptionsCheck, http.MethodPost, a.limited(a.check))
	public(wire.PathSubscriptionsRemove, http.MethodPost, a.limited(a.remove))
	public(wire.PathSubscriptionsClosings, http.MethodPost, a.limited(a.closings))
	public(wire.PathSubscriptionsTest, http.MethodPost, a.limited(a.sendTest))
	public(wire.PathSubscriptions, http.MethodDelete, a.limited(a.remove))
	public(wire.PathEvents, http.MethodPost, a.events)

	keyed := func(path, method string, h siteHandler, oneOf ...push.Scope) {
		router.Handle(path, a.cors(a.handle(a.withKey(h, oneOf...)))).Methods(method)
	}
	keyed(wire.PathSubscriptions, http.MethodGet, a.listSubscriptions, push.ScopeRead)
	keyed(wire.PathSubscriptionsLosses, http.MethodGet, a.losses, push.ScopeRead)
	keyed(wire.PathSubscriptionsImport, http.MethodPost, a.importSubscriptions, push.ScopeAdmin)
	keyed(wire.PathSubscriptions+"/{id}", http.MethodDelete, a.endSubscription, push.ScopeAdmin)
	keyed(wire.PathUsers+"/{id}", http.MethodGet, a.getUser, push.ScopeRead)
	keyed(wire.PathUsers+"/{id}", http.MethodPut, a.setUser, push.ScopeSend)
	keyed(wire.PathUsers+"/{id}"+wire.PathClose, http.MethodPost, a.closeTags, push.ScopeSend)
	keyed(wire.PathUsers+"/{id}", http.MethodDelete, a.forgetUser, push.ScopeAdmin)
	keyed(wire.PathWebhooks, http.MethodPost, a.createWebhook, push.ScopeAdmin)
	keyed(wire.PathWebhooks, http.MethodGet, a.listWebhooks, push.ScopeAdmin)
	keyed(wire.PathWebhooks+"/{id}", http.MethodDelete, a.deleteWebhook, push.ScopeAdmin)
	keyed(wire.PathWebhooks+"/{id}"+wire.PathFailures, http.MethodGet, a.listWebhookFailures, push.ScopeAdmin)
	keyed(wire.PathWebhooks+"/{id}"+wire.PathRotate, http.MethodPost, a.rotateWebhook, push.ScopeAdmin)
	keyed(wire.PathWebhooks+"/{id}"+wire.PathEnable, http.MethodPost, a.enableWebhook, push.ScopeAdmin)
	keyed(wire.PathMessages, http.MethodPost, a.sendMessage, push.ScopeSend)
	keyed(wire.PathMessages, http.MethodGet, a.listMessages, push.ScopeRead)
	keyed(wire.PathMessages+"/{id}", http.MethodGet, a.getMessage, push.ScopeSend, push.ScopeRead)
	keyed(wire.PathMessages+"/{id}"+wire.PathCancel, http.MethodPost, a.cancelMessage, push.ScopeSend)
	keyed(wire.PathMessages+"/{id}"+wire.PathDeliveries, http.MethodGet, a.listDeliveries, push.ScopeRead)

	// Not by Methods: any other method would be answered 405 where there is
	// nothing.
	router.MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
		return r.Method == http.MethodOptions && strings.HasPrefix(r.URL.Path, "/v1/")
	}).Handler(a.cors(a.handle(a.preflight)))
	read := func(path string, h http.HandlerFunc) {
		router.HandleFunc(path, h).Methods(http.MethodGet, http.MethodHead)
	}
	read(pathHealth, health)
	router.Handle(PathReady, a.handle(a.ready)).Methods(http.MethodGet, http.MethodHead)
	tool := func(path string, h siteHandler, scope push.Scope) {
		router.Handle(path, a.handle(a.withKey(h, scope))).Methods(http.MethodGet)
	}
	tool(pathMetrics, a.scrape, push.ScopeRead)
	tool(pathProfiles+"{profile}", a.ofOperator(a.profile), push.ScopeAdmin)
	read(pathOpenAPI, a.openapi)
	read(pathDocs, a.docs)
	read(pathDocsStyle, docsStyle)
	if !a.NoCheck {
		read(strings.TrimSuffix(checkPath, "/"), http.RedirectHandler(checkPath, http.StatusSeeOther).ServeHTTP)
		router.PathPrefix(checkPath).Handler(checkPage())
	}
	start := pathDocs
	if !a.NoDemo {
		start = demoPath
		router.PathPrefix(demoPath).Handler(a.demo())
		router.Handle(strings.TrimSuffix(demoPath, "/"), http.RedirectHandler(demoPath, http.StatusSeeOther))
	}
	router.Handle(pathDocs+"/", http.RedirectHandler(pathDocs, http.StatusSeeOther))
	router.Handle("/", http.RedirectHandler(start, http.StatusSeeOther))
	return router
}

var errNothingHere = &push.Error{Code: wire.NotFound, Detail: "There is nothing at this path."}

// allowed is the Allow header for a path that has not the method of r
// (RFC 9110 section 15.5.6).
func allowed(router *mux.Router, r *http.Request) string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		var match mux.RouteMatch
		if router.Match(other, &match) && match.MatchErr == nil {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

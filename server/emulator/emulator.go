// Package emulator is a push service on this machine: browsers connect to it
// as they do to their vendor's, and application servers post to the endpoints
// that it issued. It checks what the real services check, needs no internet
// and no account, and keeps its state in memory.
//
// A stock Firefox speaks Mozilla's push protocol with it (see
// [FirefoxPreferences]), a stock Chromium Google's (see
// [Emulator.ChromiumFlags]). What a sender meets is RFC 8030, and the answers are
// those of Mozilla's autopush and of Google's FCM, or of whichever vendor's
// service it is told to play: see [Rules], and the package webpush/vendors for
// where each was seen.
package emulator

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// DefaultAddr is where the emulator listens unless told otherwise: loopback
// only, since whoever reaches it can read and shape the deliveries.
const DefaultAddr = "127.0.0.1:8090"

const (
	defaultLogSize   = 1000
	defaultQueueSize = 1000
	// maxSubscriptions bounds the memory that a page registering in a loop can take.
	maxSubscriptions = 10_000
	// maxEnded is how many ended subscriptions are remembered to be answered 410;
	// older ones become unknown (404), as with the real service after a time.
	maxEnded = 10_000
)

// Options configure an [Emulator]; the zero value works.
type Options struct {
	// PublicURL is the http or https URL of the emulator as browsers and
	// application servers see it, without a path; endpoints begin with it. Empty:
	// what the browser's own request says, which then must be a loopback address.
	PublicURL string
	// MCSAddr is the HOST:PORT of the listener given to [Emulator.ServeMCS], as
	// browsers see it; empty: there is none, and no Chromium can use the emulator.
	MCSAddr string
	// As is as whose service senders are answered: google, mozilla, apple or
	// microsoft; empty: as that of the browser.
	As string
	// LogSize is how many pushes the log keeps; 0 means 1000.
	LogSize int
	// QueueSize is how many messages may wait for one browser; the oldest is
	// dropped for one more. 0 means 1000.
	QueueSize int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Emulator is a push service. It is an [http.Handler] that serves Firefox's
// websockets at /, Chromium's check-in and registration at /checkin and
// /c2dm/register3, the push resources of RFC 8030 at /wpush/ and /fcm/send/ and a
// control API at /api/, with a page on it at /. Its methods may be called concurrently.
type Emulator struct {
	origin    string // of PublicURL, or empty
	host      string // of PublicURL, or empty
	mcsAddr   string // or empty
	identity  identity
	queueSize int
	now       func() time.Time
	router    http.Handler
	done      chan struct{}

	mu       sync.Mutex
	closed   bool
	online   bool
	cameBack chan struct{}            // closed when online becomes true
	browsers map[string]*browser      // by uaid
	byToken  map[string]*subscription // by the last part of the endpoint
	active   int
	ended    []*subscription // oldest first
	log      pushLog
	faults   []Fault
	as       *vendors.Vendor // nil: by browser
}

// New makes an Emulator. The error is about Options.
func New(o Options) (*Emulator, error) {
	e := &Emulator{
		mcsAddr:   o.MCSAddr,
		queueSize: o.QueueSize,
		now:       o.Now,
		done:      make(chan struct{}),
		online:    true,
		cameBack:  make(chan struct{}),
		browsers:  map[string]*browser{},
		byToken:   map[string]*subscription{},
	}
	var err error
	if e.as, err = parsePersonality(o.As); err != nil {
		return nil, fmt.Errorf("the emulator's personality: %w", err)
	}
	if o.PublicURL != "" {
		u, err := url.Parse(o.PublicURL)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the emulator's public URL: %w", err)
		case u.Scheme != "http" && u.Scheme != "https", u.Host == "", strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "", u.User != nil:
			return nil, errors.New("the emulator's public URL must be an http or https URL without a path, for example http://127.0.0.1:8090")
		}
		e.origin, e.host = u.Scheme+"://"+u.Host, u.Host
	}
	if o.LogSize < 0 || o.QueueSize < 0 {
		return nil, errors.New("the emulator's log and queue sizes must not be negative")
	}
	if e.queueSize == 0 {
		e.queueSize = defaultQueueSize
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.identity, err = newIdentity(e.now()); err != nil {
		return nil, fmt.Errorf("the emulator's certificate: %w", err)
	}
	e.log = newPushLog(o.LogSize)
	e.router = e.routes()
	return e, nil
}

// ServeHTTP serves browsers, application servers and the control API.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.router.ServeHTTP(w, r)
}

// Close cuts all browsers and ends waiting requests of the control API.
// Browsers that connect later are refused.
func (e *Emulator) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	close(e.done)
	e.cutBrowsers("the emulator is shutting down")
	return nil
}

func (e *Emulator) routes() http.Handler {
	r := mux.NewRouter()
	r.HandleFunc(mozillaPath+"{version}/{token}", e.push).Methods(http.MethodPost)
	r.HandleFunc(googlePath+"{token}", e.pushGoogle).Methods(http.MethodPost)
	r.Handle("/checkin", e.guard(http.HandlerFunc(e.checkin))).Methods(http.MethodPost)
	r.Handle("/c2dm/register3", e.guard(http.HandlerFunc(e.register3))).Methods(http.MethodPost)
	api := r.PathPrefix("/api").Subrouter()
	api.Use(e.guard)
	api.HandleFunc("/pushes", e.listPushes).Methods(http.MethodGet)
	api.HandleFunc("/subscriptions", e.listSubscriptions).Methods(http.MethodGet)
	api.HandleFunc("/subscriptions/{id}", e.deleteSubscription).Methods(http.MethodDelete)
	api.HandleFunc("/subscriptions/{id}/keys", e.setKeys).Methods(http.MethodPut)
	api.HandleFunc("/browser", e.browserState).Methods(http.MethodGet)
	api.HandleFunc("/browser", e.setBrowserState).Methods(http.MethodPost)
	api.HandleFunc("/faults", e.listFaults).Methods(http.MethodGet)
	api.HandleFunc("/faults", e.setFaults).Methods(http.MethodPost)
	api.HandleFunc("/faults", e.clearFaults).Methods(http.MethodDelete)
	api.HandleFunc("/personality", e.getPersonality).Methods(http.MethodGet)
	api.HandleFunc("/personality", e.setPersonality).Methods(http.MethodPost)
	api.HandleFunc("/state", e.getState).Methods(http.MethodGet)
	api.HandleFunc("/rules", e.listRules).Methods(http.MethodGet)
	api.HandleFunc("/deliver", e.deliver).Methods(http.MethodPost)
	r.Handle("/page/{name}", e.guard(http.HandlerFunc(pageFile))).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/", e.root).Methods(http.MethodGet, http.MethodHead)
	return r
}

// root is what Firefox connects to, and the page for a person who looks. A link
// on a page of another origin may lead to it, since it holds no data.
func (e *Emulator) root(w http.ResponseWriter, r *http.Request) {
	var next http.Handler = http.HandlerFunc(e.servePage)
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		next = http.HandlerFunc(e.serveWebsocket)
	} else if r.Header.Get("Sec-Fetch-Dest") == "document" && e.isOwnHost(r.Host) {
		e.servePage(w, r)
		return
	}
	e.guard(next).ServeHTTP(w, r)
}

// guard keeps web pages away from what only the developer at this machine may
// use. A page of another origin is told by Origin or Sec-Fetch-Site; one whose
// name was rebound to this address (DNS rebinding) is told by Host.
func (e *Emulator) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.isOwnHost(r.Host) {
			foreignHost(w, r)
			return
		}
		origin, err := url.Parse(r.Header.Get("Origin"))
		site := r.Header.Get("Sec-Fetch-Site")
		foreign := r.Header.Get("Origin") != "" && (err != nil || !strings.EqualFold(origin.Host, r.Host))
		if foreign || site == "cross-site" || site == "same-site" {
			problem(w, http.StatusForbidden, "foreign-origin", "Web pages of other origins may not use the emulator's API.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (e *Emulator) isOwnHost(host string) bool {
	return isLoopback(host) || e.host != "" && strings.EqualFold(host, e.host)
}

func foreignHost(w http.ResponseWriter, r *http.Request) {
	problem(w, http.StatusForbidden, "foreign-host", fmt.Sprintf("The emulator answers to loopback addresses and its public URL only, not to the host %q.", r.Host))
}

// originOf is where the emulator is for the one who made r.
func (e *Emulator) originOf(r *http.Request) string {
	switch {
	case e.origin != "":
		return e.origin
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func websocketURL(origin string) string {
	return "ws" + strings.TrimPrefix(origin, "http") + "/"
}

func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// newToken makes 256 bits that nobody can guess, as base64url.
func newToken() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

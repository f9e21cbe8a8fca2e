// Package pushtest is a push service for tests and measurements, in the test's own
// process: over TLS with HTTP/2, on this machine alone. It has the keys of the
// subscriptions that it gives out, so that it verifies what real push services
// verify (RFC 8030, RFC 8292) and reads what only a browser can (RFC 8291). It
// fails as it is told, and gives out as many subscriptions as a test asks for.
//
// It shares no code with package webpush: what that one gets wrong is seen here.
package pushtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// DefaultName is the host of endpoints unless told otherwise.
const DefaultName = "push.example.com"

// Options configure a [Service]; the zero value works.
type Options struct {
	// Name is the host of the endpoints; empty: DefaultName. A sender is led from
	// it to the service by [Service.Rule].
	Name string
	// DecryptEvery is of how many messages one is decrypted; 0 and 1: each. The
	// others' Text is nil.
	DecryptEvery int
	// Latency is how long an answer takes, give or take a quarter.
	Latency time.Duration
	// Streams is SETTINGS_MAX_CONCURRENT_STREAMS; 0: 1000.
	Streams int
	// Handle is called for each push that is accepted, from many goroutines.
	Handle func(Push)
}

// A Push is a message that was accepted.
type Push struct {
	// Subscription counts from 0; see [Service.Subscription].
	Subscription int
	// TTL is in seconds, Urgency and Topic are as sent.
	TTL            int
	Urgency, Topic string
	// Text is what a browser would hand to its worker.
	Text []byte
	// AnswerLost says that a fault breaks off the stream, so that the sender never
	// knows.
	AnswerLost bool
}

// Counts are how many requests ended how.
type Counts struct {
	// Accepted were answered 201; Decrypted are those of them that were read.
	Accepted, Decrypted int64
	// Refused broke a rule, which is the sender's fault; Failed met a fault; Gone
	// were for a subscription that has ended.
	Refused, Failed, Gone int64
}

// A Service is a push service. It is safe for concurrent use.
type Service struct {
	options     Options
	listener    net.Listener
	server      *http.Server
	certificate certificate
	browsers    []browser
	tokens      sync.Map // by Authorization header and origin: an error or nil

	accepted, decrypted, refused, failed, gone atomic.Int64

	mu           sync.Mutex
	key          string
	ended        map[int]bool
	faults       []Fault
	firstRefusal error
	conns        map[net.Conn]bool
}

// Start starts a service. Close it after use.
func Start(o Options) (*Service, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.Streams == 0 {
		o.Streams = 1000
	}
	s := &Service{options: o, ended: make(map[int]bool), conns: make(map[net.Conn]bool)}
	var err error
	if s.browsers, err = makeBrowsers(); err != nil {
		return nil, err
	}
	if s.certificate, err = makeCertificate(o.Name); err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathPrefix+"{token}", s.push)
	s.server = &http.Server{
		Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{s.certificate.pair}}, ConnState: s.noteConn,
	}
	if err := http2.ConfigureServer(s.server, &http2.Server{MaxConcurrentStreams: uint32(o.Streams)}); err != nil {
		return nil, errors.Join(err, s.listener.Close())
	}
	go s.server.ServeTLS(s.listener, "", "")
	return s, nil
}

// Close ends the service and all connections.
func (s *Service) Close() { s.server.Close() }

// Cut cuts all connections: what is under way gets no answer.
func (s *Service) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
	}
}

func (s *Service) noteConn(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.conns[conn] = true
	case http.StateHijacked, http.StateClosed:
		delete(s.conns, conn)
	}
}

// Address is where it listens: host and port.
func (s *Service) Address() string { return s.listener.Addr().String() }

// Rule leads a sender from the endpoints to the service: for
// webpush.ParseServices and --push-services.
func (s *Service) Rule() string { return s.options.Name + "=https://" + s.Address() }

// TLS is a configuration that trusts the service's certificate.
func (s *Service) TLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.certificate.pem)
	return &tls.Config{RootCAs: roots}
}

// WriteCertificate writes the service's certificate as PEM, for programs that trust
// what SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names.
func (s *Service) WriteCertificate(path string) error {
	return os.WriteFile(path, s.certificate.pem, 0o600)
}

// RequireKey restricts the subscriptions to an application server key (RFC 8292
// section 4.2), 65 bytes in unpadded base64url; empty: anyone may send who signs.
func (s *Service) RequireKey(applicationServerKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = applicationServerKey
}

// End ends a subscription: senders get 410.
func (s *Service) End(subscription int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[subscription] = true
}

// Counts are those since the start.
func (s *Service) Counts() Counts {
	return Counts{s.accepted.Load(), s.decrypted.Load(), s.refused.Load(), s.failed.Load(), s.gone.Load()}
}

// Err is the first mistake of a sender's that was refused; nil: there was none.
func (s *Service) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.firstRefusal
}

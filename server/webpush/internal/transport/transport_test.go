package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// both runs a test on both transports.
func both(t *testing.T, test func(t *testing.T, newTransport func(Config) Transport)) {
	t.Run("net-http", func(t *testing.T) {
		test(t, func(c Config) Transport { return NewNetHTTP(c) })
	})
	t.Run("http2", func(t *testing.T) {
		test(t, func(c Config) Transport { return NewHTTP2(c, NewNetHTTP(c)) })
	})
}

// A service is a push service of Go's own server.
type service struct {
	*httptest.Server
	config Config
	origin Origin

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// serve starts a push service: over "h2", "http/1.1" or plain "http".
func serve(t testing.TB, protocol string, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{Server: httptest.NewUnstartedServer(h), conns: map[net.Conn]bool{}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ConnState = func(nc net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if state == http.StateNew {
			s.conns[nc] = true
		}
	}
	s.origin = Origin{Scheme: "https", Authority: "example.com", Address: s.Listener.Addr().String(), Local: true}
	switch protocol {
	case "h2":
		s.EnableHTTP2 = true
		s.StartTLS()
	case "http/1.1":
		s.StartTLS()
	case "http":
		s.Start()
		s.origin.Scheme = "http"
	}
	t.Cleanup(s.Close)
	s.config.Dial = func(ctx context.Context, to Origin) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", to.Address)
	}
	if s.TLS != nil {
		s.config.TLS = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	}
	return s
}

// connections is how many have been made.
func (s *service) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// An outcome is what done was called with.
type outcome struct {
	Response
	err error
}

// post posts, waits for all outcomes and returns them in order.
func post(t testing.TB, tr Transport, ctx context.Context, to Origin, requests ...Request) []outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	outcomes := make([]outcome, len(requests))
	called := make([]bool, len(requests))
	var mu sync.Mutex
	var all sync.WaitGroup
	all.Add(len(requests))
	tr.Post(ctx, to, requests, func(i int, r Response, err error) {
		mu.Lock()
		defer mu.Unlock()
		if called[i] {
			t.Errorf("done was called again for request %d", i)
			return
		}
		called[i] = true
		outcomes[i] = outcome{r, err}
		all.Done()
	})
	all.Wait()
	return outcomes
}

func TestPost(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		for protocol, major := range map[string]int{"h2": 2, "http/1.1": 1, "http": 1} {
			t.Run(protocol, func(t *testing.T) {
				s := serve(t, protocol, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if r.Method != "POST" || r.ProtoMajor != major || r.Host != "example.com" || r.Header.Get("User-Agent") != userAgent ||
						r.Header.Get("TTL") != "60" || r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 {
						t.Errorf("got %s %s to %s with %v and %d bytes", r.Method, r.Proto, r.Host, r.Header, r.ContentLength)
					}
					w.Header().Set("Location", "https://example.com/message"+r.RequestURI)
					w.Header().Set("X-Other", "x")
					w.WriteHeader(http.StatusCreated)
					w.Write(body)
				})
				tr := newTransport(s.config)
				defer tr.Close()
				var requests []Request
				for i := range 120 {
					requests = append(requests, Request{
						Path:   fmt.Sprintf("/push/%d?a=b%%2Fc", i),
						Fields: []Field{{"ttl", "60"}, {"authorization", "vapid"}},
						Body:   bytes.Repeat([]byte{byte(i)}, i*20),
					})
				}
				for i, o := range post(t, tr, t.Context(), s.origin, requests...) {
					if o.err != nil || o.Status != 201 || o.Get("location") != "https://example.com/message"+requests[i].Path || !bytes.Equal(o.Body, requests[i].Body) {
						t.Fatalf("request %d: got %d, %v, %d bytes, %v", i, o.Status, o.Fields, len(o.Body), o.err)
					}
					for _, f := range o.Fields {
						if !Kept[f.Name] {
							t.Errorf("kept %s", f.Name)
						}
					}
				}
			})
		}
	})
}

func TestRedirectsAreAnswers(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		s := serve(t, "h2", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusPermanentRedirect)
		})
		tr := newTransport(s.config)
		defer tr.Close()
		if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; o.err != nil || o.Status != 308 || o.Get("location") != "/elsewhere" {
			t.Errorf("got %+v", o)
		}
	})
}

func TestLargeBodiesAreCutAndTheConnectionSurvives(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		for _, protocol := range []string{"h2", "http/1.1"} {
			for _, size := range []int{MaxAnswer, MaxAnswer + 1, 60 << 10, 10 << 20} {
				t.Run(fmt.Sprint(protocol, size), func(t *testing.T) {
					s := serve(t, protocol, func(w http.ResponseWriter, r *http.Request) {
						w.WriteHeader(http.StatusBadRequest)
						w.Write(make([]byte, size))
					})
					tr := newTransport(s.config)
					defer tr.Close()
					for range 3 {
						if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; o.err != nil || o.Status != 400 || len(o.Body) != MaxAnswer {
							t.Fatalf("got %d, %d bytes, %v", o.Status, len(o.Body), o.err)
						}
					}
					want := 1
					if _, lean := tr.(*HTTP2); lean && protocol == "http/1.1" {
						want++ // the one that found that out
					}
					if n := s.connections(); n > want && (size < 64<<10 || protocol == "h2") {
						t.Errorf("%d connections", n)
					}
				})
			}
		}
	})
}

func TestGiantHeadersAreRefused(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		for _, size := range []int{64 << 10, 900 << 10} {
			s := serve(t, "h2", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Padding", strings.Repeat("x", size))
			})
			tr := newTransport(s.config)
			defer tr.Close()
			if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; o.err == nil || errors.Is(o.err, ErrNotProcessed) {
				t.Errorf("got %d, %v", o.Status, o.err)
			}
		}
	})
}

func TestTheEndOfAContextEndsItsRequests(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		for _, protocol := range []string{"h2", "http/1.1"} {
			arrived := make(chan bool, 2)
			s := serve(t, protocol, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if r.URL.Path == "/slow-body" {
					w.WriteHeader(http.StatusGone)
					w.Write([]byte("gon"))
					http.NewResponseController(w).Flush()
				}
				arrived <- true
				<-r.Context().Done()
			})
			tr := newTransport(s.config)
			defer tr.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			cause := errors.New("enough of this")
			go func() {
				<-arrived
				<-arrived
				cancel(cause)
			}()
			o := post(t, tr, ctx, s.origin, Request{Path: "/silent"}, Request{Path: "/slow-body"})
			if !errors.Is(o[0].err, cause) || errors.Is(o[0].err, ErrNotProcessed) {
				t.Errorf("silent: got %d, %v", o[0].Status, o[0].err)
			}
			if slow := o[1]; slow.err == nil && (slow.Status != 410 || string(slow.Body) != "gon") || slow.err != nil && !errors.Is(slow.err, cause) {
				t.Errorf("slow body: got %d, %q, %v", slow.Status, slow.Body, slow.err)
			}
			if o := post(t, tr, ctx, s.origin, Request{Path: "/"})[0]; !errors.Is(o.err, cause) || !errors.Is(o.err, ErrNotProcessed) {
				t.Errorf("after its end: got %v", o.err)
			}
		}
	})
}

func TestAFailedDialFailsAllThatWait(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		refused := errors.New("nobody there")
		var mu sync.Mutex
		dials := 0
		tr := newTransport(Config{Dial: func(ctx context.Context, _ Origin) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dials++
			return nil, refused
		}})
		defer tr.Close()
		to := Origin{Scheme: "https", Authority: "example.com", Address: "192.0.2.1:443", Local: true}
		for _, o := range post(t, tr, t.Context(), to, requestsTo("/secret-path", 40)...) {
			if !errors.Is(o.err, refused) || !errors.Is(o.err, ErrNotProcessed) || strings.Contains(o.err.Error(), "secret") {
				t.Fatalf("got %v", o.err)
			}
		}
		if _, lean := tr.(*HTTP2); lean && dials > 1 {
			t.Errorf("%d dials", dials)
		}
	})
}

func TestTheCertificateMustBeTheAuthoritys(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		s := serve(t, "h2", func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
		s.origin.Authority = "other.example.net"
		tr := newTransport(s.config)
		defer tr.Close()
		var invalid *tls.CertificateVerificationError
		if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; !errors.As(o.err, &invalid) || !errors.Is(o.err, ErrNotProcessed) {
			t.Errorf("got %v", o.err)
		}
	})
}

func TestInvalidRequestsAreNotSent(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		s := serve(t, "h2", func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
		tr := newTransport(s.config)
		defer tr.Close()
		for _, r := range []Request{
			{Path: ""}, {Path: "secret"}, {Path: "/secret path"}, {Path: "/secret\r\n"}, {Path: "/secret\x7f"}, {Path: "/secret#x"}, {Path: "*"},
			{Path: "/", Fields: []Field{{"TTL", "secret"}}}, {Path: "/", Fields: []Field{{":path", "secret"}}}, {Path: "/", Fields: []Field{{"", "secret"}}},
			{Path: "/", Fields: []Field{{"connection", "secret"}}}, {Path: "/", Fields: []Field{{"ttl", "secret\n"}}}, {Path: "/", Fields: []Field{{"ttl\x00", "secret"}}},
		} {
			if o := post(t, tr, t.Context(), s.origin, r)[0]; !errors.Is(o.err, ErrNotProcessed) || strings.Contains(o.err.Error(), "secret") {
				t.Errorf("%q: got %v", r, o.err)
			}
		}
	})
}

func TestCloseEndsRequests(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		arrived := make(chan bool)
		s := serve(t, "h2", func(w http.ResponseWriter, r *http.Request) {
			arrived <- true
			<-r.Context().Done()
		})
		tr := newTransport(s.config)
		go func() {
			<-arrived
			tr.Close()
			tr.Close()
		}()
		if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; o.err == nil || errors.Is(o.err, ErrNotProcessed) {
			t.Errorf("got %d, %v", o.Status, o.err)
		}
		if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; !errors.Is(o.err, ErrNotProcessed) {
			t.Errorf("afterwards: got %d, %v", o.Status, o.err)
		}
	})
}

func TestFewConnectionsEachKeptFull(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		var mu sync.Mutex
		here, all := 0, make(chan bool)
		s := serve(t, "h2", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				return
			}
			mu.Lock()
			here++
			if here == 100 {
				close(all)
			}
			mu.Unlock()
			<-all
		})
		tr := newTransport(s.config)
		defer tr.Close()
		post(t, tr, t.Context(), s.origin, Request{Path: "/first"})
		for i, o := range post(t, tr, t.Context(), s.origin, requestsTo("/x", 100)...) {
			if o.err != nil {
				t.Fatal(i, o.err)
			}
		}
		if n := s.connections(); n != 1 {
			t.Errorf("%d connections for 100 requests at once", n)
		}
	})
}

func requestsTo(path string, n int) []Request {
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = Request{Path: path, Body: make([]byte, 100)}
	}
	return requests
}

package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A proxy is one for CONNECT, which dials one address whatever it is asked for.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newProxy(t *testing.T, leadsTo string) *proxy {
	p := new(proxy)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host)
		p.mu.Unlock()
		there, err := net.Dial("tcp", leadsTo)
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		defer there.Close()
		fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(there, buffered)
			there.Close()
		}()
		io.Copy(here, there)
	}))
	t.Cleanup(p.Close)
	return p
}

func TestTheProxyOfTheEnvironment(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		s := serve(t, "h2", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusCreated) })
		p := newProxy(t, s.origin.Address)
		t.Setenv("HTTPS_PROXY", p.URL)
		t.Setenv("NO_PROXY", "direct.example.com")
		dialled := 0
		dial := s.config.Dial
		s.config.Dial = func(ctx context.Context, to Origin) (net.Conn, error) {
			dialled++
			return dial(ctx, to)
		}
		tr := newTransport(s.config)
		defer tr.Close()
		s.origin.Local = false
		for i, o := range post(t, tr, t.Context(), s.origin, requestsTo("/", 20)...) {
			if o.err != nil || o.Status != 201 {
				t.Fatalf("request %d: got %d, %v", i, o.Status, o.err)
			}
		}
		p.mu.Lock()
		asked := p.asked
		p.mu.Unlock()
		if dialled > 0 || len(asked) == 0 || asked[0] != "CONNECT example.com:443" {
			t.Errorf("the proxy was asked for %q, and %d connections were direct", asked, dialled)
		}
		s.origin.Local = true
		if o := post(t, tr, t.Context(), s.origin, Request{Path: "/"})[0]; o.Status != 201 || dialled != 1 {
			t.Errorf("local: got %d, %v after %d dials", o.Status, o.err, dialled)
		}
	})
}

func TestAProxyThatIsNotThere(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		t.Setenv("HTTPS_PROXY", "http://"+freeAddress(t))
		tr := newTransport(Config{Dial: func(context.Context, Origin) (net.Conn, error) {
			return nil, errors.New("it went around the proxy")
		}})
		defer tr.Close()
		o := post(t, tr, t.Context(), Origin{Scheme: "https", Authority: "push.example.com", Address: "push.example.com:443"}, secret)[0]
		if !errors.Is(o.err, ErrNotProcessed) || strings.Contains(o.err.Error(), "around") {
			t.Errorf("got %v", o.err)
		}
	})
}

// Many names may lead to one push service of this machine.
func TestPlainConnectionsAreKeptByAddress(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		s := serve(t, "http", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
		tr := newTransport(s.config)
		defer tr.Close()
		for _, authority := range []string{"a.example.com", "b.example.com", "c.example.com:8090"} {
			s.origin.Authority = authority
			if o := post(t, tr, t.Context(), s.origin, secret)[0]; o.err != nil || string(o.Body) != authority {
				t.Errorf("got %q, %v", o.Body, o.err)
			}
		}
		if n := s.connections(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestWhatIsNoHTTP(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		defer all.Wait()
		defer l.Close()
		dir, roots := certificate(t)
		pair, err := tls.LoadX509KeyPair(dir+"/certificate.pem", dir+"/key.pem")
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() {
					defer nc.Close()
					nc := tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{pair}})
					line, _ := bufio.NewReader(nc).ReadString('\n')
					fmt.Fprintf(nc, "I do not understand %s\r\n\r\n", line)
				})
			}
		})
		tr := newTransport(Config{Dial: dialAddress, TLS: &tls.Config{RootCAs: roots}})
		defer tr.Close()
		to := Origin{Scheme: "https", Authority: "push.example.com", Address: l.Addr().String(), Local: true}
		if o := post(t, tr, t.Context(), to, secret)[0]; o.err == nil || errors.Is(o.err, ErrNotProcessed) || strings.Contains(o.err.Error(), "secret") {
			t.Errorf("got %d, %v", o.Status, o.err)
		}
	})
}

// The operator may lead one name to two places.
func TestOriginsOfOneAuthorityAreKeptApart(t *testing.T) {
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		answer := func(status int) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		}
		a, b := serve(t, "h2", answer(201)), serve(t, "h2", answer(202))
		a.config.TLS.RootCAs.AddCert(b.Certificate())
		tr := newTransport(a.config)
		defer tr.Close()
		for range 2 {
			if o := post(t, tr, t.Context(), a.origin, secret)[0]; o.Status != 201 {
				t.Errorf("a: got %d, %v", o.Status, o.err)
			}
			if o := post(t, tr, t.Context(), b.origin, secret)[0]; o.Status != 202 {
				t.Errorf("b: got %d, %v", o.Status, o.err)
			}
		}
	})
}

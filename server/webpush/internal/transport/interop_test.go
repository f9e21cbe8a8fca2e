package transport

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The other implementations are Debian's (packages nginx-light and
// nghttp2-proxy). nginx ends a connection after each 50 requests, so that
// several connections' GOAWAYs come in the midst of others' requests.
const nginxConfig = `
daemon off;
master_process off;
pid DIR/pid;
error_log stderr error;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	scgi_temp_path DIR/scgi;
	uwsgi_temp_path DIR/uwsgi;
	ssl_certificate DIR/certificate.pem;
	ssl_certificate_key DIR/key.pem;
	limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;
	limit_req_status 429;
	server {
		listen H2 ssl http2;
		listen H1 ssl;
		http2_max_concurrent_streams 10;
		keepalive_requests 50;
		client_max_body_size 4k;
		location / { add_header Location https://push.example.com/m$request_uri always; return 201 created; }
		location /gone/ { return 410 '{"errno":106}'; }
		location /limited/ { limit_req zone=one; root DIR; }
		location /slow/ { proxy_pass http://BACKEND; }
	}
}
`

func TestNginx(t *testing.T) {
	nginx := find(t, "nginx", "nginx-light")
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		dir, roots := certificate(t)
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			w.Write(body)
		}))
		defer backend.Close()
		h2, h1 := freeAddress(t), freeAddress(t)
		config := strings.NewReplacer("DIR", dir, "H2", h2, "H1", h1, "BACKEND", backend.Listener.Addr().String()).Replace(nginxConfig)
		os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600)
		start(t, h2, nginx, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
		for _, address := range []string{h2, h1} {
			tr := newTransport(Config{Dial: dialAddress, TLS: &tls.Config{RootCAs: roots}})
			defer tr.Close()
			to := Origin{Scheme: "https", Authority: "push.example.com", Address: address, Local: true}
			for path, want := range map[string]outcome{
				"/":      {Response: Response{Status: 201, Body: []byte("created")}},
				"/gone/": {Response: Response{Status: 410, Body: []byte(`{"errno":106}`)}},
			} {
				for i, o := range postAgain(t, tr, to, requestsTo(path, 200)...) {
					if o.err != nil || o.Status != want.Status || !bytes.Equal(o.Body, want.Body) || want.Status == 201 && o.Get("location") != "https://push.example.com/m/" {
						t.Fatalf("request %d to %s: got %d, %q, %v", i, path, o.Status, o.Body, o.err)
					}
				}
			}
			var requests []Request
			for i := range 100 {
				requests = append(requests, Request{Path: "/slow/", Body: bytes.Repeat([]byte("x"), i*40)})
			}
			for i, o := range postAgain(t, tr, to, requests...) {
				if o.err != nil || o.Status != 202 || len(o.Body) != i*40 {
					t.Fatalf("request %d: got %d, %d bytes, %v", i, o.Status, len(o.Body), o.err)
				}
			}
			if o := post(t, tr, t.Context(), to, Request{Path: "/", Body: make([]byte, 100<<10)})[0]; o.err != nil || o.Status != 413 {
				t.Errorf("a large body: got %d, %v", o.Status, o.err)
			}
			limited := post(t, tr, t.Context(), to, requestsTo("/limited/", 5)...)
			if !slices.ContainsFunc(limited, func(o outcome) bool { return o.Status == 429 }) {
				t.Errorf("too many: got %v", limited)
			}
		}
	})
}

func TestNghttpx(t *testing.T) {
	nghttpx := find(t, "nghttpx", "nghttp2-proxy")
	both(t, func(t *testing.T, newTransport func(Config) Transport) {
		dir, roots := certificate(t)
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Location", r.RequestURI)
			w.WriteHeader(http.StatusCreated)
			w.Write(body)
		}))
		defer backend.Close()
		address := freeAddress(t)
		// net/http may open a stream over the limit right after it has acknowledged
		// it, which nghttp2 answers with the connection's end.
		streams := "100"
		if strings.HasSuffix(t.Name(), "http2") {
			streams = "20"
		}
		comma := func(address string) string { return strings.Replace(address, ":", ",", 1) }
		start(t, address, nghttpx, "--conf=/dev/null", "--no-ocsp", "--single-thread", "--accesslog-file=/dev/null", "--errorlog-file=/dev/stderr", "--log-level=ERROR",
			"--frontend="+comma(address), "--backend="+comma(backend.Listener.Addr().String()),
			"--frontend-http2-max-concurrent-streams="+streams, "--frontend-http2-window-size=1000", "--frontend-http2-decoder-dynamic-table-size=200",
			filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem"))
		tr := newTransport(Config{Dial: dialAddress, TLS: &tls.Config{RootCAs: roots}})
		defer tr.Close()
		to := Origin{Scheme: "https", Authority: "push.example.com", Address: address, Local: true}
		var requests []Request
		for i := range 300 {
			requests = append(requests, Request{
				Path: fmt.Sprintf("/push/%d?x=%%2F", i), Body: bytes.Repeat([]byte{byte(i)}, i*20),
				Fields: []Field{{"authorization", strings.Repeat("v", 300)}, {"ttl", "60"}},
			})
		}
		for i, o := range post(t, tr, t.Context(), to, requests...) {
			if o.err != nil || o.Status != 201 || o.Get("location") != requests[i].Path || !bytes.Equal(o.Body, requests[i].Body) {
				t.Fatalf("request %d: got %d, %d bytes, %v", i, o.Status, len(o.Body), o.err)
			}
		}
	})
}

// postAgain posts, and once more what was not processed: two connections in a
// row may have ended before it.
func postAgain(t *testing.T, tr Transport, to Origin, requests ...Request) []outcome {
	t.Helper()
	outcomes := post(t, tr, t.Context(), to, requests...)
	for i, o := range outcomes {
		if errors.Is(o.err, ErrNotProcessed) {
			outcomes[i] = post(t, tr, t.Context(), to, requests[i])[0]
		}
	}
	return outcomes
}

// find returns a program's path, or skips.
func find(t *testing.T, program, debian string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + program)
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed (Debian: %s)", program, debian)
		}
		t.Skipf("%s is not installed (Debian: %s)", program, debian)
	}
	return path
}

// start runs a server until the test ends.
func start(t *testing.T, address, program string, arguments ...string) {
	t.Helper()
	var said bytes.Buffer
	c := exec.Command(program, arguments...)
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", program, said.String())
		}
	})
	deadline := time.After(20 * time.Second)
	for {
		if nc, err := net.Dial("tcp", address); err == nil {
			nc.Close()
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%s does not listen", program)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func dialAddress(ctx context.Context, to Origin) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", to.Address)
}

// certificate makes one for push.example.com, as certificate.pem and key.pem in
// a folder.
func certificate(t *testing.T) (dir string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"push.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, block := range map[string]*pem.Block{
		"certificate.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem":         {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return dir, roots
}

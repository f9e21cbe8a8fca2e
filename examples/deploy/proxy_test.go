package deploy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/examples/internal/running"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	publicURL = "https://push.example.com"
	site      = "https://www.example.com"
)

// proxies start one of our configurations before nodes, and return a client that
// is led to it.
var proxies = map[string]func(t *testing.T, nodes ...string) *http.Client{"nginx": nginx, "Caddy": caddy}

// nginxMain is what Debian's nginx.conf has around conf.d.
const nginxMain = `
daemon off;
master_process off;
pid DIR/pid;
error_log stderr error;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	scgi_temp_path DIR/scgi;
	uwsgi_temp_path DIR/uwsgi;
	include DIR/pushkit.conf;
}
`

func nginx(t *testing.T, nodes ...string) *http.Client {
	program, folder := find(t, "nginx"), t.TempDir()
	plain, encrypted := running.FreeAddress(t), running.FreeAddress(t)
	roots := certify(t, folder)
	config := regexp.MustCompile(`(?m)^\tlisten \[::\].*$`).ReplaceAllString(read(t, "nginx.conf"), "")
	config = strings.NewReplacer(
		"listen 80;", "listen "+plain+";", "listen 443 ", "listen "+encrypted+" ",
		"/etc/letsencrypt/live/push.example.com", folder,
		"server 127.0.0.1:8080;", "server "+strings.Join(nodes, "; server ")+";",
	).Replace(config)
	write(t, filepath.Join(folder, "pushkit.conf"), config)
	write(t, filepath.Join(folder, "main.conf"), strings.ReplaceAll(nginxMain, "DIR", folder))
	running.Start(t, exec.Command(program, "-p", folder, "-c", filepath.Join(folder, "main.conf")))
	return clientOf(t, plain, encrypted, func() *x509.CertPool { return roots })
}

// certify writes a certificate for push.example.com.
func certify(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "fullchain.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, filepath.Join(folder, "privkey.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
}

// caddyMain makes Caddy its own authority, which no machine is told to trust.
const caddyMain = `{
	admin off
	local_certs
	skip_install_trust
	default_bind 127.0.0.1
	http_port HTTP
	https_port TLS
}
import FILE
`

func caddy(t *testing.T, nodes ...string) *http.Client {
	program, folder := find(t, "caddy"), t.TempDir()
	plain, encrypted := running.FreeAddress(t), running.FreeAddress(t)
	file, err := filepath.Abs("Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "Caddyfile"), strings.NewReplacer("HTTP", port(plain), "TLS", port(encrypted), "FILE", file).Replace(caddyMain))
	c := exec.Command(program, "run", "--adapter", "caddyfile", "--config", filepath.Join(folder, "Caddyfile"))
	c.Env = running.Environment("PUSH_NODES="+strings.Join(nodes, " "), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	running.Start(t, c)
	return clientOf(t, plain, encrypted, func() *x509.CertPool {
		roots := x509.NewCertPool()
		if root, err := os.ReadFile(filepath.Join(folder, "caddy/pki/authorities/local/root.crt")); err == nil {
			roots.AppendCertsFromPEM(root)
		}
		return roots
	})
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// clientOf is a client to whom a proxy's addresses are push.example.com, once the
// proxy answers.
func clientOf(t *testing.T, plain, encrypted string, roots func() *x509.CertPool) *http.Client {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		client := &http.Client{
			Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots()}, ForceAttemptHTTP2: true, DisableCompression: true,
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					to := encrypted
					if port(address) == "80" {
						to = plain
					}
					return new(net.Dialer).DialContext(ctx, network, to)
				},
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		response, err := client.Get(publicURL + "/healthz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("the first answer is %s", response.Status)
			}
			t.Cleanup(client.CloseIdleConnections)
			return client
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// An answer is one that was read.
type answer struct {
	*http.Response
	body string
}

// ask makes a request; headers are names and values in turn.
func ask(t *testing.T, client *http.Client, method, url, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, string(read)}
}

func TestTheWholePathGoesThroughTheProxy(t *testing.T) {
	for name, proxy := range proxies {
		t.Run(name, func(t *testing.T) {
			server := running.Serve(t, "--public-url", publicURL, "--allowed-origins", site, "--no-demo=false")
			// A node that is away costs nobody an answer.
			client := proxy(t, running.FreeAddress(t), server.Address)

			file := ask(t, client, "GET", publicURL+"/"+wire.FileLoader, "", "Origin", site, "Accept-Encoding", "gzip, br")
			if file.StatusCode != 200 || file.ProtoMajor != 2 || file.Header.Get("Content-Encoding") != "br" ||
				file.Header.Get("Access-Control-Allow-Origin") != "*" || file.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
				t.Errorf("the loader: %d %s %v", file.StatusCode, file.Proto, file.Header)
			}
			if again := ask(t, client, "GET", publicURL+"/"+wire.FileLoader, "", "Accept-Encoding", "gzip, br", "If-None-Match", file.Header.Get("ETag")); again.StatusCode != 304 {
				t.Errorf("the loader again: %d", again.StatusCode)
			}
			if demo := ask(t, client, "GET", publicURL+"/demo/app.js", ""); !strings.Contains(demo.body, `"`+publicURL+"/"+wire.FileLoader+`"`) {
				t.Errorf("the demo's script: %d %s", demo.StatusCode, demo.body)
			}
			if config := ask(t, client, "GET", publicURL+wire.PathConfig, "", "Origin", site); config.StatusCode != 200 || config.Header.Get("Access-Control-Allow-Origin") != site {
				t.Errorf("the configuration: %d %v", config.StatusCode, config.Header)
			}
			if plain := ask(t, client, "GET", "http://push.example.com/x?y", ""); plain.StatusCode != 308 || plain.Header.Get("Location") != publicURL+"/x?y" {
				t.Errorf("plain HTTP: %d %v", plain.StatusCode, plain.Header)
			}

			server.Subscribe(t, client, publicURL, site, 1)
			if foreign := ask(t, client, "POST", publicURL+wire.PathSubscriptions, "{}", "Origin", "https://evil.example"); foreign.StatusCode != 403 {
				t.Errorf("another site: %d %s", foreign.StatusCode, foreign.body)
			}
			send := []string{"Authorization", "Bearer " + running.Key, "Content-Type", "application/json"}
			message := ask(t, client, "POST", publicURL+wire.PathMessages, `{"audience": {"all": true}, "notification": {"title": "Goal!"}}`, send...)
			if message.StatusCode != 202 {
				t.Fatalf("the message: %d %s", message.StatusCode, message.body)
			}
			if p := <-server.Pushes; !bytes.Contains(p.Text, []byte("Goal!")) {
				t.Errorf("the push: %s", p.Text)
			}
			// The limit is pushkit's, not the proxy's.
			large := ask(t, client, "POST", publicURL+wire.PathMessages, strings.Repeat(" ", 2<<20), send...)
			if large.StatusCode != 413 || !strings.Contains(large.body, string(wire.BodyTooLarge)) {
				t.Errorf("a large message: %d %s", large.StatusCode, large.body)
			}
		})
	}
}

func TestTheProxyTellsWhoAsksAndBelievesNobody(t *testing.T) {
	for name, proxy := range proxies {
		t.Run(name, func(t *testing.T) {
			node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Host", r.Host)
				r.Header.Write(w)
			}))
			defer node.Close()
			client := proxy(t, node.Listener.Addr().String())
			got := ask(t, client, "GET", publicURL, "", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "evil.example").body
			for _, want := range []string{"Host: push.example.com", "X-Forwarded-Host: push.example.com", "X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1"} {
				if !strings.Contains("\n"+got, "\n"+want+"\r\n") {
					t.Errorf("%s is missing:\n%s", want, got)
				}
			}
		})
	}
}

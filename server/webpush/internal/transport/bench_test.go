package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchmarkServer names the variable that makes the test binary a push service,
// so that a benchmark counts the client's work alone.
const benchmarkServer = "PUSHKIT_TRANSPORT_BENCHMARK_SERVER"

// serveBenchmark serves until its input ends; it says where, and with which
// certificate.
func serveBenchmark() {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "https://example.com/m/"+r.URL.Path[len(r.URL.Path)-4:])
		w.WriteHeader(http.StatusCreated)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	fmt.Println(s.Listener.Addr(), base64.StdEncoding.EncodeToString(s.Certificate().Raw))
	io.Copy(io.Discard, os.Stdin)
}

// benchmarkConfig starts the server in a process of its own.
func benchmarkConfig(b *testing.B) (Config, Origin) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), benchmarkServer+"=1")
	input, _ := c.StdinPipe()
	output, _ := c.StdoutPipe()
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		input.Close()
		c.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	address, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
	der, _ := base64.StdEncoding.DecodeString(encoded)
	certificate, parseErr := x509.ParseCertificate(der)
	if err != nil || parseErr != nil {
		b.Fatal(line, err, parseErr)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return Config{
		TLS: &tls.Config{RootCAs: roots},
		Dial: func(ctx context.Context, to Origin) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", to.Address)
		},
	}, Origin{Scheme: "https", Authority: "example.com", Address: address, Local: true}
}

// cpu is the time that this process has used of all processors.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPost has 100 requests of a kilobyte under way, posted in batches.
func BenchmarkPost(b *testing.B) {
	config, origin := benchmarkConfig(b)
	for _, transport := range []struct {
		name string
		make func(Config) Transport
	}{
		{"net-http", func(c Config) Transport { return NewNetHTTP(c) }},
		{"http2", func(c Config) Transport { return NewHTTP2(c, NewNetHTTP(c)) }},
	} {
		for _, size := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/%d", transport.name, size), func(b *testing.B) {
				tr := transport.make(config)
				defer tr.Close()
				benchmarkPost(b, tr, origin, size)
			})
		}
	}
}

func benchmarkPost(b *testing.B, tr Transport, to Origin, size int) {
	body := bytes.Repeat([]byte("x"), 1000)
	fields := []Field{
		{"ttl", "86400"}, {"urgency", "normal"}, {"content-encoding", "aes128gcm"}, {"content-type", "application/octet-stream"},
		{"authorization", "vapid t=" + strings.Repeat("t", 250) + ", k=" + strings.Repeat("k", 87)},
	}
	paths := make([]string, 1024)
	for i := range paths {
		paths[i] = fmt.Sprintf("/wpush/v2/%x%0180d", i, i)
	}
	if o := post(b, tr, b.Context(), to, Request{Path: "/warm"})[0]; o.err != nil {
		b.Fatal(o.err)
	}
	const underWay = 100
	slots := make(chan struct{}, underWay)
	for range underWay {
		slots <- struct{}{}
	}
	done := func(_ int, r Response, err error) {
		if err != nil || r.Status != 201 {
			b.Error(r.Status, err)
		}
		slots <- struct{}{}
	}
	b.ReportAllocs()
	before := cpu()
	b.ResetTimer()
	for n := 0; n < b.N; n += size {
		requests := make([]Request, size)
		for i := range requests {
			<-slots
			requests[i] = Request{Path: paths[(n+i)%len(paths)], Fields: fields, Body: body}
		}
		tr.Post(b.Context(), to, requests, done)
	}
	for range underWay {
		<-slots
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

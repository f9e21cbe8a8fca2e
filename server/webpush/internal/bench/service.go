package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// serviceName is the push service's for senders that are told where it is; the
// others know it as localhost.
const serviceName = "push.example.com"

// decryptEvery is of how many messages one is decrypted.
const decryptEvery = 64

// A service is a push service over TLS and HTTP/2: it looks at every header,
// verifies every VAPID token once, and decrypts a part of the messages.
type service struct {
	browser    browser
	latency    time.Duration
	tokens     sync.Map // by Authorization header: an error or nil
	served     atomic.Int64
	decrypted  atomic.Int64
	refused    atomic.Int64
	firstError atomic.Value
}

// A browser holds the keys of all subscriptions.
type browser struct {
	private *ecdh.PrivateKey
	auth    []byte
}

// What tells senders where the service is, and later what it saw.
type serviceInfo struct {
	Address string `json:"address"`
	P256dh  string `json:"p256dh"`
	Auth    string `json:"auth"`
}

type serviceStats struct {
	Served     int64  `json:"served"`
	Decrypted  int64  `json:"decrypted"`
	Refused    int64  `json:"refused"`
	FirstError string `json:"firstError,omitempty"`
}

// serve runs a service until its standard input ends; the certificate goes into
// folder.
func serve(folder string, latency time.Duration) error {
	certificate, err := makeCertificate(filepath.Join(folder, caFile))
	if err != nil {
		return err
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	s := &service{browser: browser{private, make([]byte, 16)}, latency: latency}
	rand.Read(s.browser.auth)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"},
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /fcm/send/{token}", s.push)
	mux.HandleFunc("GET /stats", s.stats)
	server := &http.Server{Handler: mux, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 1000}}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		server.Close()
	}()
	json.NewEncoder(os.Stdout).Encode(serviceInfo{
		Address: listener.Addr().String(),
		P256dh:  base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()),
		Auth:    base64.RawURLEncoding.EncodeToString(s.browser.auth),
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *service) push(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4097))
	if err == nil {
		err = s.check(r, body)
	}
	if s.latency > 0 {
		time.Sleep(s.latency*3/4 + mathrand.N(s.latency/2))
	}
	if err != nil {
		s.refused.Add(1)
		s.firstError.CompareAndSwap(nil, err.Error())
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Location", "https://"+r.Host+"/m/"+r.PathValue("token")[:22])
	w.WriteHeader(http.StatusCreated)
}

func (s *service) check(r *http.Request, body []byte) error {
	if len(body) > 4096 || len(body) < 104 || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" {
		return errors.New("the request is none of RFC 8030 and RFC 8291")
	}
	authorization := r.Header.Get("Authorization")
	known, ok := s.tokens.Load(authorization)
	if !ok {
		known = verify(authorization, "https://"+r.Host)
		s.tokens.Store(authorization, known)
	}
	if err, bad := known.(error); bad {
		return err
	}
	if s.served.Add(1)%decryptEvery == 0 {
		s.decrypted.Add(1)
		return s.browser.decrypt(body)
	}
	return nil
}

var vapidHeader = regexp.MustCompile(`^vapid t=([\w.-]+), ?k=([\w-]+)$`)

// verify holds an Authorization header against RFC 8292. It gives an error or
// true.
func verify(header, origin string) any {
	parts := vapidHeader.FindStringSubmatch(header)
	if parts == nil {
		return fmt.Errorf("the Authorization header is %q", header)
	}
	point, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	if _, err := jwt.Parse(parts[1], func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithAudience(origin)); err != nil {
		return err
	}
	return true
}

// decrypt reads a message as a browser does (RFC 8291 section 4).
func (b browser) decrypt(body []byte) error {
	salt, public, ciphertext := body[:16], body[21:86], body[86:]
	sender, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return err
	}
	shared, err := b.private.ECDH(sender)
	if err != nil {
		return err
	}
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.private.PublicKey().Bytes())+string(public), 32)
	if err != nil {
		return err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	_, err = gcm.Open(nil, nonce, ciphertext, nil)
	return err
}

func (s *service) stats(w http.ResponseWriter, _ *http.Request) {
	stats := serviceStats{Served: s.served.Load(), Decrypted: s.decrypted.Load(), Refused: s.refused.Load()}
	stats.FirstError, _ = s.firstError.Load().(string)
	json.NewEncoder(w).Encode(stats)
}

// makeCertificate makes one that signs itself, and writes it for senders to
// trust.
func makeCertificate(path string) (tls.Certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pushkit bench"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{serviceName, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, os.WriteFile(path, text, 0o600)
}

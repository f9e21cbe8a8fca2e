package emulator

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// route is the HOST:PORT to which a sender sends requests for Google's hosts;
// the Host header stays the endpoint's.
type route string

func (to route) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", string(to)
	}
	return http.DefaultClient.Do(r)
}

// testDevice is a Chromium's profile: what it keeps when it is not connected.
type testDevice struct {
	s         *testService
	id, token uint64
	channel   uint64
	received  []string // persistent ids that were not acknowledged
}

// testMCS speaks MCS as Chromium does.
type testMCS struct {
	t        *testing.T
	s        *testService
	device   *testDevice
	conn     *tls.Conn
	in       *bufio.Reader
	received int
}

// dataMessage is a DataMessageStanza.
type dataMessage struct {
	id, from, category string
	data               map[string]string
	last               uint64
	ttl                uint64
	raw                []byte
	immediate          bool
}

// checkIn does what Chromium does first, on a channel of its own.
func checkIn(t *testing.T, s *testService, channel uint64) *testDevice {
	t.Helper()
	d := &testDevice{s: s, channel: channel}
	d.checkIn(t)
	if d.id == 0 || d.token == 0 || int64(d.id) < 0 {
		t.Fatalf("the check-in gave %d:%d", d.id, d.token)
	}
	return d
}

func (d *testDevice) checkIn(t *testing.T) {
	t.Helper()
	var build, checkin, request protoMessage
	build.number(1, 3)
	build.text(2, "156.0.8078.79")
	build.number(3, d.channel)
	checkin.number(12, 3)
	checkin.bytes(13, build)
	request.number(2, d.id)
	request.text(3, "1-da39a3ee5e6b4b0d3255bfef95601890afd80709")
	request.bytes(4, checkin)
	request.fixed64(13, d.token)
	request.number(14, 3)
	response, err := http.Post(d.s.URL+"/checkin", "application/x-protobuf", strings.NewReader(string(request)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the check-in was answered %d, %v: %s", response.StatusCode, err, body)
	}
	fine := false
	if err := eachField(body, func(f protoField) {
		switch f.number {
		case 1:
			fine = f.value == 1
		case 7:
			d.id = f.value
		case 8:
			d.token = f.value
		}
	}); err != nil || !fine {
		t.Fatalf("the check-in's answer is %x, %v", body, err)
	}
}

// form posts to register3 and returns the answer.
func (d *testDevice) form(t *testing.T, fields map[string]string) string {
	t.Helper()
	form := url.Values{"app": {"org.chromium.linux"}, "device": {strconv.FormatUint(d.id, 10)}, "gmsv": {"156"}}
	for name, value := range fields {
		form.Set(name, value)
	}
	r, err := http.NewRequestWithContext(testContext(t), http.MethodPost, d.s.URL+"/c2dm/register3", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", fmt.Sprintf("AidLogin %d:%d", d.id, d.token))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// register subscribes with an application server key.
func (d *testDevice) register(t *testing.T, key string) testSubscription {
	t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := testSubscription{
		channelID: "wp:http://localhost:8080/#" + uuid.NewString() + "-V2", private: private, auth: make([]byte, 16),
		route: route(d.s.Listener.Addr().String()),
	}
	rand.Read(s.auth)
	answer := d.form(t, map[string]string{
		"X-subtype": s.channelID, "sender": key, "scope": "GCM", "X-scope": "GCM", "appid": "fztsayUhz6k",
	})
	token, ok := strings.CutPrefix(answer, "token=")
	if !ok {
		t.Fatalf("the registration was answered %q", answer)
	}
	s.endpoint = "https://" + stagingHost + googlePath + token
	if d.channel == channelStable {
		s.endpoint = "https://" + stableHost + googlePath + token
	}
	return s
}

func (d *testDevice) unregister(t *testing.T, s testSubscription) {
	t.Helper()
	if answer := d.form(t, map[string]string{
		"X-subtype": s.channelID, "delete": "true", "sender": "*", "scope": "*", "X-scope": "*", "appid": "fztsayUhz6k",
	}); answer != "token=fztsayUhz6k" {
		t.Fatalf("the end of the registration was answered %q", answer)
	}
}

func dialMCS(t *testing.T, s *testService) *testMCS {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true,
		// What --ignore-certificate-errors-spki-list has Chromium check instead.
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			certificate, err := x509.ParseCertificate(raw[0])
			if err != nil {
				return err
			}
			hash := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
			var state BrowserState
			s.api("GET", "/api/browser", "", 200, &state)
			want := "--ignore-certificate-errors-spki-list=" + base64.StdEncoding.EncodeToString(hash[:])
			if state.Chromium[3] != want {
				return errors.New("the certificate is not the one that Chromium is told of")
			}
			return nil
		},
	}}
	conn, err := dialer.DialContext(testContext(t), "tcp", s.emulator.mcsAddr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return &testMCS{t: t, s: s, conn: conn.(*tls.Conn), in: bufio.NewReader(conn)}
}

// connect logs in.
func (d *testDevice) connect(t *testing.T) *testMCS {
	t.Helper()
	c := dialMCS(t, d.s)
	c.device = d
	c.write(append([]byte{mcsVersion}, appendMCSFrame(nil, mcsLoginRequest, d.login())...))
	f := c.readLogin()
	id, last := "", uint64(0)
	if err := eachField(f.body, func(field protoField) {
		switch field.number {
		case 1:
			id = string(field.bytes)
		case 3:
			t.Fatalf("the login was refused: %q", field.bytes)
		case 6:
			last = field.value
		}
	}); err != nil || id != "chrome-156.0.8078.79" || last != 1 {
		t.Fatalf("the login was answered %x", f.body)
	}
	d.received = nil
	return c
}

func (d *testDevice) login() protoMessage {
	var m, setting protoMessage
	m.text(1, "chrome-156.0.8078.79")
	m.text(2, "mcs.android.com")
	m.text(3, strconv.FormatUint(d.id, 10))
	m.text(4, strconv.FormatUint(d.id, 10))
	m.text(5, strconv.FormatUint(d.token, 10))
	m.text(6, "android-"+strconv.FormatUint(d.id, 16))
	setting.text(1, "new_vc")
	setting.text(2, "1")
	m.bytes(8, setting)
	for _, id := range d.received {
		m.text(10, id)
	}
	m.number(14, 1)
	m.number(16, 2)
	return m
}

// readLogin reads the version and the LoginResponse.
func (c *testMCS) readLogin() mcsFrame {
	c.t.Helper()
	version, err := c.in.ReadByte()
	if err != nil || version != mcsVersion {
		c.t.Fatalf("version %d, %v", version, err)
	}
	f := c.read()
	if f.tag != mcsLoginResponse {
		c.t.Fatalf("the login was answered with tag %d", f.tag)
	}
	return f
}

func (c *testMCS) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *testMCS) read() mcsFrame {
	c.t.Helper()
	f, err := readMCSFrame(c.in)
	if err != nil {
		c.t.Fatal(err)
	}
	c.received++
	return f
}

// receive reads a data message for s and decrypts it. It is not acknowledged.
func (c *testMCS) receive(s testSubscription) (message dataMessage, text string) {
	c.t.Helper()
	f := c.read()
	if f.tag != mcsDataMessage {
		c.t.Fatalf("a data message was to come, and tag %d came", f.tag)
	}
	m := dataMessage{data: map[string]string{}}
	err := eachField(f.body, func(field protoField) {
		switch field.number {
		case 3:
			m.from = string(field.bytes)
		case 5:
			m.category = string(field.bytes)
		case 7:
			var key, value string
			eachField(field.bytes, func(f protoField) {
				if f.number == 1 {
					key = string(f.bytes)
				} else {
					value = string(f.bytes)
				}
			})
			m.data[key] = value
		case 9:
			m.id = string(field.bytes)
		case 11:
			m.last = field.value
		case 17:
			m.ttl = field.value
		case 21:
			m.raw = field.bytes
		case 24:
			m.immediate = field.value == 1
		}
	})
	if err != nil || m.category != "org.chromium.linux" || m.data["subtype"] != s.channelID || m.id == "" || !m.immediate {
		c.t.Fatalf("%+v came, %v", m, err)
	}
	c.device.received = append(c.device.received, m.id)
	if m.raw == nil {
		return m, ""
	}
	if m.data["content-encoding"] != "aes128gcm" {
		c.t.Fatalf("%+v came", m)
	}
	text, err = s.decrypt(m.raw)
	if err != nil {
		c.t.Fatal(err)
	}
	return m, text
}

// wants expects exactly these texts, in this order, and nothing after.
func (c *testMCS) wants(s testSubscription, texts ...string) {
	c.t.Helper()
	for _, want := range texts {
		if _, text := c.receive(s); text != want {
			c.t.Fatalf("%q was to come, and %q came", want, text)
		}
	}
	c.quiet()
}

// quiet proves that the emulator has sent nothing before the answer to a ping,
// which acknowledges nothing.
func (c *testMCS) quiet() {
	c.t.Helper()
	c.write(appendMCSFrame(nil, mcsHeartbeatPing, nil))
	if f := c.read(); f.tag != mcsHeartbeatAck {
		c.t.Fatalf("nothing was to come, and tag %d came: %q", f.tag, f.body)
	}
}

// streamAck acknowledges all that has come, as Chromium does at once where it is
// asked to: with an IqStanza of extension 13.
func (c *testMCS) streamAck() {
	c.t.Helper()
	var extension, m protoMessage
	extension.number(1, 13)
	extension.text(2, "")
	m.number(2, 1)
	m.text(3, "")
	m.bytes(7, extension)
	m.number(10, uint64(c.received))
	c.write(appendMCSFrame(nil, mcsIqStanza, m))
	c.device.received = nil
}

// leave breaks the connection and waits until the emulator has noticed.
func (c *testMCS) leave() {
	c.t.Helper()
	c.conn.NetConn().Close()
	c.s.waitConnected(0)
}

// waitCut waits until the emulator has ended the connection.
func (c *testMCS) waitCut() {
	c.t.Helper()
	if f, err := readMCSFrame(c.in); err == nil || strings.Contains(err.Error(), "timeout") {
		c.t.Errorf("the connection lives on: %+v, %v", f, err)
	}
}

package webhook_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
	"github.com/pushkit/pushkit/server/wire"
)

// The URLs that somebody would give a webhook who wants this server to call another one.
func TestHostileURLsAreRefusedBeforeAnythingIsDialled(t *testing.T) {
	h := hosts(t, "backend.internal", "10.0.0.5:3000", "[fd00::1]", "localhost:9000")
	for text, code := range map[string]wire.Code{
		"": wire.InvalidField, "x": wire.InvalidField, "example.com/x": wire.InvalidField, "//example.com/x": wire.InvalidField, "https:example.com": wire.InvalidField,
		"https://": wire.InvalidField, "https:///x": wire.InvalidField, "https://example.com:/x": wire.InvalidField, "https://exa mple.com": wire.InvalidField,
		"https://example.com/\n": wire.InvalidField, "https://[::1": wire.InvalidField, "https://example.com/" + strings.Repeat("x", wire.MaxWebhookURL): wire.InvalidField,

		"ftp://example.com/x": wire.WebhookURLNotAllowed, "file:///etc/passwd": wire.InvalidField, "javascript:alert(1)": wire.InvalidField,
		"http://example.com/x": wire.WebhookURLNotAllowed, "http://example.com:443/x": wire.WebhookURLNotAllowed, "https://example.com:8443/x": wire.WebhookURLNotAllowed, "https://example.com:80/x": wire.WebhookURLNotAllowed,
		"https://user:secret@example.com/x": wire.WebhookURLNotAllowed, "https://@example.com/x": wire.WebhookURLNotAllowed, "https://example.com/#x": wire.WebhookURLNotAllowed,
		"https://localhost/x": wire.WebhookURLNotAllowed, "https://127.0.0.1/x": wire.WebhookURLNotAllowed, "https://2130706433/x": wire.WebhookURLNotAllowed,
		"https://0x7f.1/x": wire.WebhookURLNotAllowed, "https://[::1]/x": wire.WebhookURLNotAllowed, "https://17.188.1.1/x": wire.WebhookURLNotAllowed,
		"https://169.254.169.254/latest/meta-data": wire.WebhookURLNotAllowed, "https://example.com./x": wire.WebhookURLNotAllowed, "https://ex_ample.com/x": wire.WebhookURLNotAllowed,
		"https://ｅxample.com/x": wire.WebhookURLNotAllowed, "https://example。com/x": wire.WebhookURLNotAllowed, "https://-example.com/x": wire.WebhookURLNotAllowed,

		// Beside what is listed.
		"https://backend.internal:8443/x": wire.WebhookURLNotAllowed, "https://other.backend.internal:80/x": wire.WebhookURLNotAllowed, "http://10.0.0.5/x": wire.WebhookURLNotAllowed,
		"http://10.0.0.6:3000/x": wire.WebhookURLNotAllowed, "http://[fd00::2]/x": wire.WebhookURLNotAllowed, "http://localhost/x": wire.WebhookURLNotAllowed, "http://localhost.:9000/x": wire.WebhookURLNotAllowed,

		"https://example.com": "", "https://EXAMPLE.com:443/hooks?token=x": "", "https://hooks.example.co.uk/a/b": "",
		"http://backend.internal/x": "", "https://backend.internal/x": "", "http://10.0.0.5:3000/x": "", "https://10.0.0.5:3000/x": "", "http://[fd00::1]/x": "", "http://localhost:9000": "",
	} {
		_, err := h.CheckURL("url", text)
		var e *push.Error
		if code == "" {
			if err != nil {
				t.Errorf("%q is refused: %v", text, err)
			}
		} else if !errors.As(err, &e) || e.Code != code || e.Field != "url" || e.Detail == "" {
			t.Errorf("%q: got %v, want %s", text, err, code)
		}
	}
}

func TestParseHosts(t *testing.T) {
	for _, text := range []string{"", "http://backend", "backend/x", "*.internal", "backend:", "a b", "user@backend", "Backend", "backend:x", "[fd00::1"} {
		if _, err := webhook.ParseHosts([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// attempt sends one event to a URL.
func attempt(t *testing.T, h *webhook.Hosts, url string) push.WebhookResult {
	t.Helper()
	return attemptBy(t, webhook.NewSender(h, nil), url)
}

func attemptBy(t *testing.T, sender *webhook.Sender, url string) push.WebhookResult {
	t.Helper()
	event, err := push.NewWebhookEvent(push.TypeTest, time.Now(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	return sender.Send(t.Context(), &push.Webhook{URL: url}, event)
}

// A name may lead to the operator's own network, at once or later: the address is
// looked at when it is dialled.
func TestANameThatResolvesToAPrivateAddressIsNotCalled(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "168.63.129.16",
		"::1", "::ffff:127.0.0.1", "fd00:ec2::254", "fe80::1", "64:ff9b::10.0.0.1",
	} {
		sender := webhook.NewSenderAt(hosts(t, "backend.internal"), resolveTo(netip.MustParseAddr(address)))
		r := attemptBy(t, sender, "https://hooks.example.com/secret-path")
		if r.Status != 0 || !strings.Contains(r.Reason, ssrf.ErrProhibitedIP.Error()) || strings.Contains(r.Reason, "secret-path") {
			t.Errorf("%s: got %+v", address, r)
		}
	}
	// What is listed may be anywhere.
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := strings.Cut(hostOf(t, server.URL), ":")
	h := hosts(t, "backend.internal:"+port)
	if r := attemptBy(t, webhook.NewSenderAt(h, resolveTo(netip.MustParseAddr("127.0.0.1"))), "http://backend.internal:"+port); r.Status != http.StatusNotFound {
		t.Errorf("got %+v", r)
	}
}

// What was made while the operator allowed more is not called any more.
func TestAURLIsCheckedOnceMoreWhenItIsCalled(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is called") }))
	defer server.Close()
	if r := attempt(t, new(webhook.Hosts), server.URL); r.Status != 0 || !strings.Contains(r.Reason, "--webhook-hosts") {
		t.Errorf("got %+v", r)
	}
}

// resolveTo returns a resolver for which every name is at an address.
func resolveTo(address netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerNames(server, address)
		return client, nil
	}}
}

// answerNames speaks DNS over a stream, RFC 1035 section 4.2.2.
func answerNames(conn net.Conn, address netip.Addr) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var message dnsmessage.Message
		if err := message.Unpack(query); err != nil {
			return
		}
		question := message.Questions[0]
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET}
		message.Response, message.Additionals = true, nil
		switch {
		case address.Is4() && question.Type == dnsmessage.TypeA:
			message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address.As4()}}}
		case !address.Is4() && question.Type == dnsmessage.TypeAAAA:
			message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
		}
		answer, err := message.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect is followed") }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusPermanentRedirect))
	defer server.Close()
	h := hosts(t, hostOf(t, server.URL), hostOf(t, other.URL))
	if r := attempt(t, h, server.URL); r.Status != http.StatusPermanentRedirect || r.IsDelivered() {
		t.Errorf("got %+v", r)
	}
}

func hostOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// An answer without end is read to a limit, and what is kept of it is short and one
// line.
func TestAnswersAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte("no\r\nlevel=ERROR \x00\x1b[31mforged ü \xff ")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}))
	defer server.Close()
	r := attempt(t, hosts(t, hostOf(t, server.URL)), server.URL)
	if r.Status != 500 || len(r.Reason) < 100 || len(r.Reason) > 220 || strings.ContainsAny(r.Reason, "\r\n\x00\x1b") {
		t.Errorf("got %q", r.Reason)
	}
	header := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 1<<20))
	}))
	defer header.Close()
	if r := attempt(t, hosts(t, hostOf(t, header.URL)), header.URL); r.Status != 0 || r.Reason == "" {
		t.Errorf("got %+v", r)
	}
}

// Whatever a caller gives, a URL that is taken is one that can be called, of the
// internet by https or of what is listed.
func FuzzCheckURL(f *testing.F) {
	h, err := webhook.ParseHosts([]string{"backend.internal", "10.0.0.5:3000"})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"https://example.com/x", "http://backend.internal", "https://10.0.0.5:3000/?a#b", "https://user@example.com", "https://[::1%25eth0]/", "https://例え.jp", "http://a:1:2/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := h.CheckURL("url", text)
		if err != nil {
			return
		}
		listed := u.Host == "backend.internal" || u.Host == "backend.internal:443" || u.Host == "backend.internal:80" || u.Host == "10.0.0.5:3000"
		if !listed && (u.Scheme != "https" || u.Port() != "" && u.Port() != "443" || !strings.Contains(u.Hostname(), ".")) || u.User != nil {
			t.Errorf("%q is taken as %s", text, u)
		}
		if _, err := http.NewRequest("POST", u.String(), nil); err != nil {
			t.Errorf("%q cannot be called: %v", text, err)
		}
	})
}

func FuzzParseHosts(f *testing.F) {
	for _, text := range []string{"backend.internal", "10.0.0.5:3000", "[fd00::1]:80", "*.x", "a:b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := webhook.ParseHosts([]string{text})
		if err != nil {
			return
		}
		// What is listed can be called.
		if _, err := h.CheckURL("url", "https://"+text+"/x"); err != nil {
			t.Errorf("%q is listed, and refused: %v", text, err)
		}
	})
}

package api_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

// The calls that a stranger could make, and with which body they succeed.
var publicCalls = map[string]string{
	"GET /v1/config": "", "POST /v1/subscriptions": subscribeBody(someEndpoint, ""), "POST /v1/subscriptions/remove": `{"endpoint": "x"}`,
	"DELETE /v1/subscriptions": `{"endpoint": "x"}`, "POST /v1/events": "[]",
}

func TestOnlyTheSitesPagesMayMakeThePublicCalls(t *testing.T) {
	s := newServer(t)
	for call, body := range publicCalls {
		method, path, _ := strings.Cut(call, " ")
		for _, origin := range []string{siteOrigin, "http://" + ownHost, "https://" + ownHost, ""} {
			w := s.call(method, path, body, "Origin: "+origin)
			if w.Code >= 400 || w.Header().Get("Access-Control-Allow-Origin") != origin || w.Header().Get("Vary") != "Origin" {
				t.Errorf("%s from %q: %d with %v", call, origin, w.Code, w.Header())
			}
		}
		for _, origin := range []string{
			"https://evil.example", "null", "http://site.example", "https://site.example.evil.example", "https://evilsite.example",
			"https://site.example:8443", "https://" + ownHost + ":8443", "https://sub." + ownHost, "x", "https://", "%zz",
		} {
			w := s.call(method, path, body, "Origin: "+origin)
			wantProblem(t, w, 403, wire.OriginNotAllowed, "")
			// So that the page's developer can read which setting to change.
			if w.Header().Get("Access-Control-Allow-Origin") != origin || !strings.Contains(w.Body.String(), "--allowed-origins") {
				t.Errorf("%s: the page at %q cannot read why: %v %s", call, origin, w.Header(), w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
		}
	}
}

func TestPreflight(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/v1/config", "/v1/subscriptions", "/v1/subscriptions/check", "/v1/events", "/v1/messages"} {
		w := s.call("OPTIONS", path, "", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
		h := w.Header()
		if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != siteOrigin || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Content-Type") ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "DELETE") || h.Get("Access-Control-Max-Age") == "" {
			t.Errorf("%s: %d with %v", path, w.Code, h)
		}
		w = s.call("OPTIONS", path, "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
		if w.Code != 403 || w.Header().Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: a foreign page gets %d with %v", path, w.Code, w.Header())
		}
		if allowed := w.Header().Get("Access-Control-Allow-Origin"); (allowed != "") != (path == wire.PathConfig) {
			t.Errorf("%s: a foreign page is allowed as %q", path, allowed)
		}
	}
}

func TestEverythingElseNeedsAKey(t *testing.T) {
	s := newServer(t)
	for _, call := range []string{"GET /metrics", "GET /debug/pprof/heap", "GET /v1/subscriptions", "GET /v1/messages", "GET /v1/users/u1", "PUT /v1/users/u1", "DELETE /v1/users/u1", "POST /v1/messages", "GET /v1/messages/0199c0de-7a3b-7000-8000-0123456789ab", "POST /v1/messages/0199c0de-7a3b-7000-8000-0123456789ab/cancel"} {
		method, path, _ := strings.Cut(call, " ")
		for authorization, code := range map[string]wire.Code{
			"": wire.APIKeyMissing, "Bearer": wire.APIKeyMissing, "Bearer ": wire.APIKeyMissing, "Basic " + apiKey: wire.APIKeyMissing, apiKey: wire.APIKeyMissing,
			"Bearer " + apiKey + "x": wire.APIKeyInvalid, "Bearer 0123456789abcdeF": wire.APIKeyInvalid, "Bearer " + strings.Repeat("x", 10_000): wire.APIKeyInvalid,
		} {
			w := s.call(method, path, `{}`, "Authorization: "+authorization)
			wantProblem(t, w, 401, code, "")
			if w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s: the answer does not say how", call)
			}
		}
		if w := s.call(method, path, `{}`, "Authorization: bearer "+apiKey); w.Code == 401 {
			t.Errorf("%s: the scheme's case counts", call)
		}
	}
}

func TestClientFiles(t *testing.T) {
	s := newServer(t)
	for path, want := range map[string]struct{ kind, cache, text string }{
		"/pushkit.js":                {"text/javascript; charset=utf-8", "no-cache", "loader"},
		"/pushkit.classic.js":        {"text/javascript; charset=utf-8", "no-cache", "classic"},
		"/pushkit-sw.js":             {"text/javascript; charset=utf-8", "no-cache", "worker"},
		"/pushkit.9c8294343faa.wasm": {"application/wasm", "public, max-age=31536000, immutable", "\x00asm"},
		"/wasm_exec.630fa12cb16f.js": {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "go"},
	} {
		w := s.call("GET", path, "", "Origin: https://evil.example")
		h := w.Header()
		if w.Code != 200 || w.Body.String() != want.text || h.Get("Content-Type") != want.kind || h.Get("Cache-Control") != want.cache {
			t.Errorf("%s: %d %q with %v", path, w.Code, w.Body, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("ETag") == "" {
			t.Errorf("%s: %v", path, h)
		}
		again := s.call("GET", path, "", "If-None-Match: "+h.Get("ETag"))
		if again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("ETag") != h.Get("ETag") {
			t.Errorf("%s: the same again is %d", path, again.Code)
		}
		if head := s.call("HEAD", path, ""); head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("Content-Type") != want.kind {
			t.Errorf("%s: HEAD is %d %q", path, head.Code, head.Body)
		}
	}
	if s.call("GET", "/pushkit-sw.js", "").Header().Get("Service-Worker-Allowed") != "/" {
		t.Error("the worker may not have the whole site as its scope")
	}
}

// A file comes with its length, in whichever form, and a part of it where a part is
// asked for; what one answer is given is not in the next.
func TestClientFilesSayTheirLength(t *testing.T) {
	s := newServer(t)
	for path, text := range map[string]string{"/pushkit.js": "loader in brotli", "/pushkit-sw.js": "worker"} {
		for _, ask := range []struct {
			header, text string
			status       int
		}{{"", text, 200}, {"Range: bytes=2-4", text[2:5], 206}, {"", text, 200}, {"Range: bytes=99-", "", 416}, {`If-Match: "other"`, "", 412}, {"", text, 200}} {
			w := s.call("GET", path, "", "Accept-Encoding: br", ask.header)
			h := w.Header()
			if w.Code != ask.status || w.Code < 300 && (w.Body.String() != ask.text || h.Get("Content-Length") != strconv.Itoa(len(ask.text))) {
				t.Errorf("%s with %q: %d %q with %v", path, ask.header, w.Code, w.Body, h)
			}
			if isPart := h.Get("Content-Range") != ""; isPart != (ask.status == 206 || ask.status == 416) || w.Code < 300 && h.Get("Accept-Ranges") != "bytes" {
				t.Errorf("%s with %q: %v", path, ask.header, h)
			}
		}
		if h := s.call("HEAD", path, "", "Accept-Encoding: br").Header(); h.Get("Content-Length") != strconv.Itoa(len(text)) {
			t.Errorf("%s: HEAD says %v", path, h)
		}
	}
}

func TestBrotliIsForThoseWhoTakeIt(t *testing.T) {
	s := newServer(t)
	plain := s.call("GET", "/pushkit.js", "").Header().Get("ETag")
	for accept, brotli := range map[string]bool{
		"br": true, "gzip, deflate, br, zstd": true, "gzip;q=1.0, br;q=0.8": true, "BR": true,
		"": false, "gzip": false, "br;q=0": false, "br; q=0.0": false, "brotli": false, "xbr": false, "br;q=x": false,
	} {
		w := s.call("GET", "/pushkit.js", "", "Accept-Encoding: "+accept)
		got := w.Header().Get("Content-Encoding") == "br"
		if got != brotli || got != (w.Body.String() == "loader in brotli") || got == (w.Header().Get("ETag") == plain) || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %q with %v", accept, w.Body, w.Header())
		}
	}
	// There is no brotli form of this one.
	if w := s.call("GET", "/pushkit-sw.js", "", "Accept-Encoding: br"); w.Header().Get("Content-Encoding") != "" || w.Body.String() != "worker" {
		t.Errorf("got %q with %v", w.Body, w.Header())
	}
}

func TestTheDemoKnowsTheServer(t *testing.T) {
	s := newServer(t)
	for path, kind := range map[string]string{"/demo/": "text/html; charset=utf-8", "/demo/app.js": "text/javascript; charset=utf-8", "/demo/pushkit-sw.js": "text/javascript; charset=utf-8"} {
		w := s.call("GET", path, "")
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != kind || !strings.Contains(h.Get("Content-Security-Policy"), "script-src 'self' 'wasm-unsafe-eval'") || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d with %v", path, w.Code, h)
		}
		if strings.Contains(w.Body.String(), "https://push.example.com") {
			t.Errorf("%s: the placeholder is still there", path)
		}
	}
	if script := s.call("GET", "/demo/app.js", "").Body.String(); !strings.Contains(script, "http://"+ownHost) {
		t.Error("the demo does not know the server's address")
	}
	for _, path := range []string{"/demo/nothing", "/demo/%2e%2e/examples.go", "/demo//etc/passwd"} {
		if w := s.call("GET", path, ""); w.Code == 200 {
			t.Errorf("%s: %q", path, w.Body)
		}
	}
}

func TestTheDescriptionIsForEveryone(t *testing.T) {
	s := newServer(t)
	for path, want := range map[string]struct{ kind, text string }{
		"/openapi.json": {"application/json", `"url":"http://` + ownHost + `"`},
		"/docs":         {"text/html; charset=utf-8", "curl http://" + ownHost + "/v1/messages"},
		"/docs.css":     {"text/css; charset=utf-8", "color-scheme"},
	} {
		w := s.call("GET", path, "", "Origin: https://evil.example")
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != want.kind || !strings.Contains(w.Body.String(), want.text) || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %.200s with %v", path, w.Code, w.Body, h)
		}
		if again := s.call("GET", path, "", "If-None-Match: "+h.Get("ETag")); again.Code != 304 {
			t.Errorf("%s: the same again is %d", path, again.Code)
		}
		if head := s.call("HEAD", path, ""); head.Code != 200 || head.Body.Len() > 0 {
			t.Errorf("%s: HEAD is %d %.200s", path, head.Code, head.Body)
		}
	}
	if policy := s.call("GET", "/docs", "").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the page's policy is %q", policy)
	}
	if s.call("GET", "/openapi.json", "").Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("another viewer cannot read the description")
	}
}

// A request's Host is anybody's text: it ends in none of the description's forms
// unless it is a plain one.
func TestTheDescriptionShowsNoHostileHost(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/openapi.json", "/docs"} {
		for _, host := range []string{`a"><script>alert(1)</script>`, `a'$(id)`, "a;id", "a b.example"} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 || strings.Contains(w.Body.String(), host) || !strings.Contains(w.Body.String(), "https://push.example.com") {
				t.Errorf("%s of the host %s: %d, the host is shown: %v", path, host, w.Code, strings.Contains(w.Body.String(), host))
			}
		}
	}
}

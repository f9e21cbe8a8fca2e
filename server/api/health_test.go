package api_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// stopped is a dispatcher that does not send.
type stopped struct{ *handed }

func (stopped) IsAlive() bool { return false }

func TestReadyIsWhoeverDoesItsWork(t *testing.T) {
	ending := make(chan struct{})
	s := newServer(t, func(o *api.Options) { o.Ending = ending })
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if w := s.call(method, "/readyz", ""); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d with %v", method, w.Code, w.Header())
		}
	}
	close(ending)
	wantNotReady(t, s, "about to end")
	wantNotReady(t, newServer(t, func(o *api.Options) { o.Dispatcher = stopped{} }), "does not send")
	wantNotReady(t, newServer(t, func(o *api.Options) { o.Store = failing{o.Store, errAway} }), "database")
	// Whatever fails: it is not ready.
	wantNotReady(t, newServer(t, func(o *api.Options) { o.Store = failing{o.Store, errors.New("disk I/O error")} }), "database")
}

// wantNotReady: it lives, and says why requests are to go elsewhere.
func wantNotReady(t *testing.T, s *server, why string) {
	t.Helper()
	w := s.call("GET", "/readyz", "")
	wantProblem(t, w, http.StatusServiceUnavailable, wire.Unavailable, "")
	if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), why) || strings.Contains(w.Body.String(), "I/O") {
		t.Errorf("got %s with %v", w.Body, w.Header())
	}
	if w := s.call("GET", "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("/healthz is %d", w.Code)
	}
}

func TestWhyItIsNotReadyIsLogged(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, func(o *api.Options) {
		o.Store, o.Log = failing{o.Store, errors.New("disk I/O error")}, slog.New(slog.NewTextHandler(&log, nil))
	})
	s.call("GET", "/readyz", "")
	if !strings.Contains(log.String(), "disk I/O error") {
		t.Errorf("got %s", &log)
	}
}

func TestTheToolsAreNoPagesBusiness(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/metrics", "/debug/pprof/heap", "/readyz"} {
		if w := s.call("GET", path, "", withKey); w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d with %v", path, w.Code, w.Header())
		}
	}
	for key, want := range map[push.Scope]int{push.ScopeRead: http.StatusForbidden, push.ScopeSend: http.StatusForbidden, push.ScopeAdmin: http.StatusOK} {
		if w := s.call("GET", "/debug/pprof/goroutine", "", "Authorization: Bearer "+keysByScope[key]); w.Code != want {
			t.Errorf("the goroutines with %s: %d", key, w.Code)
		}
	}
}

// A profile costs, and there is one of the processor's at a time.
func TestOneProfileIsTakenAtATime(t *testing.T) {
	s := newServer(t)
	begun, ended := make(chan struct{}), make(chan int)
	go func() {
		close(begun)
		status := http.StatusServiceUnavailable
		for status == http.StatusServiceUnavailable { // where a look from below was first
			status = s.call("GET", "/debug/pprof/profile?seconds=1", "", withKey).Code
		}
		ended <- status
	}()
	<-begun
	for refused := false; !refused; {
		select {
		case status := <-ended:
			t.Fatalf("the first ended with %d, and none beside it was refused", status)
		default:
			refused = s.call("GET", "/debug/pprof/heap", "", withKey).Code == http.StatusServiceUnavailable
		}
	}
	if status := <-ended; status != http.StatusOK {
		t.Errorf("the first: %d", status)
	}
}

package main_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// A proxy leaves a server that ends before its connections are refused.
func TestAServerThatEndsIsFirstNotReady(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--api-key", testKey, "--drain", "2s")
	await(t, func() bool { status, _ := get(t, s.url+"/readyz"); return status == http.StatusOK })
	s.Process.Signal(syscall.SIGTERM)
	await(t, func() bool { status, _ := get(t, s.url+"/readyz"); return status == http.StatusServiceUnavailable })
	for path, want := range map[string]string{"/healthz": "ok", "/v1/messages": "data", "/metrics": "pushkit_build_info"} {
		if status, body := get(t, s.url+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s meanwhile: %d %.200s", path, status, body)
		}
	}
	if err := s.ended(); err != nil {
		t.Errorf("it ended with %v: %s", err, s.stderr)
	}
}

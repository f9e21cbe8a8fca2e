package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// A backEnd is a site's, told of events; it holds each against its secret.
type backEnd struct {
	*httptest.Server
	t      *testing.T
	secret atomic.Value // string
	told   chan wire.WebhookPayload
}

func newBackEnd(t *testing.T) *backEnd {
	b := &backEnd{t: t, told: make(chan wire.WebhookPayload, 100)}
	b.secret.Store("")
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		verifier, err := standardwebhooks.NewWebhook(b.secret.Load().(string))
		if err == nil {
			err = verifier.Verify(body, r.Header)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		var payload wire.WebhookPayload
		if err := json.Unmarshal(body, &payload); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
		b.told <- payload
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backEnd) host() string { return strings.TrimPrefix(b.URL, "http://") }

func TestWebhooksAreMadeBesideAServerWhichTells(t *testing.T) {
	t.Parallel()
	folder, b := t.TempDir(), newBackEnd(t)
	s := serve(t, folder, "--webhook-hosts", b.host())
	if _, errs, status := run(t, folder, "webhooks", "create", "http://127.0.0.1:1/x"); status != 1 || !strings.Contains(errs, "--webhook-hosts") || strings.Count(errs, "\n") != 1 {
		t.Errorf("another host: %d %s", status, errs)
	}
	// What the server may call, a command may give a webhook.
	var made wire.WebhookInfo
	if err := json.Unmarshal([]byte(mustRun(t, folder, "webhooks", "create", "--json", b.URL+"/hooks")), &made); err != nil || len(made.Types) != 4 {
		t.Fatalf("got %+v, %v", made, err)
	}
	b.secret.Store(made.Secret)
	if out := mustRun(t, folder, "webhooks", "test", made.ID); !strings.Contains(out, "204") {
		t.Errorf("got %s", out)
	}
	if told := <-b.told; told.Type != wire.WebhookTest {
		t.Errorf("got %+v", told)
	}

	// The server has not been told of the webhook: it looks every other second.
	store := openFolder(t, folder)
	defer store.Close()
	site, err := store.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	r := pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", "")
	if _, _, err := store.PutSubscription(t.Context(), site.ID, r); err != nil {
		t.Fatal(err)
	}
	if told := <-b.told; told.Type != wire.WebhookSubscriptionCreated {
		t.Errorf("got %+v", told)
	}
	rotated := strings.TrimSpace(mustRun(t, folder, "webhooks", "rotate", made.ID))
	mustRun(t, folder, "webhooks", "test", made.ID)
	<-b.told
	b.secret.Store(rotated)
	mustRun(t, folder, "webhooks", "test", made.ID)
	<-b.told
	b.secret.Store(push.NewWebhookSecret().String())
	if _, errs, status := run(t, folder, "webhooks", "test", made.ID); status != 1 || !strings.Contains(errs, "401") {
		t.Errorf("a receiver that refuses: %d %s", status, errs)
	}
	b.secret.Store(rotated)
	if table := mustRun(t, folder, "webhooks", "list"); !strings.Contains(table, made.ID) || !strings.Contains(table, "active") || strings.Contains(table, "whsec_") {
		t.Errorf("got %s", table)
	}
	mustRun(t, folder, "webhooks", "enable", made.ID)
	if list := mustRun(t, folder, "webhooks", "failures", made.ID); strings.Count(list, "\n") != 1 {
		t.Errorf("got %s", list)
	}
	mustRun(t, folder, "webhooks", "delete", made.ID)
	if list := mustRun(t, folder, "webhooks", "list", "--json"); list != "" {
		t.Errorf("got %s", list)
	}
	s.end()
	for _, mistake := range [][]string{
		{"create"}, {"create", "--type", "x", "https://example.com"}, {"create", "https://localhost"}, {"create", "a", "b"},
		{"delete"}, {"delete", made.ID}, {"rotate", "x"}, {"enable", made.ID}, {"failures"}, {"failures", made.ID}, {"test", made.ID}, {"list", "x"},
	} {
		if out, errs, status := run(t, folder, append([]string{"webhooks"}, mistake...)...); status != 1 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: %d %q %q", mistake, status, out, errs)
		}
	}
	if _, errs, status := run(t, folder, "serve", "--webhook-hosts", "http://x"); status != 1 || !strings.Contains(errs, "--webhook-hosts") {
		t.Errorf("got %d %s", status, errs)
	}
}

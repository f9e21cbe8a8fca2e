package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// failing is a store that fails.
type failing struct {
	push.Store
	err error
}

var errAway = push.ErrUnavailable(errors.New("connection refused at 10.0.0.5"))

func (f failing) CreateMessage(context.Context, push.SiteID, *push.Message, push.CreateOptions) (push.MessageStatus, []push.Batch, error) {
	return push.MessageStatus{}, nil, f.err
}

func (f failing) PutSubscription(context.Context, push.SiteID, *push.Subscribe) (push.Subscription, bool, error) {
	return push.Subscription{}, false, f.err
}

func (f failing) ImportSubscriptions(context.Context, push.SiteID, []*push.Import) ([]push.ImportResult, error) {
	return nil, f.err
}

func (f failing) APIKeyByHash(context.Context, push.APIKeyHash) (push.APIKey, bool, error) {
	return push.APIKey{}, false, f.err
}

func (f failing) VAPIDKeys(context.Context, push.SiteID) ([]push.VAPIDKey, error) { return nil, f.err }

func (f failing) ListSites(ctx context.Context) ([]push.Site, error) {
	if f.err == nil {
		return f.Store.ListSites(ctx)
	}
	return nil, f.err
}

func (f failing) SubscriptionByEndpoint(context.Context, push.SiteID, string) (push.Subscription, error) {
	return push.Subscription{}, f.err
}

func (f failing) RemoveSubscription(context.Context, push.SiteID, string) error { return f.err }

func (f failing) SetAttributes(context.Context, push.SiteID, string, push.Attributes) error {
	return f.err
}

func (f failing) RecordEvents(context.Context, push.SiteID, []push.Event) error { return f.err }

// Whoever calls while the database is away learns that it passes, and when to
// come again; why is for the log, once.
func TestADatabaseThatIsAwayIs503(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, func(o *api.Options) {
		o.Store, o.Log = failing{o.Store, errAway}, slog.New(slog.NewTextHandler(&log, nil))
	})
	for range 2 {
		for path, body := range map[string]string{
			wire.PathMessages:      `{"audience": {"all": true}, "notification": {"title": "x"}}`,
			wire.PathSubscriptions: subscribeBody(someEndpoint, ""),
		} {
			w := s.call("POST", path, body, withKey)
			wantProblem(t, w, http.StatusServiceUnavailable, wire.Unavailable, "")
			if w.Header().Get("Retry-After") != "5" {
				t.Errorf("%s: got %v", path, w.Header())
			}
			if strings.Contains(w.Body.String(), "10.0.0.5") {
				t.Errorf("%s tells what is inside: %s", path, w.Body)
			}
		}
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "10.0.0.5") {
		t.Errorf("want one line with the cause, got:\n%s", text)
	}
}

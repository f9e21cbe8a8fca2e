package pushtest

import (
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// What tells one message from another for a person is shown of it wherever it is.
func testMessageWords(t *testing.T, s *store) {
	named, _ := s.create(t, `{"audience": {"users": ["u1", "u2"]}, "notification": {"title": "Hello {{name|you}}"}}`, push.CreateOptions{})
	if r := named.Response(); r.Title != "Hello you" || r.Audience.Users != 2 || r.Audience.All || r.Local != "" || r.Spread != 0 {
		t.Errorf("got %+v", r)
	}
	local, _ := s.create(t, `{"audience": {"channels": ["news", "sport"], "noChannels": ["muted"]}, "notification": {"title": "\"Goal\""},
		"localized": {"de": {"title": "Tor"}}, "sendAt": {"local": "2090-12-01T09:00"}}`, push.CreateOptions{})
	spread, _ := s.create(t, `{"audience": {"all": true}, "spread": 600}`, push.CreateOptions{})
	check := func(how string, status push.MessageStatus, err error) {
		t.Helper()
		r := status.Response()
		switch {
		case err != nil:
			t.Error(how, err)
		case status.ID == local.ID:
			if a := r.Audience; r.Title != `"Goal"` || !slices.Equal(a.Channels, []string{"news", "sport"}) || !slices.Equal(a.NoChannels, []string{"muted"}) || r.Local != "2090-12-01T09:00:00" {
				t.Errorf("%s: got %+v", how, r)
			}
		case status.ID == spread.ID:
			if !r.Audience.All || r.Spread != 600 || r.Title != "Hello" {
				t.Errorf("%s: got %+v", how, r)
			}
		}
	}
	for _, created := range []push.MessageStatus{local, spread} {
		check("created", created, nil)
		status, err := s.MessageStatus(t.Context(), s.site.ID, created.ID)
		check("one", status, err)
	}
	page, _, err := s.ListMessages(t.Context(), s.site.ID, "", 10)
	if err != nil || len(page) != 3 {
		t.Fatalf("got %d, %v", len(page), err)
	}
	for _, status := range page {
		check("listed", status, nil)
	}
	cancelled, err := s.CancelMessage(t.Context(), s.site.ID, local.ID)
	check("cancelled", cancelled, err)
	if at, err := time.Parse(time.RFC3339, local.Response().DueAt); err != nil || at.Year() != 2090 || cancelled.State != wire.MessageCancelled {
		t.Errorf("got %v, %v", at, err)
	}
}

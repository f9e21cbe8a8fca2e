package api_test

import (
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func TestWhenAMessageIsDue(t *testing.T) {
	noon := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	s := newServer(t, func(o *api.Options) { o.Now = func() time.Time { return noon } })
	if err := s.store.SetHours(t.Context(), s.site.ID, push.Hours{TimeZone: "Europe/Berlin", Quiet: push.QuietHours{From: 22 * 60, To: 8 * 60}}); err != nil {
		t.Fatal(err)
	}
	message := func(members string) string {
		return `{"audience": {"all": true}, "notification": {"title": "x"}` + members + `}`
	}
	for members, due := range map[string]string{
		``:                                   "2026-12-01T12:00:00Z",
		`, "sendAt": "2099-12-01T09:00:00Z"`: "2099-12-01T09:00:00Z",
		`, "sendAt": {"local": "2099-12-01T09:00"}, "spread": 600, "ignoreQuietHours": true`: "2099-11-30T19:00:00Z",
		`, "sendAt": {"local": "2026-12-01T13:00:00"}`:                                       "2026-12-01T12:00:00Z",
	} {
		if got := want(t, s.call("POST", "/v1/messages", message(members), withKey), 202); got["dueAt"] != due {
			t.Errorf("%s: got %v, want %s", members, got, due)
		}
	}
	for members, field := range map[string]string{
		`, "sendAt": 5`: "sendAt", `, "sendAt": {"local": "9"}`: "sendAt.local", `, "sendAt": {"locale": "9"}`: "sendAt",
		`, "spread": 86401`: "spread", `, "spread": 1.5`: "spread", `, "ignoreQuietHours": 1`: "ignoreQuietHours",
	} {
		wantProblem(t, s.call("POST", "/v1/messages", message(members), withKey), 400, wire.InvalidField, field)
	}
	for _, audience := range []string{`"users": ["u"]`, `"subscriptions": ["` + push.NewID().String() + `"]`} {
		wantProblem(t, s.call("POST", "/v1/messages", `{"audience": {`+audience+`}, "notification": {"title": "x"}, "spread": 60}`, withKey), 400, wire.InvalidField, "spread")
	}
}

package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/api"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func TestLossesAreToldByDayAndReason(t *testing.T) {
	var later time.Duration
	s := newServer(t, func(o *api.Options) { o.Now = func() time.Time { return time.Now().Add(later) } })
	today := push.DayOf(time.Now())
	for i := range 3 {
		s.subscribeAs("u1", fmt.Sprint(someEndpoint, i))
	}
	want(t, s.call("POST", "/v1/subscriptions/remove", `{"endpoint": "`+someEndpoint+`0"}`), 204)
	want(t, s.call("DELETE", "/v1/users/u1", "", withKey), 204)
	get := func(query string) string {
		return fmt.Sprint(want(t, s.call("GET", "/v1/subscriptions/losses"+query, "", withKey), 200)["data"])
	}
	all := fmt.Sprintf("[map[count:2 day:%s reason:removed] map[count:1 day:%s reason:unsubscribed]]", today, today)
	for query, want := range map[string]string{
		"": all, "?from=" + today.String(): all, "?to=" + (today - 1).String(): "[]", "?from=" + (today - 9).String() + "&to=" + today.String(): all,
	} {
		if got := get(query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	later = 29 * 24 * time.Hour
	if got := get(""); got != all {
		t.Errorf("of the last 30 days: %s", got)
	}
	later += 24 * time.Hour
	if got := get(""); got != "[]" {
		t.Errorf("of the last 30 days, a day later: %s", got)
	}
	wantProblem(t, s.call("GET", "/v1/subscriptions/losses?from=x", "", withKey), 400, wire.InvalidField, "from")
	wantProblem(t, s.call("GET", "/v1/subscriptions/losses?to=2026-13-01", "", withKey), 400, wire.InvalidField, "to")
}

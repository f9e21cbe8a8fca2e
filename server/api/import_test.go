package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func TestImportAnswersEach(t *testing.T) {
	s := newServer(t)
	post := func(more string, subscriptions ...string) (got []string) {
		t.Helper()
		answer := want(t, s.call("POST", "/v1/subscriptions/import", `{"subscriptions": [`+strings.Join(subscriptions, ", ")+`]`+more+`}`, withKey), 200)
		for _, result := range answer["data"].([]any) {
			result := result.(map[string]any)
			text := fmt.Sprint(result["outcome"])
			if problem, bad := result["problem"].(map[string]any); bad {
				text += fmt.Sprint(" ", problem["status"], " ", problem["code"], " ", problem["field"])
			}
			got = append(got, text)
		}
		return got
	}
	a, b := subscribeBody(someEndpoint, `, "user": "u1", "createdAt": "2020-01-02T03:04:05Z"`), subscribeBody(someEndpoint+"/b", "")
	evil := strings.ReplaceAll(b, "https://", "https://evil.")
	if got, want := post("", a, `{"endpoint": "", "keys": {"p256dh": "", "auth": ""}}`, evil, b, subscribeBody(someEndpoint+"/c", `, "user": "a\u0000"`)), []string{"added", "bad 400 invalid-field endpoint", "bad 400 push-service-not-allowed endpoint", "added", "bad 400 invalid-field user"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	list := want(t, s.call("GET", "/v1/subscriptions", "", withKey), 200)["data"].([]any)
	if first := list[0].(map[string]any); len(list) != 2 || first["user"] != "u1" || first["createdAt"] != "2020-01-02T03:04:05Z" {
		t.Errorf("got %v", list)
	}
	// A browser that was seen since the file was written knows better.
	other := subscribeBody(someEndpoint, `, "user": "u2"`)
	if got := post(`, "writtenAt": "2021-01-01T00:00:00Z"`, other); !slices.Equal(got, []string{"unchanged"}) {
		t.Errorf("got %q", got)
	}
	if got := post("", other); !slices.Equal(got, []string{"refreshed"}) {
		t.Errorf("got %q", got)
	}
	for more, field := range map[string]string{`, "writtenAt": "yesterday"`: "writtenAt", `, "nonsense": 1`: "nonsense"} {
		wantProblem(t, s.call("POST", "/v1/subscriptions/import", `{"subscriptions": [`+b+`]`+more+`}`, withKey), 400, wire.InvalidField, field)
	}
}

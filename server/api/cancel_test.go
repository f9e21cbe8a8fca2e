package api_test

import (
	"slices"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func TestCancel(t *testing.T) {
	s := newServer(t)
	want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 201)
	sent := want(t, s.call("POST", "/v1/messages", `{"audience": {"all": true}, "notification": {"title": "x"}, "sendAt": "2099-01-01T00:00:00Z"}`, withKey), 202)
	id := sent["id"].(string)
	if sent["state"] != wire.MessageScheduled {
		t.Errorf("got %v", sent)
	}
	for range 2 {
		got := want(t, s.call("POST", "/v1/messages/"+id+"/cancel", "", withKey), 200)
		if got["id"] != id || got["state"] != wire.MessageCancelled || got["targetedFinal"] != true || got["counts"].(map[string]any)["targeted"] != 0.0 {
			t.Errorf("got %v", got)
		}
	}
	if got := want(t, s.call("GET", "/v1/messages/"+id, "", withKey), 200); got["state"] != wire.MessageCancelled {
		t.Errorf("got %v", got)
	}
	parsed, _ := push.ParseID(id)
	if !slices.Contains(s.dispatcher.cancelled, parsed) {
		t.Error("the dispatcher was not told")
	}

	// One that is sent stays so, and nobody is told to stop.
	told := len(s.dispatcher.cancelled)
	nobody := want(t, s.call("POST", "/v1/messages", `{"audience": {"users": ["u"]}, "notification": {"title": "x"}}`, withKey), 202)
	if got := want(t, s.call("POST", "/v1/messages/"+nobody["id"].(string)+"/cancel", "", withKey), 200); got["state"] != wire.MessageSent || len(s.dispatcher.cancelled) != told {
		t.Errorf("got %v", got)
	}
	for _, unknown := range []string{push.NewID().String(), "x"} {
		wantProblem(t, s.call("POST", "/v1/messages/"+unknown+"/cancel", "", withKey), 404, wire.MessageUnknown, "")
	}
	w := s.call("GET", "/v1/messages/"+id+"/cancel", "", withKey)
	if wantProblem(t, w, 405, wire.MethodNotAllowed, ""); w.Header().Get("Allow") != "POST" {
		t.Errorf("Allow is %q", w.Header().Get("Allow"))
	}
}

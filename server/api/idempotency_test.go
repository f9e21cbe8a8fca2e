package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A request that comes again with its key gets the answer of then, byte for byte,
// whatever has become of the message.
func TestAKeyThatComesAgainGetsTheSameAnswer(t *testing.T) {
	s := newServer(t)
	id := want(t, s.call("POST", "/v1/subscriptions", subscribeBody(someEndpoint, ``)), 201)["id"].(string)
	body := `{"audience": {"subscriptions": ["` + id + `"]}, "notification": {"title": "` + strings.Repeat("x", 2800) + `"}}`
	post := func() *httptest.ResponseRecorder {
		return s.call("POST", "/v1/messages", body, withKey, `Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"`)
	}
	first := post()
	if sent := want(t, first, 202); len(sent["warnings"].([]any)) != 1 {
		t.Errorf("got %v", sent)
	}
	if _, err := s.store.Record(t.Context(), []push.DeliveryResult{{Delivery: s.dispatcher.batches[0].Deliveries[0], Outcome: push.DeliveryAccepted}}); err != nil {
		t.Fatal(err)
	}
	again := post()
	if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("got %d %v %s, want %d %v %s", again.Code, again.Header(), again.Body, first.Code, first.Header(), first.Body)
	}
	if n := len(s.dispatcher.batches); n != 1 {
		t.Errorf("%d batches were handed over", n)
	}
}

func TestAnIdempotencyKeyThatIsNoneIsRefused(t *testing.T) {
	s := newServer(t)
	for _, key := range []string{"a\tb", "schlüssel", strings.Repeat("k", wire.MaxIdempotencyKey+1)} {
		wantProblem(t, s.call("POST", "/v1/messages", someMessage, withKey, "Idempotency-Key: "+key), 400, wire.InvalidField, "Idempotency-Key")
	}
}

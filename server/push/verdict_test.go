package push

import (
	"strings"
	"testing"
)

func TestAVerdictIsTheReasons(t *testing.T) {
	for _, c := range []struct {
		delivery        DeliveryStatus
		meaning, advice string
	}{
		{DeliveryStatus{Outcome: DeliveryFailed, Service: "apple", Status: 403, Reason: "BadJwtToken"}, "", "VAPID subject"},
		{DeliveryStatus{Outcome: DeliveryFailed, Service: "push.example", Status: 413, Reason: "x"}, "", "Send less"},
		{DeliveryStatus{Outcome: DeliveryFailed, Reason: "x"}, "was not sent", "Mend"},
		{DeliveryStatus{Outcome: DeliveryExpired, Reason: "no answer in time"}, "The TTL ended before the push service took", "longer ttl"},
		{DeliveryStatus{Outcome: DeliveryExpired, Reason: ReasonTTLEnded}, "this server was down, or busy", "longer ttl"},
		{DeliveryStatus{Outcome: DeliveryPending, Reason: ReasonQuietHours}, "not to be disturbed", "ignoreQuietHours"},
		{DeliveryStatus{Outcome: DeliveryPending, Reason: ReasonHalted}, "left alone", "every minute"},
		{DeliveryStatus{Outcome: DeliveryPending, Reason: ReasonNoKey + ": disk I/O error"}, "could not read the key", "database"},
		{DeliveryStatus{Outcome: DeliveryGone, Reason: ReasonUnsubscribed}, "had unsubscribed", "nobody"},
		{DeliveryStatus{Outcome: DeliveryGone, Service: "google", Status: 404, Reason: "Not Found"}, "", "was deleted"},
		// What a push service says is its own, also where it says what we would.
		{DeliveryStatus{Outcome: DeliveryFailed, Service: "push.example", Status: 400, Reason: ReasonTTLEnded}, "malformed", ""},
	} {
		v := c.delivery.Verdict()
		if v.Meaning == "" || v.Advice == "" || !strings.Contains(v.Meaning, c.meaning) || !strings.Contains(v.Advice, c.advice) {
			t.Errorf("%+v: got %+v, want %q and %q", c.delivery, v, c.meaning, c.advice)
		}
	}
}

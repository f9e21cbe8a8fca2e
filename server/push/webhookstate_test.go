package push

import (
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// What fails together is one failure: a receiver that is away for a moment is not left
// alone for long.
func TestFailuresOfOneClaimCountOnce(t *testing.T) {
	var s WebhookState
	now := time.Now()
	failed := func(failures int) WebhookResult {
		return WebhookResult{Failures: failures, Status: 503, Reason: "busy"}
	}
	for i := range 5 {
		pause, paused := s.Note(failed(0), now)
		if paused != (i == 0) || paused && (pause < firstWebhookWait/2 || pause > firstWebhookWait*3/2) || s.Failures != 1 {
			t.Errorf("the result %d pauses it: %v, for %s, after %d failures", i, paused, pause, s.Failures)
		}
	}
	for n := 1; n < 30; n++ {
		pause, paused := s.Note(failed(n), now)
		if !paused || s.Failures != n+1 || pause > longestWebhookPause*3/2 || n > 10 && pause < longestWebhookPause/2 {
			t.Errorf("the failure %d pauses it: %v, for %s", n+1, paused, pause)
		}
	}
	if s.Failure != "503 busy" || !s.DisabledAt.IsZero() {
		t.Errorf("got %+v", s)
	}
	if pause, paused := s.Note(WebhookResult{Failures: 30, Status: 204}, now); !paused || pause != 0 || s.Failures != 0 || !s.FailingSince.IsZero() {
		t.Errorf("after success: %s, %v, %+v", pause, paused, s)
	}
	// One that works is left as it is.
	if _, paused := s.Note(WebhookResult{Status: 200}, now); paused {
		t.Error("a success pauses it")
	}
	if pause, paused := s.Note(WebhookResult{Status: 429, RetryAfter: time.Hour}, now); !paused || pause != time.Hour {
		t.Errorf("Retry-After gives %s, %v", pause, paused)
	}
	if pause, _ := s.Note(WebhookResult{Failures: 1, Status: 429, RetryAfter: 1000 * time.Hour}, now); pause != longestAsked {
		t.Errorf("a long Retry-After gives %s", pause)
	}
}

func TestAWebhookIsDisabledAtItsWordOrAfterLong(t *testing.T) {
	now := time.Now()
	var s WebhookState
	s.Note(WebhookResult{Status: 500}, now)
	s.Note(WebhookResult{Status: 500, Failures: 1}, now.Add(WebhookPatience-time.Second))
	if !s.DisabledAt.IsZero() {
		t.Error("it is disabled too early")
	}
	s.Note(WebhookResult{Reason: "no answer in time", Failures: 2}, now.Add(WebhookPatience))
	if s.DisabledAt.IsZero() || s.Failure != "no answer in time" {
		t.Errorf("got %+v", s)
	}
	s = WebhookState{}
	if s.Note(WebhookResult{Status: 410}, now); !s.DisabledAt.Equal(now) {
		t.Errorf("got %+v", s)
	}
}

func TestAnEventIsTriedForThreeDays(t *testing.T) {
	happened := time.Now()
	r := WebhookResult{WebhookEvent: WebhookEvent{HappenedAt: happened}, Status: 500}
	for attempt, longest := range map[int]time.Duration{0: 8 * time.Second, 3: time.Minute, 12: 9 * time.Hour, 1000: 9 * time.Hour} {
		r.Attempt = attempt
		if after, ok := r.Again(happened); !ok || after > longest || after < longest/4 {
			t.Errorf("after the attempt %d: %s, %v", attempt, after, ok)
		}
	}
	if _, ok := r.Again(happened.Add(WebhookPatience)); ok {
		t.Error("it is tried after three days")
	}
}

func TestParseWebhookTypes(t *testing.T) {
	set, err := ParseWebhookTypes("types", []string{wire.WebhookNotificationClicked, wire.WebhookMessageSent, wire.WebhookMessageSent})
	if err != nil || strings.Join(set.Names(), " ") != "message.sent notification.clicked" || set.Has(TypeSubscriptionGone) {
		t.Errorf("got %s, %v", set, err)
	}
	for _, names := range [][]string{nil, {""}, {"message"}, {wire.WebhookMessageSent, "MESSAGE.SENT"}, {wire.WebhookTest}, {"*"}} {
		if _, err := ParseWebhookTypes("types", names); CodeOf(err) != wire.InvalidField {
			t.Errorf("%q: got %v", names, err)
		}
	}
	if all := AllWebhookTypes(); len(all) != 4 || TypeTest.String() != wire.WebhookTest {
		t.Errorf("there are %q, and %s", all, TypeTest)
	}
}

func TestFirstIDIsBeforeAllOfItsTime(t *testing.T) {
	before := FirstID(time.Now().Add(-2 * time.Millisecond))
	id := NewID()
	after := FirstID(time.Now().Add(2 * time.Millisecond))
	if before.Compare(id) >= 0 || after.Compare(id) <= 0 || FirstID(time.Time{}) != (ID{}) {
		t.Errorf("%s, %s, %s", before, id, after)
	}
}

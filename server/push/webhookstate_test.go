package push

import (
	"testing"
	"time"
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

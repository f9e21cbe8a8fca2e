package push

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	// firstWebhookWait and longestWebhookWait bound the waits between the attempts of an
	// event, longestWebhookPause for how long a webhook is not called at all.
	firstWebhookWait    = 5 * time.Second
	longestWebhookWait  = 6 * time.Hour
	longestWebhookPause = 10 * time.Minute
	// longestAsked is the longest wait that a receiver may ask for.
	longestAsked = 24 * time.Hour
	statusGone   = 410
)

// A WebhookState is how a webhook does.
type WebhookState struct {
	// SucceededAt and FailedAt are when an attempt last did; zero: none has.
	SucceededAt, FailedAt time.Time
	// Failure says of the last failure what it was.
	Failure string
	// FailingSince is when the first attempt failed after the last one that succeeded,
	// Failures counts them, those that were under way together once.
	FailingSince time.Time
	Failures     int
	// DisabledAt is when it was disabled; zero: it is not.
	DisabledAt time.Time
}

// IsDelivered says whether the receiver has taken the event.
func (r WebhookResult) IsDelivered() bool { return r.Status >= 200 && r.Status < 300 }

// Words say what went wrong: the receiver's status and words, or the network's.
func (r WebhookResult) Words() string {
	if r.Status == 0 {
		return r.Reason
	}
	return strings.TrimSpace(fmt.Sprint(r.Status, " ", r.Reason))
}

// Again is after how long the event is tried again; ok is false where it is given up.
func (r WebhookResult) Again(now time.Time) (after time.Duration, ok bool) {
	after = max(webhookWait(r.Attempt, longestWebhookWait), min(r.RetryAfter, longestAsked))
	return after, now.Add(after).Before(r.HappenedAt.Add(WebhookPatience))
}

// Note notes a result. Where paused is true, the webhook is left alone for pause, which
// is 0 where it works again.
func (s *WebhookState) Note(r WebhookResult, now time.Time) (pause time.Duration, paused bool) {
	if r.IsDelivered() {
		paused = s.Failures > 0
		s.SucceededAt, s.FailingSince, s.Failures = now, time.Time{}, 0
		return 0, paused
	}
	if paused = s.Failures == r.Failures; paused {
		s.Failures++
		pause = max(webhookWait(s.Failures-1, longestWebhookPause), min(r.RetryAfter, longestAsked))
	}
	s.FailedAt, s.Failure = now, r.Words()
	if s.FailingSince.IsZero() {
		s.FailingSince = now
	}
	if s.DisabledAt.IsZero() && (r.Status == statusGone || now.Sub(s.FailingSince) >= WebhookPatience) {
		s.DisabledAt = now
	}
	return pause, paused
}

// webhookWait is how long to wait after a number of failures: exponentially, with
// jitter around the value.
func webhookWait(failures int, longest time.Duration) time.Duration {
	wait := longest
	if failures < 16 {
		wait = min(firstWebhookWait<<failures, longest)
	}
	return wait/2 + rand.N(wait)
}

package push

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// Webhooks is the part of a [Store] that tells the sites' back ends what has
// happened. An event is written by the transaction of what it tells, for each webhook
// that wants it. A store looks at what is wanted with each Beat: a webhook that
// another process has made hears of what happens from then on, and while nobody wants
// a type, nothing is written of it.
type Webhooks interface {
	// AddWebhook gives the site a webhook; the error's code is too-many-webhooks where
	// it has MaxWebhooks.
	AddWebhook(ctx context.Context, site SiteID, w Webhook) (Webhook, error)
	// ListWebhooks returns the site's webhooks, the oldest first.
	ListWebhooks(ctx context.Context, site SiteID) ([]Webhook, error)
	// DeleteWebhook ends a webhook and what waits for it; ok is false where the site
	// has no such webhook.
	DeleteWebhook(ctx context.Context, site SiteID, id ID) (ok bool, err error)
	// RotateWebhook gives a webhook another secret. The one of before signs as well for
	// FormerTime. The error's code is webhook-unknown where the site has no such
	// webhook.
	RotateWebhook(ctx context.Context, site SiteID, id ID, secret WebhookSecret) (Webhook, error)
	// EnableWebhook has a webhook called again that was disabled, also with the events
	// that were given up; see RotateWebhook.
	EnableWebhook(ctx context.Context, site SiteID, id ID) (Webhook, error)
	// ListGivenUp returns the events of a webhook that were given up, the newest first;
	// see RotateWebhook and ListSubscriptions.
	ListGivenUp(ctx context.Context, site SiteID, id ID, cursor string, limit int) (page []GivenUp, next string, err error)
	WebhookQueue
}

// WebhookQueue is the part of a [Store] that hands out webhooks' events to nodes. An
// event is leased to one node at a time, as the batches of [Queue] are: the lease ends
// when its node has not called Beat for LeaseTime. It is told at least once, always
// with the same id and body, in no promised order.
type WebhookQueue interface {
	// NextWebhooks are the webhooks that have events, with when the next one is due.
	NextWebhooks(ctx context.Context) ([]NextWebhook, error)
	// ClaimWebhookEvents leases up to limit events of a webhook that are due, the
	// earliest first. Of one that was deleted or disabled, or is left alone, there are
	// none.
	ClaimWebhookEvents(ctx context.Context, webhook ID, limit int) (Webhook, []WebhookEvent, error)
	// RecordWebhookEvents writes what became of events of a webhook. What was leased to
	// another node since, and has failed, is passed over. disabled is true where the
	// webhook is disabled with this.
	RecordWebhookEvents(ctx context.Context, webhook ID, results []WebhookResult) (disabled bool, err error)
	// CountWebhookEvents counts the events that wait.
	CountWebhookEvents(ctx context.Context, site SiteID) (int64, error)
}

const (
	// MaxWebhooks is how many webhooks a site has at most: an event is written for
	// each that wants it.
	MaxWebhooks = 20
	// MaxWaiting is how many events wait for one webhook at most, as of the last Sweep:
	// the oldest are dropped and counted.
	MaxWaiting = 100_000
	// MaxGivenUp is how many events are kept of one webhook of those that were given
	// up, likewise.
	MaxGivenUp = 1000
	// WebhookPatience is for how long an event is tried, and for how long a webhook may
	// fail before it is disabled.
	WebhookPatience = 72 * time.Hour
	// WebhookMemory is how long an event is kept at most.
	WebhookMemory = 10 * 24 * time.Hour
	// FormerTime is for how long the secret of before a rotation signs as well.
	FormerTime = 24 * time.Hour
)

// A Webhook is where a site's back end is told of events.
type Webhook struct {
	ID    ID
	URL   string
	Types WebhookTypes
	// Secret signs; so does Former, until FormerUntil, which is zero where there is
	// none.
	Secret, Former WebhookSecret
	FormerUntil    time.Time
	CreatedAt      time.Time
	WebhookState
	// Waiting, GivenUp and Dropped count its events, in lists.
	Waiting, GivenUp, Dropped int64
}

// Info is the form in which a webhook is shown: without its secrets.
func (w *Webhook) Info() wire.WebhookInfo {
	return wire.WebhookInfo{
		ID: w.ID.String(), URL: w.URL, Types: w.Types.Names(), CreatedAt: FormatTime(w.CreatedAt), FormerSecretUntil: timeOrNothing(w.FormerUntil),
		LastSuccessAt: timeOrNothing(w.SucceededAt), LastFailureAt: timeOrNothing(w.FailedAt), LastFailure: w.Failure,
		FailingSince: timeOrNothing(w.FailingSince), DisabledAt: timeOrNothing(w.DisabledAt),
		Waiting: w.Waiting, GivenUp: w.GivenUp, Dropped: w.Dropped,
	}
}

func timeOrNothing(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return FormatTime(t)
}

// Secrets are those that sign at a time.
func (w *Webhook) Secrets(now time.Time) []WebhookSecret {
	if now.Before(w.FormerUntil) {
		return []WebhookSecret{w.Secret, w.Former}
	}
	return []WebhookSecret{w.Secret}
}

// A NextWebhook is one that has events.
type NextWebhook struct {
	ID ID
	// At is when the next event is due.
	At time.Time
	// Failing says that the last attempt failed: it is tried with one event at a time.
	Failing bool
}

// A WebhookEvent is one event for one webhook, ready to be sent.
type WebhookEvent struct {
	ID         ID
	Type       WebhookTypes
	HappenedAt time.Time
	// Body is what is sent, the same with each attempt.
	Body []byte
	// Attempt counts from 0.
	Attempt int
}

// A GivenUp is an event that was tried for long. Attempt counts the attempts.
type GivenUp struct {
	WebhookEvent
	// Status and Reason are those of the last one; see [WebhookResult].
	Status int
	Reason string
}

// Info is the form in which it is shown.
func (g *GivenUp) Info() wire.WebhookFailure {
	return wire.WebhookFailure{
		ID: g.ID.String(), Type: g.Type.String(), HappenedAt: FormatTime(g.HappenedAt), Attempts: g.Attempt,
		Status: g.Status, Reason: g.Reason, Payload: json.RawMessage(g.Body),
	}
}

// A WebhookResult is what became of one attempt.
type WebhookResult struct {
	WebhookEvent
	// Failures are the webhook's as it was claimed: those of one that failed meanwhile
	// are another's already.
	Failures int
	// BeganAt is when the attempt began.
	BeganAt time.Time
	// Status is the receiver's; 0: it gave none. Reason says more, for people.
	Status int
	Reason string
	// RetryAfter is how long the receiver asked to be left alone.
	RetryAfter time.Duration
}

package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	// testWait is how long a caller waits for the push service's word about a test
	// message; testPoll is how often it is looked for.
	testWait = 10 * time.Second
	testPoll = 100 * time.Millisecond
	// maxTesting is how many may wait at once.
	maxTesting = 50
)

// How often test messages are sent: whoever knows an endpoint may have one, and a push
// service, and a person, are not to be bothered by that.
var (
	testsOfSubscription = PublicRate{PerSecond: 1.0 / 30, Burst: 3}
	testsOfClient       = PublicRate{PerSecond: 1.0 / 6, Burst: 10}
	// Each is kept as every message is.
	testsOfSite = PublicRate{PerSecond: 1.0 / 60, Burst: 60}
)

// tests bounds the test messages.
type tests struct {
	bySubscription *limiter[push.ID]
	byClient       *limiter[netip.Prefix]
	bySite         *limiter[push.SiteID]
	waiting        chan struct{}
}

func newTests() (t tests, err error) {
	if t.bySubscription, err = newLimiter[push.ID](testsOfSubscription); err != nil {
		return t, err
	}
	if t.byClient, err = newLimiter[netip.Prefix](testsOfClient); err != nil {
		return t, err
	}
	t.bySite, err = newLimiter[push.SiteID](testsOfSite)
	t.waiting = make(chan struct{}, maxTesting)
	return t, err
}

// take takes a test message of a client to a site's subscription; wait is how long it has to
// wait where it may not have one.
func (t tests) take(site push.SiteID, client netip.Prefix, subscription push.ID, now time.Time) (wait time.Duration) {
	if wait := t.bySubscription.take(subscription, now); wait > 0 {
		return wait
	}
	if wait := t.byClient.take(client, now); wait > 0 {
		return wait
	}
	return t.bySite.take(site, now)
}

// sendTest sends a fixed text to the subscription of an endpoint, which is known to its
// browser alone, and answers what the push service said of it.
func (a *api) sendTest(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var request wire.TestRequest
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	sub, err := a.subscriptionOf(r.Context(), site, request.Endpoint)
	if err != nil {
		return err
	}
	if wait := a.tests.take(site.ID, network(a.clientAddress(r)), sub.ID, a.Now()); wait > 0 {
		return tooMany(w, wait, "Too many test messages were asked for. Try again later.")
	}
	select {
	case a.tests.waiting <- struct{}{}:
		defer func() { <-a.tests.waiting }()
	default:
		return tooMany(w, testWait, "Too many test messages are under way. Try again later.")
	}
	id, err := a.createTest(r.Context(), site, sub)
	if err != nil {
		return err
	}
	answer, err := a.awaitTest(r.Context(), site.ID, sub, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// createTest accepts a test message. It goes the way of all messages, so that it tells
// of them.
func (a *api) createTest(ctx context.Context, site *push.Site, sub push.Subscription) (push.ID, error) {
	base, err := site.BaseURL()
	if err != nil {
		return push.ID{}, err
	}
	ttl := int64(60)
	m, _, err := site.ParseMessage(wire.MessageRequest{
		Notification: wire.Notification{Title: "Test notification", Body: "Notifications of " + base.Host + " arrive here.", Tag: wire.TestTag, Lang: "en"},
		Audience:     wire.Audience{Subscriptions: []string{sub.ID.String()}},
		TTL:          &ttl, Urgency: "high", IgnoreQuietHours: true,
	}, a.Now())
	if err != nil {
		return push.ID{}, err
	}
	m.Audience.Test = true
	_, batches, err := a.Store.CreateMessage(ctx, site.ID, m, push.CreateOptions{Lease: true})
	if err != nil {
		return push.ID{}, err
	}
	a.dispatch(batches)
	return m.ID, nil
}

// awaitTest waits for what becomes of a test message.
func (a *api) awaitTest(ctx context.Context, site push.SiteID, sub push.Subscription, id push.ID) (answer wire.TestResponse, err error) {
	answer = wire.TestResponse{ID: id.String(), PushService: sub.Service}
	ticker := time.NewTicker(testPoll)
	defer ticker.Stop()
	for deadline := time.Now().Add(testWait); ; {
		status, err := a.Store.MessageStatus(ctx, site, id)
		if err != nil {
			return answer, err
		}
		if status.Counts.Accepted > 0 {
			answer.State = wire.DeliveryAccepted
			return answer, nil
		}
		if status.Counts.Pending == 0 && status.TargetedFinal || time.Now().After(deadline) {
			err := a.explainTest(ctx, site, status, &answer)
			return answer, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return answer, ctx.Err()
		}
	}
}

// explainTest says why a test message was not accepted, or not yet.
func (a *api) explainTest(ctx context.Context, site push.SiteID, status push.MessageStatus, answer *wire.TestResponse) error {
	outcome := push.DeliveryPending
	for _, ended := range []push.Outcome{push.DeliveryGone, push.DeliveryFailed, push.DeliveryExpired} {
		if ended.Of(status.Counts) > 0 {
			outcome = ended
		}
	}
	answer.State = outcome.State()
	reasons, _, err := a.Store.ListDeliveries(ctx, site, status.ID, outcome, "", 1)
	if err != nil || len(reasons) == 0 {
		return err
	}
	verdict := reasons[0].Verdict()
	answer.Status, answer.Reason, answer.Meaning, answer.Advice = reasons[0].Status, reasons[0].Reason, verdict.Meaning, verdict.Advice
	return nil
}

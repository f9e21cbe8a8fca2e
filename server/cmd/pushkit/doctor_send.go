package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	// testTTL is for how long a push service keeps a test message, in seconds, and
	// testLimit how long one is watched.
	testTTL   = 60
	testLimit = 30 * time.Second
)

// sendTest sends a message to a subscription, by the server that runs or by itself,
// and tells what the push service says.
func (d *doctor) sendTest(ctx context.Context, id string) finding {
	const check = "test message"
	if d.store == nil {
		return fail(check, "Mend the database first.", "The database cannot be asked for the subscription.")
	}
	ctx, cancel := context.WithTimeout(ctx, testLimit)
	defer cancel()
	l := &local{cmd: d.cmd, store: d.store, site: d.site, end: func() error { return nil }}
	sent, err := sendAndAwait(ctx, l, id)
	f := d.judgeTest(context.WithoutCancel(ctx), l, sent, err)
	// The store is closed by whoever has opened it.
	if err := l.end(); err != nil && f.Level == levelOK {
		return warn(check, "Look at the database's folder.", "%v.", err)
	}
	return f
}

func sendAndAwait(ctx context.Context, l *local, id string) (wire.MessageResponse, error) {
	ttl := int64(testTTL)
	sent, err := l.send(ctx, wire.MessageRequest{
		Audience:     wire.Audience{Subscriptions: []string{id}},
		Notification: wire.Notification{Title: "A test of pushkit", Body: "If you can read this, push works."},
		TTL:          &ttl, Urgency: "high", IgnoreQuietHours: true,
	})
	if err != nil {
		return sent, err
	}
	return watch(ctx, l.cmd, l, sent, nil)
}

// judgeTest tells what became of the test message.
func (d *doctor) judgeTest(ctx context.Context, l *local, sent wire.MessageResponse, err error) finding {
	const check = "test message"
	timedOut := errors.Is(err, context.DeadlineExceeded)
	if err != nil && !timedOut {
		return fail(check, "Mend that, and try again.", "It cannot be sent: %v.", err)
	}
	switch c := sent.Counts; {
	case c.Accepted > 0:
		return ok(check, "The push service has accepted it. If the browser shows nothing: it is closed or offline, or its system keeps notifications back.")
	case c.Targeted == 0 && !timedOut:
		return fail(check, "pushkit subscriptions list has the ids.", "There is no active subscription with this id.")
	}
	for _, outcome := range []push.Outcome{push.DeliveryFailed, push.DeliveryGone, push.DeliveryExpired, push.DeliveryPending} {
		list, err := l.deliveries(ctx, sent.ID, outcome.State(), "")
		if err != nil || len(list.Data) == 0 {
			continue
		}
		a := list.Data[0]
		if a.Status == 0 {
			return fail(check, a.Advice, "It was not sent (%s): %s. %s", a.State, a.Reason, a.Meaning)
		}
		return fail(check, a.Advice, "%s answers %d %s. %s", a.PushService, a.Status, cmp.Or(a.Reason, "without a word"), a.Meaning)
	}
	return fail(check, "Look at the server's log, and whether it is halted for this push service.", "It waits for more than %v, and nobody says why.", testLimit)
}

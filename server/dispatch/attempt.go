package dispatch

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

const (
	// firstBackoff and longestBackoff bound the waits between attempts.
	firstBackoff   = time.Second
	longestBackoff = 15 * time.Minute
	// nowGrace is how late a message with TTL 0, now or never, still counts as
	// now.
	nowGrace = 30 * time.Second
)

// prepare makes a push message of a delivery. Where it cannot be sent, ok is false
// and the result says why.
func (d *Dispatcher) prepare(ctx context.Context, delivery push.Delivery) (message webpush.Message, result push.DeliveryResult, ok bool) {
	m := delivery.Message
	ttl := m.TTL
	if ttl > 0 {
		ttl = m.DueAt.Add(m.TTL).Sub(d.now())
	}
	if ttl < 0 || m.TTL == 0 && d.now().After(m.DueAt.Add(nowGrace)) {
		return message, push.DeliveryResult{Delivery: delivery, Outcome: push.DeliveryExpired, Reason: "the TTL ended before it could be sent"}, false
	}
	key, err := d.keys.find(ctx, delivery.Site, delivery.Key)
	if err != nil {
		return message, d.judge(delivery, webpush.Result{Outcome: webpush.Unavailable, Reason: "the VAPID key cannot be read: " + err.Error()}), false
	}
	return webpush.Message{
		Subscription: delivery.Subscription,
		Payload:      m.Payload.Template(),
		Own:          delivery.Token,
		OwnAt:        m.Payload.Hole(),
		TTL:          webpush.KeepFor(ttl),
		Urgency:      m.Urgency,
		Topic:        m.Topic,
		Key:          key,
	}, push.DeliveryResult{}, true
}

// attempt sends one delivery and judges the answer.
func (d *Dispatcher) attempt(ctx context.Context, delivery push.Delivery) push.DeliveryResult {
	message, result, ok := d.prepare(ctx, delivery)
	if !ok {
		return result
	}
	return d.judge(delivery, d.sender.Send(ctx, message))
}

// attemptBatch sends deliveries together. It returns when all are under way;
// their outcomes are recorded, and underWay counts those without.
func (d *Dispatcher) attemptBatch(ctx context.Context, deliveries []push.Delivery, underWay *sync.WaitGroup) {
	messages := make([]webpush.Message, 0, len(deliveries))
	sent := make([]push.Delivery, 0, len(deliveries))
	for _, delivery := range deliveries {
		message, result, ok := d.prepare(ctx, delivery)
		if !ok {
			d.recorder.add(result)
			continue
		}
		messages, sent = append(messages, message), append(sent, delivery)
	}
	underWay.Add(len(messages))
	d.sender.SendBatch(ctx, messages, func(i int, r webpush.Result) {
		d.recorder.add(d.judge(sent[i], r))
		underWay.Done()
	})
}

// judge decides what a push service's answer means for the delivery. Only 404
// and 410 end a subscription.
func (d *Dispatcher) judge(delivery push.Delivery, result webpush.Result) push.DeliveryResult {
	r := push.DeliveryResult{Delivery: delivery, Status: result.Status, Reason: result.Reason}
	switch {
	case result.Outcome == webpush.Accepted:
		r.Outcome = push.DeliveryAccepted
	case result.Outcome == webpush.Gone:
		r.Outcome = push.DeliveryGone
	case result.Retriable():
		r.RetryAt = d.now().Add(backoff(delivery.Attempt, result.RetryAfter))
		r.Outcome = push.DeliveryPending
		if !r.RetryAt.Before(delivery.Message.DueAt.Add(delivery.Message.TTL)) {
			r.Outcome = push.DeliveryExpired
		}
	default:
		r.Outcome = push.DeliveryFailed
		d.refused.Do(func() {
			d.log.Warn("a push service takes no message of ours", "service", delivery.Subscription.Origin(), "status", result.Status, "reason", result.Reason,
				"meaning", result.Meaning, "advice", result.Advice)
		})
	}
	return r
}

// backoff is how long to wait after an attempt, counted from 0: as long as the
// push service asked, else exponentially, with full jitter around the double.
func backoff(attempt int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked + rand.N(firstBackoff)
	}
	ceiling := longestBackoff
	if attempt < 10 {
		ceiling = min(2*firstBackoff<<attempt, longestBackoff)
	}
	return rand.N(ceiling)
}

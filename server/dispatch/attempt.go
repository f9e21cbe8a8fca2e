package dispatch

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
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
// and the result says why. Of the delivery's Closings those stay that are done with the message.
func (d *Dispatcher) prepare(ctx context.Context, delivery *push.Delivery) (message webpush.Message, result push.DeliveryResult, ok bool) {
	m := delivery.Message
	ttl := m.TTL
	if ttl > 0 {
		// Not more than the message's, where the clock was set back.
		ttl = min(ttl, delivery.TTLFrom.Add(m.TTL).Sub(d.now()))
	}
	if ttl < 0 || m.TTL == 0 && d.now().After(delivery.TTLFrom.Add(nowGrace)) {
		return message, push.DeliveryResult{Delivery: *delivery, Outcome: push.DeliveryExpired, Reason: push.ReasonTTLEnded}, false
	}
	// A batch that was due in the evening may have waited until the night.
	if now := d.now(); m.AfterQuiet(now, delivery.TimeZone).After(now) {
		return message, d.later(*delivery, 0, webpush.Result{Reason: push.ReasonQuietHours}), false
	}
	payload, hole := delivery.Plaintext(ttl)
	if len(payload) > webpush.MaxPlaintext {
		return message, push.DeliveryResult{Delivery: *delivery, Outcome: push.DeliveryFailed, Reason: push.ReasonTooLarge}, false
	}
	key, err := d.keys.find(ctx, delivery.Site, delivery.Key)
	if err != nil {
		return message, d.later(*delivery, backoff(delivery.Attempt, 0), webpush.Result{Reason: push.ReasonNoKey + ": " + err.Error()}), false
	}
	return webpush.Message{
		Subscription: delivery.Subscription,
		Payload:      payload,
		Own:          delivery.Token,
		OwnAt:        hole,
		TTL:          webpush.KeepFor(ttl),
		Urgency:      m.Urgency,
		Topic:        m.Topic,
		Key:          key,
	}, push.DeliveryResult{}, true
}

// attemptBatch sends deliveries together, and returns when all are under way.
// Their outcomes are recorded when they come; held are those that were not tried,
// since their push service is left alone for wait.
func (d *Dispatcher) attemptBatch(ctx context.Context, deliveries []push.Delivery, underWay *sync.WaitGroup) (held []push.Delivery, wait time.Duration) {
	messages, sent := d.prepareAll(ctx, deliveries)
	underWay.Add(len(messages))
	d.underWay.Add(len(messages))
	var mu sync.Mutex
	d.sender.SendBatch(ctx, messages, func(i int, r webpush.Result) {
		defer d.underWay.Done()
		defer underWay.Done()
		if r.Held {
			mu.Lock()
			defer mu.Unlock()
			held, wait = append(held, sent[i]), r.RetryAfter
			return
		}
		d.recorder.add(d.judge(sent[i], r))
	})
	// What is held was told before SendBatch returned.
	mu.Lock()
	defer mu.Unlock()
	return held, wait
}

// sendAhead sends a batch that is handed over as it was accepted, before all that
// is sent in bulk. What it leaves, when the leases may be lost, is forfeited.
func (d *Dispatcher) sendAhead(ctx context.Context, j job) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for part := range slices.Chunk(j.deliveries, webpush.MaxBatch) {
		if !d.pulse.holds(j.epoch) {
			return
		}
		if d.halts.isHalted(laneOf(part[0])) {
			d.putOff(part, trialEvery, push.ReasonHalted)
			continue
		}
		messages, sent := d.prepareAll(ctx, d.withoutCancelled(part))
		underWay.Add(len(messages))
		d.sender.SendAhead(ctx, messages, func(i int, r webpush.Result) {
			d.recorder.add(d.judge(sent[i], r))
			underWay.Done()
		})
	}
}

// putOff has deliveries tried again after a time.
func (d *Dispatcher) putOff(deliveries []push.Delivery, wait time.Duration, reason string) {
	for _, delivery := range deliveries {
		d.recorder.add(d.later(delivery, wait, webpush.Result{Reason: reason}))
	}
}

// prepareAll makes push messages of deliveries. What cannot be sent is recorded.
func (d *Dispatcher) prepareAll(ctx context.Context, deliveries []push.Delivery) (messages []webpush.Message, sent []push.Delivery) {
	messages = make([]webpush.Message, 0, len(deliveries))
	sent = make([]push.Delivery, 0, len(deliveries))
	for _, delivery := range deliveries {
		message, result, ok := d.prepare(ctx, &delivery)
		if !ok {
			d.recorder.add(result)
			continue
		}
		messages, sent = append(messages, message), append(sent, delivery)
	}
	return messages, sent
}

// judge decides what a push service's answer means for the delivery, and for the
// push service. Only 404 and 410 end a subscription.
func (d *Dispatcher) judge(delivery push.Delivery, result webpush.Result) push.DeliveryResult {
	r := push.DeliveryResult{Delivery: delivery, Status: result.Status, Reason: result.Reason}
	d.observer.Attempted(delivery.Service, result.Outcome, d.sinceDue(delivery))
	// Whoever asks for a test chooses what is answered: it says nothing of the push
	// service.
	isTest := delivery.Message.Audience.Test
	switch {
	case result.Outcome == webpush.Accepted:
		r.Outcome = push.DeliveryAccepted
		if !isTest && d.halts.accepted(laneOf(delivery)) {
			d.observer.Halted(delivery.Service, false)
			d.log.Info("a push service takes our messages again", "service", delivery.Service, "site", d.keys.siteName(delivery.Site))
			d.Wake()
		}
	case result.Outcome == webpush.Gone:
		r.Outcome = push.DeliveryGone
		if !isTest {
			d.halts.answered(laneOf(delivery))
		}
	case result.Retriable():
		return d.later(delivery, backoff(delivery.Attempt, result.RetryAfter), result)
	default:
		r.Outcome = push.DeliveryFailed
		if !isTest {
			d.explain(delivery, result)
		}
	}
	return r
}

// later is the result of a delivery that is to be tried again after a wait, if its
// TTL lasts so long. It does not disturb the recipient's quiet hours.
func (d *Dispatcher) later(delivery push.Delivery, wait time.Duration, result webpush.Result) push.DeliveryResult {
	r := push.DeliveryResult{
		Delivery: delivery, Outcome: push.DeliveryPending, RetryAt: delivery.Message.AfterQuiet(d.now().Add(wait), delivery.TimeZone),
		Status: result.Status, Reason: result.Reason,
	}
	if !r.RetryAt.Before(delivery.TTLFrom.Add(delivery.Message.TTL)) {
		r.Outcome = push.DeliveryExpired
	}
	return r
}

// explain logs a message that failed, and halts for its site a push service that
// refuses who we say that we are.
func (d *Dispatcher) explain(delivery push.Delivery, result webpush.Result) {
	about := []any{"service", delivery.Subscription.Origin(), "status", result.Status, "reason", result.Reason, "meaning", result.Meaning, "advice", result.Advice}
	// Another key is about the subscription, which anybody may have made.
	isAboutUs := result.Outcome == webpush.Refused && (result.Status == http.StatusUnauthorized || result.Status == http.StatusForbidden)
	if !isAboutUs {
		d.halts.answered(laneOf(delivery))
	} else if d.halts.refused(laneOf(delivery), d.now()) {
		d.observer.Halted(delivery.Service, true)
		d.log.Error("a push service is halted for a site: it refuses this server; the site's messages wait, and it is tried every minute",
			append(about, "site", d.keys.siteName(delivery.Site))...)
		return
	}
	d.refused.Do(func() { d.log.Warn("a push service takes no message of ours", about...) })
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

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	broadcastEvery = 5 * time.Second
	singleEvery    = 50 * time.Millisecond
	// ttl is long enough for every retry; shortTTL is not.
	ttl, shortTTL = 24 * 3600, 10
	// pollMost is the longest wait between two looks at a message.
	pollMost = 5 * time.Second
)

// An office watches what was posted until it is sent.
type office struct {
	mu          sync.Mutex
	open, ended int
	totals      wire.MessageCounts
	wrong       error
}

func (o *office) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

func (o *office) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wrong
}

func (o *office) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open++
}

func (o *office) end(c wire.MessageCounts, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	o.ended++
	o.totals.Targeted += c.Targeted
	o.totals.Accepted += c.Accepted
	o.totals.Gone += c.Gone
	o.totals.Failed += c.Failed
	o.totals.Expired += c.Expired
	o.totals.Displayed += c.Displayed
	o.totals.Clicked += c.Clicked
	if o.wrong == nil {
		o.wrong = err
	}
}

func (s *soak) broadcasts(ctx, watching context.Context, letters *sync.WaitGroup) error {
	for n := 0; rig.Sleep(ctx, broadcastEvery) == nil; n++ {
		lasts := ttl
		if n%5 == 4 {
			lasts = shortTTL
		}
		if err := s.post(watching, letters, `{"all": true}`, lasts); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) singles(ctx, watching context.Context, letters *sync.WaitGroup) error {
	for rig.Sleep(ctx, rand.N(2*singleEvery)) == nil {
		if err := s.post(watching, letters, fmt.Sprintf(`{"subscriptions": [%q]}`, s.crowd.any().id), ttl); err != nil {
			return err
		}
	}
	return nil
}

// post sends a message, and has it watched until it is sent.
func (s *soak) post(ctx context.Context, letters *sync.WaitGroup, audience string, ttl int) error {
	if err := s.office.err(); err != nil {
		return err
	}
	refusals := s.faults.refusalsEnded()
	id, err := s.node.Send(ctx, "", fmt.Sprintf(`{"audience": %s, "notification": {"title": "Soaked", "body": "all day"}, "ttl": %d}`, audience, ttl))
	if err != nil {
		return err
	}
	s.posted.Add(1)
	s.office.begin()
	letters.Go(func() {
		counts, err := s.watch(ctx, id, ttl, refusals)
		if ctx.Err() != nil {
			err = nil
		}
		s.delivered.Add(counts.Targeted)
		s.office.end(counts, err)
		s.ledger.Forget(id)
	})
	return nil
}

// watch waits until a message is sent, tells of its events, and holds its counts
// against what the push services got.
func (s *soak) watch(ctx context.Context, id string, ttl, refusals int) (c wire.MessageCounts, err error) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, pollMost) {
		if err := rig.Sleep(ctx, pause); err != nil {
			return c, err
		}
		m, err := s.node.Message(ctx, id)
		if err != nil {
			return c, err
		}
		if m.State == wire.MessageSent {
			c = m.Counts
			break
		}
	}
	receipts := s.ledger.Receipts(id)
	sure := int64(0)
	var events []wire.EventReport
	var displayed, clicked int64
	for to, r := range receipts {
		if s.wasAnswered(r) {
			sure++
		}
		events = append(events, wire.EventReport{Token: r.Token, Type: wire.EventDisplayed})
		displayed++
		if to.Number%3 == 0 {
			events = append(events, wire.EventReport{Token: r.Token, Type: wire.EventClicked})
			clicked++
		}
	}
	switch reached := int64(len(receipts)); {
	case c.Accepted < sure || c.Accepted > reached:
		return c, fmt.Errorf("message %s: %d reached, %d of them certainly, and %d accepted: %+v", id, reached, sure, c.Accepted, c)
	case c.Expired > 0 && ttl != shortTTL:
		return c, fmt.Errorf("message %s expired within its TTL: %+v", id, c)
	case c.Failed > 0 && refusals == s.faults.refusalsSoFar():
		return c, fmt.Errorf("message %s failed, and nobody refused us: %+v", id, c)
	}
	if err := s.report(ctx, events); err != nil {
		return c, err
	}
	m, err := s.node.Message(ctx, id)
	if err == nil && (m.Counts.Displayed != displayed || m.Counts.Clicked != clicked) {
		err = fmt.Errorf("message %s: %d were displayed and %d clicked, the counts are %+v", id, displayed, clicked, m.Counts)
	}
	return m.Counts, err
}

// wasAnswered says whether the sender knows for certain that it was taken.
func (s *soak) wasAnswered(r rig.Receipt) bool {
	for _, arrival := range r.Arrivals {
		if !arrival.AnswerLost && !s.faults.wasCut(arrival.At) {
			return true
		}
	}
	return false
}

// report tells of events, each twice.
func (s *soak) report(ctx context.Context, events []wire.EventReport) (err error) {
	for len(events) > 0 {
		n := min(len(events), wire.MaxEvents)
		err = errors.Join(err, s.node.Report(ctx, events[:n]), s.node.Report(ctx, events[:n]))
		events = events[n:]
	}
	return err
}

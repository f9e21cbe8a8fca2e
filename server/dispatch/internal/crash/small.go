package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

// smallEvery is how long it is between messages to single people, at most.
const smallEvery = 60 * time.Millisecond

// A small message is one to a single person, which was accepted.
type small struct {
	id string
	to rig.Subscriber
}

// A mailer posts small messages at random moments.
type mailer struct {
	mu       sync.Mutex
	accepted []small
}

// run posts until ctx is done.
func (m *mailer) run(ctx context.Context, p *proof) error {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	failed := make(chan error, 1)
	for {
		select {
		case <-time.After(rand.N(smallEvery)):
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		}
		// Whoever waits for a server that is away holds up no other.
		underWay.Go(func() {
			number := rand.IntN(len(p.ids))
			id, err := p.send(ctx, fmt.Sprintf(`{"audience": {"subscriptions": [%q]}, "notification": {"title": "To you"}}`, p.ids[number]))
			if err == nil {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.accepted = append(m.accepted, small{id, rig.Subscriber{Service: pushtest.DefaultName, Number: number}})
			} else if ctx.Err() == nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
}

// take returns what was accepted since it was last called.
func (m *mailer) take() []small {
	m.mu.Lock()
	defer m.mu.Unlock()
	accepted := m.accepted
	m.accepted = nil
	return accepted
}

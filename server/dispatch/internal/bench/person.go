package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

// personEvery is how often a message goes to the person, on average.
const personEvery = 50 * time.Millisecond

// A person is the one subscriber who gets messages of their own.
type person struct {
	number int
	id     string // the server's
	sent   int

	mu sync.Mutex
	// arrivals are by the topic as it is on the wire: each message has its own.
	arrivals map[string]time.Time
}

func newPerson(number int) *person {
	return &person{number: number, arrivals: make(map[string]time.Time)}
}

func (p *person) subscribe(ctx context.Context, node *rig.Node, s stage) (err error) {
	p.id, err = node.Subscribe(ctx, s.service.Subscription(p.number))
	return err
}

func (p *person) arrived(push pushtest.Push) {
	if push.Subscription != p.number || push.Topic == "" {
		return
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrivals[push.Topic] = now
}

// onWire is a topic as push services get it.
func onWire(topic string) string {
	hash := sha256.Sum256([]byte(topic))
	return base64.RawURLEncoding.EncodeToString(hash[:])[:32]
}

// Latencies are how long the messages to a person took to arrive and to be
// answered, and by how much the moments of their posting came late.
type latencies struct{ took, answered, late []time.Duration }

// during posts messages to the person, at random moments and without waiting for
// the ones before, while something is done.
func (p *person) during(ctx context.Context, node *rig.Node, do func() error) (l latencies, err error) {
	done := make(chan error, 1)
	go func() { done <- do() }()
	var mu sync.Mutex
	var posts sync.WaitGroup
	posted := make(map[string]time.Time)
	var failed error
	for working := true; working; {
		pause := rand.N(2 * personEvery)
		began := time.Now()
		select {
		case err = <-done:
			working = false
			continue
		case <-time.After(pause):
		}
		l.late = append(l.late, time.Since(began)-pause)
		p.sent++
		topic := fmt.Sprint("message ", p.sent)
		posts.Go(func() {
			body := fmt.Sprintf(`{"audience": {"subscriptions": [%q]}, "notification": {"title": "To you"}, "topic": %q}`, p.id, topic)
			at := time.Now()
			_, err := node.Send(ctx, "", body)
			took := time.Since(at)
			mu.Lock()
			defer mu.Unlock()
			posted[onWire(topic)] = at
			l.answered = append(l.answered, took)
			failed = errors.Join(failed, err)
		})
	}
	posts.Wait()
	if err = errors.Join(err, failed); err != nil {
		return l, err
	}
	all := rig.Await(ctx, 10*time.Second, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for topic := range posted {
			if _, ok := p.arrivals[topic]; !ok {
				return false
			}
		}
		return true
	})
	if !all {
		return l, errors.New("messages to one person have not arrived")
	}
	for topic, at := range posted {
		l.took = append(l.took, p.arrivals[topic].Sub(at))
	}
	return l, nil
}

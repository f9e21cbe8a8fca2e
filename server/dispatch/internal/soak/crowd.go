package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

// comeEvery is how often somebody comes, and another one goes.
const comeEvery = 100 * time.Millisecond

// A person is a subscriber who is there.
type person struct {
	service, number int
	id              string // the server's
}

// A crowd are the people who are there.
type crowd struct {
	mu     sync.Mutex
	people []person
	next   [services]int
}

// arrive makes a new subscription.
func (c *crowd) arrive() person {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := person{service: rand.IntN(services)}
	p.number = c.next[p.service]
	c.next[p.service]++
	return p
}

func (c *crowd) add(p person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people = append(c.people, p)
}

// take takes somebody out.
func (c *crowd) take() person {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := rand.IntN(len(c.people))
	p := c.people[i]
	last := len(c.people) - 1
	c.people[i] = c.people[last]
	c.people = c.people[:last]
	return p
}

// any is somebody who is there.
func (c *crowd) any() person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.people[rand.IntN(len(c.people))]
}

func (s *soak) subscription(p person) pushtest.Subscription {
	return s.services[p.service].Subscription(p.number)
}

func (s *soak) come(ctx context.Context) (err error) {
	p := s.crowd.arrive()
	if p.id, err = s.node.Subscribe(ctx, s.subscription(p)); err == nil {
		s.subscribed.Add(1)
		s.crowd.add(p)
	}
	return err
}

// comeAndGo has people come and go until ctx is done: half of them say so, of the
// others the push service does.
func (s *soak) comeAndGo(ctx context.Context) error {
	for rig.Sleep(ctx, comeEvery) == nil {
		// To be cut off in the middle would be a fault of the soak's own.
		call := context.WithoutCancel(ctx)
		if err := s.come(call); err != nil {
			return err
		}
		p := s.crowd.take()
		if rand.IntN(2) == 0 {
			s.services[p.service].End(p.number)
		} else if err := s.node.Unsubscribe(call, s.subscription(p)); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

type options struct {
	rounds, subscribers int
	program             string
	// window is how long an outcome may take to be on disk.
	window time.Duration
	seed   uint64
	// victims are who is killed, one a round in turn; nil: all that there are.
	victims []string
	out     io.Writer
}

// The victims. On SQLite there is one node.
const (
	allNodes = "all nodes"
	oneNode  = "one of two"
	postgres = "PostgreSQL"
)

const (
	// latency is the push service's: without any, little would be in flight.
	latency = 10 * time.Millisecond
	// sentLimit is how long a message may take with all that is done to it.
	sentLimit = time.Minute
	// askEvery is how often a message's state is asked for.
	askEvery = 20 * time.Millisecond
	// takeoverLimit is how long the work of a node that was killed may lie.
	takeoverLimit = 15 * time.Second
	// gonePerRound is how many subscriptions end before each broadcast.
	gonePerRound = 5
)

// A proof is that of one store.
type proof struct {
	options
	random   *rand.Rand
	folder   string
	database *rig.Database
	service  *pushtest.Service
	ledger   *rig.Ledger
	// ids are the server's of the subscribers that stay, by number.
	ids []string
	// next is the number of the next subscriber who comes.
	next int
	// kills are when they began, cuts when they began and ended, dead when the last kill had ended.
	kills, cuts []time.Time
	dead        time.Time
	// disturbed is when somebody was last killed, database or node.
	disturbed time.Time

	mu    sync.Mutex
	nodes []*rig.Node
}

// prove kills as often as told on a store, and prints a line for each time. The
// error is what must not be.
func prove(ctx context.Context, store string, o options) (err error) {
	p := &proof{options: o, random: rand.New(rand.NewPCG(o.seed, 0)), ledger: rig.NewLedger()}
	if p.folder, err = os.MkdirTemp("", "pushkit-crash-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.folder)
	p.service, err = pushtest.Start(pushtest.Options{
		Latency: latency, Handle: func(push pushtest.Push) { p.ledger.Enter(pushtest.DefaultName, push) },
	})
	if err != nil {
		return err
	}
	defer p.service.Close()
	if err := p.service.WriteCertificate(p.certificate()); err != nil {
		return err
	}
	if p.database, err = rig.OpenDatabase(store, p.folder); err != nil {
		return err
	}
	defer p.database.Close()
	p.nodes = make([]*rig.Node, 1)
	if p.database.Postgres != nil {
		p.nodes = make([]*rig.Node, 2)
	}
	if len(p.victims) == 0 {
		p.victims = []string{allNodes}
		if p.database.Postgres != nil {
			p.victims = []string{allNodes, oneNode, postgres}
		}
	}
	defer p.killNodes()
	for i := range p.nodes {
		if err := p.start(ctx, i); err != nil {
			return err
		}
	}
	if p.ids, err = p.subscribe(ctx, p.subscribers); err != nil {
		return err
	}
	p.service.Fail(pushtest.Fault{Status: 503, Every: 37})
	p.service.Fail(pushtest.Fault{Status: 429, RetryAfter: time.Second, Every: 53})
	p.service.Fail(pushtest.Fault{LoseAnswer: true, Every: 101})
	return errors.Join(p.run(ctx, store), p.service.Err(), p.ledger.Err())
}

func (p *proof) certificate() string { return filepath.Join(p.folder, "ca.pem") }

// start starts the node of a place.
func (p *proof) start(ctx context.Context, i int) error {
	node, err := rig.Start(ctx, rig.Options{
		Program: p.program, Folder: filepath.Join(p.folder, fmt.Sprint("node", i)), Database: p.database.URL,
		Services: []string{p.service.Rule()}, Certificates: p.certificate(),
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[i] = node
	return nil
}

// kill kills the node of a place.
func (p *proof) kill(i int) {
	p.mu.Lock()
	node := p.nodes[i]
	p.nodes[i] = nil
	p.mu.Unlock()
	if node != nil {
		node.Kill()
	}
}

func (p *proof) killNodes() {
	for i := range p.nodes {
		p.kill(i)
	}
}

var errNoNode = errors.New("no node runs")

// anyNode is one that runs.
func (p *proof) anyNode() (*rig.Node, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range rand.Perm(len(p.nodes)) {
		if p.nodes[i] != nil {
			return p.nodes[i], nil
		}
	}
	return nil, errNoNode
}

// subscribe adds n subscribers.
func (p *proof) subscribe(ctx context.Context, n int) (ids []string, err error) {
	first := p.next
	p.next += n
	ids = make([]string, n)
	node, err := p.anyNode()
	if err != nil {
		return nil, err
	}
	return ids, rig.Each(n, 64, func(i int) (err error) {
		ids[i], err = node.Subscribe(ctx, p.service.Subscription(first+i))
		return err
	})
}

// send posts a message until it is accepted, whatever becomes of the nodes
// meanwhile: with one Idempotency-Key, so that it is accepted once.
func (p *proof) send(ctx context.Context, body string) (id string, err error) {
	key := push.NewID().String()
	for {
		node, err := p.anyNode()
		if err == nil {
			id, err = node.Send(ctx, key, body)
		}
		if err == nil {
			return id, nil
		}
		if refusal := (*rig.Refusal)(nil); errors.As(err, &refusal) && refusal.Status != 503 {
			return "", fmt.Errorf("a message is refused: %w", err)
		}
		if err := rig.Sleep(ctx, 20*time.Millisecond); err != nil {
			return "", err
		}
	}
}

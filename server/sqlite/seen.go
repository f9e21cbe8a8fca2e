package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

const (
	// seenAfter is how long it is gathered which browsers were seen.
	seenAfter = time.Second
	// seenAtOnce are written in one job, so that nobody waits for long behind it.
	seenAtOnce = 64
	// maxSeen is how many are gathered. While the disk is away, further ones are not
	// noted: they are seen again.
	maxSeen = 100_000
)

// A seen gathers which browsers were seen and writes it in the background, since most
// calls of browsers change nothing else: they are answered without a write.
type seen struct {
	store    *Store
	wake     chan struct{}
	stop     chan struct{}
	stopOnce sync.Once
	stopped  sync.WaitGroup
	// writing is held while what was gathered is written.
	writing sync.Mutex

	mu sync.Mutex
	at map[seenKey]int64 // milliseconds since 1970
}

type seenKey struct {
	site push.SiteID
	hash push.EndpointHash
}

func newSeen(s *Store) *seen {
	n := &seen{store: s, wake: make(chan struct{}, 1), stop: make(chan struct{}), at: make(map[seenKey]int64)}
	n.stopped.Go(n.run)
	return n
}

// note has it written that the browser of an endpoint was seen now, if it has a
// subscription.
func (n *seen) note(site push.SiteID, endpoint string) {
	n.put(seenKey{site, push.HashEndpoint(endpoint)}, n.store.now().UnixMilli())
	n.wakeUp()
}

func (n *seen) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *seen) put(key seenKey, at int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last, ok := n.at[key]; ok || len(n.at) < maxSeen {
		n.at[key] = max(at, last)
	}
}

func (n *seen) run() {
	for {
		select {
		case <-n.stop:
			n.write()
			return
		case <-n.wake:
		}
		select {
		case <-n.stop:
		case <-time.After(seenAfter):
		}
		n.write()
	}
}

// write writes all that was gathered. What cannot be written is tried again.
func (n *seen) write() {
	n.writing.Lock()
	defer n.writing.Unlock()
	n.mu.Lock()
	gathered := n.at
	n.at = make(map[seenKey]int64)
	n.mu.Unlock()
	part := make([]db.TouchSubscriptionParams, 0, seenAtOnce)
	for key, at := range gathered {
		part = append(part, db.TouchSubscriptionParams{LastSeenAt: at, Site: int64(key.site), EndpointHash: key.hash[:]})
		if len(part) == cap(part) {
			n.writePart(part)
			part = part[:0]
		}
	}
	n.writePart(part)
}

func (n *seen) writePart(part []db.TouchSubscriptionParams) {
	if len(part) == 0 {
		return
	}
	err := n.store.writer.doBulk(context.Background(), func(ctx context.Context, q *db.Queries) error {
		for _, touch := range part {
			if err := q.TouchSubscription(ctx, touch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for _, touch := range part {
			n.put(seenKey{push.SiteID(touch.Site), push.EndpointHash(touch.EndpointHash)}, touch.LastSeenAt)
		}
		n.wakeUp()
	}
}

func (n *seen) close() {
	n.stopOnce.Do(func() { close(n.stop) })
	n.stopped.Wait()
}

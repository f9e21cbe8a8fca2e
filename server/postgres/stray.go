package postgres

import (
	"context"
	"sync"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// A stray collects leases that this node may have without anybody sending what
// they are for: the database went away in the moment of the commit, or before
// the rest was read. They are given up with the next beat, and before this node
// leases anything: where the commit has failed, the next lease has the same fence.
type stray struct {
	mu         sync.Mutex
	batches    []push.Batch
	deliveries []push.Delivery
}

func (s *stray) add(batches []push.Batch, deliveries []push.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches, s.deliveries = append(s.batches, batches...), append(s.deliveries, deliveries...)
}

func (s *stray) take() (batches []push.Batch, deliveries []push.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batches, deliveries = s.batches, s.deliveries
	s.batches, s.deliveries = nil, nil
	return batches, deliveries
}

// freeStray gives up what is stray; freed is true where there was any. Nothing is
// leased meanwhile.
func (s *Store) freeStray(ctx context.Context) (freed bool, err error) {
	batches, deliveries := s.stray.take()
	if len(batches)+len(deliveries) == 0 {
		return false, nil
	}
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		freed = false
		for _, batch := range batches {
			n, err := s.releaseBatch(ctx, q, batch)
			if err != nil {
				return err
			}
			freed = freed || n > 0
		}
		for _, d := range deliveries {
			n, err := q.ReleaseException(ctx, db.ReleaseExceptionParams{
				Message: d.ID.Message, Batch: int64(d.ID.Batch), Ordinal: int32(d.ID.Ordinal), Fence: d.Fence, Node: s.node})
			if err != nil {
				return err
			}
			freed = freed || n > 0
		}
		return nil
	})
	if err != nil {
		s.stray.add(batches, deliveries)
	}
	return freed, err
}

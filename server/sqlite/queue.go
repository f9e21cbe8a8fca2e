package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// firstFence is that of a batch which is leased as it is made.
const firstFence = 1

// excepting is what queries leave out, in their form: lines with an end before the
// first and after each.
func excepting(except []push.Lane) string {
	lines := "\n"
	for _, lane := range except {
		lines += lane.String() + "\n"
	}
	return lines
}

// A claim is a batch that was leased, before its deliveries are read.
type claim struct {
	batch   push.Batch
	site    push.SiteID
	message *push.Message
	service int64
	ttlFrom time.Time
	// ordinals are those of the deliveries that were not attempted yet.
	ordinals []uint16
	members  push.Members
}

// ClaimBatches implements [push.Queue].
func (s *Store) ClaimBatches(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	return s.claimBatches(ctx, limit, except, (*db.Queries).WaitingBatches)
}

// ClaimSmall implements [push.Queue].
func (s *Store) ClaimSmall(ctx context.Context, limit int, except []push.Lane) ([]push.Batch, error) {
	return s.claimBatches(ctx, limit, except, waitingSmallBatches)
}

func waitingSmallBatches(q *db.Queries, ctx context.Context, due db.WaitingBatchesParams) ([]db.WaitingBatchesRow, error) {
	small, err := q.WaitingSmallBatches(ctx, db.WaitingSmallBatchesParams(due))
	rows := make([]db.WaitingBatchesRow, len(small))
	for i, row := range small {
		rows[i] = db.WaitingBatchesRow(row)
	}
	return rows, err
}

// A finder finds batches that wait.
type finder func(*db.Queries, context.Context, db.WaitingBatchesParams) ([]db.WaitingBatchesRow, error)

func (s *Store) claimBatches(ctx context.Context, limit int, except []push.Lane, find finder) (batches []push.Batch, err error) {
	due := db.WaitingBatchesParams{Now: s.now().UnixMilli(), Except: excepting(except), AtMost: 1}
	// Looking first keeps an idle server from writing.
	if rows, err := find(s.read, ctx, due); err != nil || len(rows) == 0 {
		return nil, err
	}
	due.AtMost = int64(limit)
	var claims []claim
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := find(q, ctx, due)
		if err != nil {
			return err
		}
		claims = nil
		for _, row := range rows {
			c, err := s.lease(ctx, q, row)
			if err != nil {
				return err
			}
			claims = append(claims, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The subscriptions are read beside the writer, for which others wait.
	for i := range claims {
		c := &claims[i]
		left, err := s.loadBatch(ctx, s.read, c)
		if err == nil {
			_, err = s.Record(ctx, left)
		}
		if err != nil {
			return nil, errors.Join(err, s.releaseAll(context.WithoutCancel(ctx), claims))
		}
		batches = append(batches, c.batch)
	}
	return batches, nil
}

func (s *Store) lease(ctx context.Context, q *db.Queries, row db.WaitingBatchesRow) (c claim, err error) {
	if err := q.LeaseBatch(ctx, db.LeaseBatchParams{Node: s.node, Message: row.Message, No: row.No}); err != nil {
		return c, err
	}
	if c.site, c.message, err = messageByID(ctx, q, row.Message); err != nil {
		return c, err
	}
	c.batch = push.Batch{Message: c.message.ID, No: uint32(row.No), Service: row.Service, Fence: row.Fence + 1}
	c.service, c.ttlFrom = row.PushService, time.UnixMilli(row.TtlFrom)
	again, err := q.ExceptionOrdinals(ctx, db.ExceptionOrdinalsParams{Message: row.Message, Batch: row.No})
	if err != nil {
		return c, err
	}
	retried := make([]uint16, len(again))
	for i, ordinal := range again {
		retried[i] = uint16(ordinal)
	}
	c.ordinals = push.Outcomes(row.Outcomes).Unattempted(retried)
	c.members, err = q.Members(ctx, db.MembersParams{Message: row.Message, No: row.No})
	return c, err
}

// releaseAll hands back batches whose deliveries could not be read. What a database
// that fails does not take now is handed back with the next Beat.
func (s *Store) releaseAll(ctx context.Context, claims []claim) (err error) {
	for _, c := range claims {
		if failed := s.Release(ctx, c.batch); failed != nil {
			err = failed
			s.mu.Lock()
			s.strays = append(s.strays, c.batch)
			s.mu.Unlock()
		}
	}
	return err
}

func messageByID(ctx context.Context, q *db.Queries, id []byte) (push.SiteID, *push.Message, error) {
	row, err := q.MessageByID(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	m, err := message(row)
	return push.SiteID(row.Site), m, err
}

// loadBatch reads the subscriptions of a batch's deliveries. It returns the outcomes
// of members who have left.
func (s *Store) loadBatch(ctx context.Context, q *db.Queries, c *claim) (left []push.DeliveryResult, err error) {
	shared, err := newLoader(ctx, q, c.site, c.message)
	if err != nil {
		return nil, err
	}
	l := shared.of(c.service, c.batch.Service, c.ttlFrom)
	if err := l.load(ctx, c.batch.No, c.ordinals, c.batch.Fence, 0, c.members); err != nil {
		return nil, err
	}
	c.batch.Deliveries = l.Deliveries
	return l.Left, nil
}

// A loader reads the subscriptions of deliveries of one message to one push
// service.
type loader struct {
	push.Loader
	q       *db.Queries
	service int64
}

// newLoader has what all deliveries of a message share.
func newLoader(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message) (loader, error) {
	tokens, err := q.TokenKey(ctx, int64(site))
	return loader{Loader: push.Loader{Site: site, Tokens: push.TokenKey(tokens), Message: m}, q: q}, err
}

// of is a loader for a push service, whose name is given.
func (l loader) of(service int64, name string, ttlFrom time.Time) *loader {
	l.service, l.Service, l.TTLFrom = service, name, ttlFrom
	return &l
}

// load adds deliveries to a batch's members.
func (l *loader) load(ctx context.Context, batch uint32, ordinals []uint16, fence int64, attempt int, members push.Members) error {
	ids := make([][]byte, len(ordinals))
	for i, ordinal := range ordinals {
		id := members.At(ordinal)
		ids[i] = id[:]
	}
	rows, err := l.q.SubscriptionsByIDs(ctx, db.SubscriptionsByIDsParams{Site: int64(l.Site), PushService: l.service, Ids: ids})
	if err != nil {
		return err
	}
	recipients := make(map[push.ID]*push.Recipient, len(rows))
	for _, row := range rows {
		sub, err := subscription(row, "", nil)
		if err != nil {
			return err
		}
		recipients[sub.ID] = &push.Recipient{ID: sub.ID, Subscription: sub.Subscription, Key: sub.Key, TimeZone: sub.TimeZone, Locale: sub.Locale, User: sub.User}
	}
	if err := addClosings(ctx, l.q, int64(l.Site), recipients); err != nil {
		return err
	}
	if users := l.Users(recipients); len(users) > 0 {
		rows, err := l.q.AttributesOfUsers(ctx, db.AttributesOfUsersParams{Site: int64(l.Site), Ids: users})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := l.AddAttributes(row.ID, row.Attributes); err != nil {
				return err
			}
		}
	}
	l.Deliveries = slices.Grow(l.Deliveries, len(ordinals))
	for _, ordinal := range ordinals {
		l.Add(batch, ordinal, fence, attempt, recipients[members.At(ordinal)])
	}
	return nil
}

// retriesRead is about how many bytes of messages are read for retries at once, while
// all who write wait.
const retriesRead = 256 << 10

// ClaimRetries implements [push.Queue].
func (s *Store) ClaimRetries(ctx context.Context, limit int, except []push.Lane) (deliveries []push.Delivery, err error) {
	due := db.DueExceptionsParams{Now: sql.NullInt64{Int64: s.now().UnixMilli(), Valid: true}, Except: excepting(except), AtMost: 1}
	if rows, err := s.read.DueExceptions(ctx, due); err != nil || len(rows) == 0 {
		return nil, err
	}
	due.AtMost = int64(limit)
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.DueExceptions(ctx, due)
		if err != nil {
			return err
		}
		deliveries = nil
		loaders, read := make(map[push.ID]loader), 0
		for _, row := range rows {
			if read > retriesRead {
				break // what is left is claimed next
			}
			if err := q.LeaseException(ctx, db.LeaseExceptionParams{Node: s.node, Message: row.Message, Batch: row.Batch, Ordinal: row.Ordinal}); err != nil {
				return err
			}
			// Many retries may be of one message, which may be in many languages.
			shared, ok := loaders[push.ID(row.Message)]
			if !ok {
				site, m, err := messageByID(ctx, q, row.Message)
				if err != nil {
					return err
				}
				if shared, err = newLoader(ctx, q, site, m); err != nil {
					return err
				}
				loaders[push.ID(row.Message)] = shared
				read += m.PayloadsSize()
			}
			members, err := q.Members(ctx, db.MembersParams{Message: row.Message, No: row.Batch})
			if err != nil {
				return err
			}
			l := shared.of(row.PushService, row.Service, time.UnixMilli(row.TtlFrom))
			if err := l.load(ctx, uint32(row.Batch), []uint16{uint16(row.Ordinal)}, row.Fence+1, int(row.Attempt), members); err != nil {
				return err
			}
			deliveries = append(deliveries, l.Deliveries...)
			if _, err := s.record(ctx, q, l.Left); err != nil {
				return err
			}
		}
		return nil
	})
	return deliveries, err
}

// Release implements [push.Queue].
func (s *Store) Release(ctx context.Context, batch push.Batch) error {
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error { return release(ctx, q, batch) })
}

func release(ctx context.Context, q *db.Queries, batch push.Batch) error {
	return q.ReleaseBatch(ctx, db.ReleaseBatchParams{Message: batch.Message[:], No: int64(batch.No), Fence: batch.Fence})
}

// NextDue implements [push.Queue].
func (s *Store) NextDue(ctx context.Context, except, exceptSmall []push.Lane) (time.Time, bool, error) {
	expansion, err := s.read.NextExpansionDue(ctx)
	if err != nil {
		return time.Time{}, false, err
	}
	batch, err := s.read.NextBatchDue(ctx, excepting(except))
	if err != nil {
		return time.Time{}, false, err
	}
	small, err := s.read.NextSmallBatchDue(ctx, excepting(exceptSmall))
	if err != nil {
		return time.Time{}, false, err
	}
	exception, err := s.read.NextExceptionDue(ctx, excepting(except))
	at := min(expansion, batch, small, exception)
	if err != nil || at == math.MaxInt64 {
		return time.Time{}, false, err
	}
	return time.UnixMilli(at), true, nil
}

// Beat implements [push.Queue].
func (s *Store) Beat(ctx context.Context) (freed bool, err error) {
	s.mu.Lock()
	strays := s.strays
	s.mu.Unlock()
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		for _, batch := range strays {
			if err := release(ctx, q, batch); err != nil {
				return err
			}
		}
		now := s.now()
		setBack, err := followClock(ctx, q, now)
		if err != nil {
			return err
		}
		if err := q.PutNode(ctx, db.PutNodeParams{ID: s.node, AliveUntil: now.Add(push.LeaseTime).UnixMilli()}); err != nil {
			return err
		}
		if err := q.DeleteDeadNodes(ctx, now.UnixMilli()); err != nil {
			return err
		}
		batches, err := q.ReleaseDeadBatches(ctx)
		if err != nil {
			return err
		}
		exceptions, err := q.ReleaseDeadExceptions(ctx)
		freed = batches+exceptions > 0 || setBack
		if err != nil {
			return err
		}
		if err := q.ReleaseDeadWebhookEvents(ctx); err != nil {
			return err
		}
		return s.learnWanted(ctx, q)
	})
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strays = s.strays[len(strays):]
	return freed || len(strays) > 0, nil
}

// Forfeit implements [push.Queue].
func (s *Store) Forfeit(ctx context.Context) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return errors.Join(q.ForfeitBatches(ctx, s.node), q.ForfeitExceptions(ctx, s.node))
	})
}

// Recover takes back all leases at once, for a process that no other may share
// the database with: it holds a lock of the operating system.
func (s *Store) Recover(ctx context.Context) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		if err := q.DeleteNodes(ctx); err != nil {
			return err
		}
		_, batchesErr := q.ReleaseDeadBatches(ctx)
		_, exceptionsErr := q.ReleaseDeadExceptions(ctx)
		return errors.Join(batchesErr, exceptionsErr, q.ReleaseDeadWebhookEvents(ctx))
	})
}

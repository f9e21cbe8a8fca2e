package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// States of a batch.
const (
	batchWaiting = 0
	batchLeased  = 1
	batchDone    = 2
)

// anyService stands in the first expansion of a message, which reads a small
// audience at once, and splits a large one by push service and part.
const anyService = 0

// firstFence is that of a batch which is leased as it is made.
const firstFence = 1

// Expand implements [push.Queue].
func (s *Store) Expand(ctx context.Context) (done bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.LockExpansion(ctx, s.testClock())
		// Where another node holds the only one, there is nothing to do here.
		done = errors.Is(err, pgx.ErrNoRows)
		if err != nil {
			return ignoreNoRows(err)
		}
		err = s.expand(ctx, q, row)
		if errors.Is(err, errCancelled) {
			// This one alone: another node may be at another.
			return endExpansion(ctx, q, row)
		}
		return err
	})
	return done, err
}

// errCancelled says that a message was cancelled, before or meanwhile: nothing was
// written.
var errCancelled = errors.New("the message was cancelled")

func (s *Store) expand(ctx context.Context, q *db.Queries, row db.Expansion) error {
	found, err := q.MessageByID(ctx, row.Message)
	if err != nil {
		return err
	}
	m, err := message(found.Message)
	if err != nil {
		return err
	}
	site := push.SiteID(found.Message.Site)
	switch {
	case m.Cancelled:
		return errCancelled
	case row.PushService != anyService:
		return s.expandPart(ctx, q, site, m, row)
	case m.Audience.Small():
		members, err := smallAudience(ctx, q, site, m.Audience)
		if err != nil {
			return err
		}
		if _, err := insertBatches(ctx, q, m, m.Drafts(members), waiting); err != nil {
			return err
		}
	default:
		if err := split(ctx, q, site, m); err != nil {
			return err
		}
	}
	return s.finishExpansion(ctx, q, row)
}

// split makes an expansion for each part at each push service.
func split(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message) error {
	parts := m.Parts()
	services, err := q.PushServices(ctx)
	if err != nil {
		return err
	}
	for _, service := range services {
		var total int64
		if m.Schedule.Spread > 0 {
			if total, err = countWalked(ctx, q, site, m.Audience, service.ID); err != nil {
				return err
			}
		}
		for i, part := range parts {
			if err := q.InsertExpansion(ctx, db.InsertExpansionParams{
				Message: m.ID, PushService: service.ID, Part: int32(i), DueAt: part.DueAt, StartAt: part.Start,
				Zones: named(part.Zones), Rest: part.Others, Total: total}); err != nil {
				return err
			}
		}
	}
	return nil
}

// expandPart makes the batches of one step through a part.
func (s *Store) expandPart(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, row db.Expansion) error {
	part := push.Part{DueAt: row.DueAt, Start: row.StartAt, Zones: row.Zones, Others: row.Rest}
	found, err := m.ReadStep(&partRows{ctx, q, int64(site), row.PushService, m.Audience, part}, part, row.Cursor, row.Total)
	if err != nil {
		return err
	}
	drafts := push.DraftsAt(int64(row.PushService), m.Step(part, row.Scanned, row.Total), found.Members)
	if _, err := insertBatches(ctx, q, m, drafts, waiting); err != nil {
		return err
	}
	if found.End {
		return s.finishExpansion(ctx, q, row)
	}
	scanned := row.Scanned + found.Scanned
	return q.StepExpansion(ctx, db.StepExpansionParams{
		Cursor: found.Cursor, DueAt: m.Step(part, scanned, row.Total).DueAt, Scanned: scanned,
		Message: row.Message, PushService: row.PushService, Part: row.Part,
	})
}

func endExpansion(ctx context.Context, q *db.Queries, row db.Expansion) error {
	return q.DeleteExpansion(ctx, db.DeleteExpansionParams{Message: row.Message, PushService: row.PushService, Part: row.Part})
}

func (s *Store) finishExpansion(ctx context.Context, q *db.Queries, row db.Expansion) error {
	if err := endExpansion(ctx, q, row); err != nil {
		return err
	}
	return s.finishMessages(ctx, q, row.Message)
}

// waiting leases batches to nobody.
func waiting(push.Draft) *push.ID { return nil }

// insertBatches adds batches, each leased to the node that holder names, if it does.
// They are numbered from first, by the message's own count. The error is
// errCancelled where the message was.
func insertBatches(ctx context.Context, q *db.Queries, m *push.Message, drafts []push.Draft, holder func(push.Draft) *push.ID) (first uint32, err error) {
	if len(drafts) == 0 {
		return 0, nil
	}
	count, err := q.CountBatches(ctx, db.CountBatchesParams{More: int64(len(drafts)), ID: m.ID, Cancelled: wire.MessageCancelled})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errCancelled
	}
	if err != nil {
		return 0, err
	}
	count -= int64(len(drafts))
	for i, draft := range drafts {
		if err := insertBatch(ctx, q, m, count+int64(i), draft, holder(draft)); err != nil {
			return 0, err
		}
	}
	return uint32(count), nil
}

// insertBatch adds one. One whose deliveries have expired is done.
func insertBatch(ctx context.Context, q *db.Queries, m *push.Message, no int64, draft push.Draft, node *push.ID) error {
	outcomes := draft.Outcomes()
	c := outcomes.Counts()
	state := int16(batchWaiting)
	switch {
	case c.Pending == 0:
		state = batchDone
	case node != nil:
		state = batchLeased
	}
	if err := q.InsertBatch(ctx, db.InsertBatchParams{
		Message: m.ID, No: no, PushService: int32(draft.Service), DueAt: draft.DueAt, TtlFrom: draft.TTLFrom,
		Small: m.Audience.Small(), State: state, Node: node, Fence: firstFence,
		Outcomes: outcomes, Events: make([]byte, len(outcomes)), Targeted: c.Targeted, Expired: c.Expired, Pending: c.Pending,
	}); err != nil || state == batchDone {
		return err
	}
	return q.InsertMembers(ctx, db.InsertMembersParams{Message: m.ID, No: no, Members: push.JoinMembers(draft.Members)})
}

// partRows implements [push.PartRows].
type partRows struct {
	ctx      context.Context
	q        *db.Queries
	site     int64
	service  int32
	audience push.Audience
	part     push.Part
}

// All implements [push.PartRows].
func (r *partRows) All(after push.ID, limit int) ([]push.ID, error) {
	channels := r.audience.Walked()
	if len(channels) == 0 {
		return r.q.AudienceAll(r.ctx, db.AudienceAllParams{Site: r.site, PushService: r.service, After: after, AtMost: int32(limit)})
	}
	return r.q.AudienceChannels(r.ctx, db.AudienceChannelsParams{
		Site: r.site, PushService: r.service, After: after, Channels: channels, AtMost: int32(limit)})
}

// Window implements [push.PartRows].
func (r *partRows) Window(after push.ID, limit int) (n int, last push.ID, err error) {
	channels := r.audience.Walked()
	if len(channels) == 0 {
		rows, err := r.q.WindowAll(r.ctx, db.WindowAllParams{Site: r.site, PushService: r.service, After: after, AtMost: int32(limit)})
		if err != nil || len(rows) == 0 {
			return 0, last, err
		}
		return int(rows[0].N), rows[0].ID, nil
	}
	rows, err := r.q.WindowChannels(r.ctx, db.WindowChannelsParams{
		Site: r.site, PushService: r.service, After: after, Channels: channels, AtMost: int32(limit)})
	if err != nil || len(rows) == 0 {
		return 0, last, err
	}
	return int(rows[0].N), rows[0].Subscription, nil
}

// Members implements [push.PartRows].
func (r *partRows) Members(after, last push.ID, limit int) ([]push.ID, error) {
	a, channels := r.audience, r.audience.Walked()
	if len(channels) == 0 {
		return r.q.MembersAll(r.ctx, db.MembersAllParams{
			Site: r.site, PushService: r.service, After: after, Last: last, Zones: named(r.part.Zones), Rest: r.part.Others,
			Without: named(a.NoChannels), AtMost: int32(limit)})
	}
	return r.q.MembersOfChannels(r.ctx, db.MembersOfChannelsParams{
		Site: r.site, PushService: r.service, After: after, Last: last, Channels: channels, Zones: named(r.part.Zones), Rest: r.part.Others,
		Required: named(a.Required()), Without: named(a.NoChannels), AtMost: int32(limit)})
}

// countWalked is how many are on the way through a large audience at a push service.
func countWalked(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience, service int32) (int64, error) {
	channels := audience.Walked()
	if len(channels) == 0 {
		return q.CountAll(ctx, db.CountAllParams{Site: int64(site), PushService: service})
	}
	return q.CountChannels(ctx, db.CountChannelsParams{Site: int64(site), PushService: service, Channels: channels})
}

// countAudience is how many a large audience has at a push service.
func countAudience(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience, service int32) (int64, error) {
	if !audience.Chosen() {
		return countWalked(ctx, q, site, audience, service)
	}
	channels := audience.Walked()
	if len(channels) == 0 {
		return q.CountMembersAll(ctx, db.CountMembersAllParams{Site: int64(site), PushService: service, Without: named(audience.NoChannels)})
	}
	return q.CountMembersOfChannels(ctx, db.CountMembersOfChannelsParams{
		Site: int64(site), PushService: service, Channels: channels, Required: named(audience.Required()), Without: named(audience.NoChannels)})
}

// CountAudience implements [push.Messages].
func (s *Store) CountAudience(ctx context.Context, site push.SiteID, audience push.Audience) (total int64, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		if audience.Small() {
			members, err := smallAudience(ctx, q, site, audience)
			total = int64(len(members))
			return err
		}
		services, err := q.PushServices(ctx)
		for _, service := range services {
			n, err := countAudience(ctx, q, site, audience, service.ID)
			if err != nil {
				return err
			}
			total += n
		}
		return err
	})
	return total, err
}

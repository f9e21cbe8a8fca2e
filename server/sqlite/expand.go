package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// Expand implements [push.Queue]. A large audience is read beside the writer, for
// which others wait: those of a few time zones may be far apart. The writer steps
// the cursor only where it still is what the reading began with.
func (s *Store) Expand(ctx context.Context) (done bool, err error) {
	row, err := s.read.NextExpansion(ctx, s.now().UnixMilli())
	if err != nil {
		return errors.Is(err, sql.ErrNoRows), ignoreNoRows(err)
	}
	site, m, err := messageByID(ctx, s.read, row.Message)
	if err != nil {
		return false, err
	}
	switch {
	case row.PushService != anyService:
		err = s.expandPart(ctx, site, m, row)
	case m.Audience.Small():
		err = s.expandSmall(ctx, site, m, row)
	default:
		err = s.split(ctx, site, m, row)
	}
	return false, err
}

func (s *Store) expandSmall(ctx context.Context, site push.SiteID, m *push.Message, row db.Expansion) error {
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		ours, err := endExpansion(ctx, q, row)
		if err != nil || !ours {
			return err
		}
		members, err := smallAudience(ctx, q, site, m.Audience)
		if err != nil {
			return err
		}
		if err := insertDrafts(ctx, q, m, m.Drafts(members)); err != nil {
			return err
		}
		return s.finishMessage(ctx, q, row.Message)
	})
}

// split makes an expansion for each part at each push service.
func (s *Store) split(ctx context.Context, site push.SiteID, m *push.Message, row db.Expansion) error {
	parts := m.Parts()
	services, err := serviceNames(ctx, s.read)
	if err != nil {
		return err
	}
	var made []db.InsertExpansionParams
	for service := range services {
		var total int64
		if m.Schedule.Spread > 0 {
			if total, err = countWalked(ctx, s.read, site, m.Audience, service); err != nil {
				return err
			}
		}
		for i, part := range parts {
			insert := db.InsertExpansionParams{
				Message: row.Message, PushService: service, Part: int64(i), DueAt: part.DueAt.UnixMilli(), StartAt: part.Start.UnixMilli(), Total: total}
			if insert.Zones, insert.Rest, err = zoneColumns(part); err != nil {
				return err
			}
			made = append(made, insert)
		}
	}
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		ours, err := endExpansion(ctx, q, row)
		if err != nil || !ours {
			return err
		}
		for _, insert := range made {
			if err := q.InsertExpansion(ctx, insert); err != nil {
				return err
			}
		}
		return s.finishMessage(ctx, q, row.Message)
	})
}

// expandPart makes the batches of one step through a part.
func (s *Store) expandPart(ctx context.Context, site push.SiteID, m *push.Message, row db.Expansion) error {
	part, err := partOf(row)
	if err != nil {
		return err
	}
	found, err := m.ReadStep(&partRows{ctx, s.read, int64(site), row.PushService, m.Audience, part}, part, idOf(row.Cursor), row.Total)
	if err != nil {
		return err
	}
	drafts := push.DraftsAt(row.PushService, m.Step(part, row.Scanned, row.Total), found.Members)
	scanned := row.Scanned + found.Scanned
	step := db.StepExpansionParams{
		Cursor: found.Cursor[:], DueAt: m.Step(part, scanned, row.Total).DueAt.UnixMilli(), Scanned: scanned,
		Message: row.Message, PushService: row.PushService, Part: row.Part, Before: row.Cursor,
	}
	return s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		if found.End {
			ours, err := endExpansion(ctx, q, row)
			if err != nil || !ours {
				return err
			}
		} else if n, err := q.StepExpansion(ctx, step); err != nil || n == 0 {
			return err
		}
		if err := insertDrafts(ctx, q, m, drafts); err != nil || !found.End {
			return err
		}
		return s.finishMessage(ctx, q, row.Message)
	})
}

// endExpansion deletes an expansion; ours is false where it is not any more what
// was read.
func endExpansion(ctx context.Context, q *db.Queries, row db.Expansion) (ours bool, err error) {
	n, err := q.EndExpansion(ctx, db.EndExpansionParams{Message: row.Message, PushService: row.PushService, Part: row.Part, Cursor: row.Cursor})
	return n > 0, err
}

func zoneColumns(part push.Part) (zones string, rest int64, err error) {
	encoded, err := json.Marshal(part.Zones)
	return string(encoded), integer(part.Others), err
}

func partOf(row db.Expansion) (push.Part, error) {
	part := push.Part{DueAt: time.UnixMilli(row.DueAt), Start: time.UnixMilli(row.StartAt), Others: row.Rest == 1}
	return part, json.Unmarshal([]byte(row.Zones), &part.Zones)
}

// integer is SQLite's form of a bool.
func integer(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// idOf reads a cursor, which is empty at the start.
func idOf(cursor []byte) (id push.ID) {
	copy(id[:], cursor)
	return id
}

func insertDrafts(ctx context.Context, q *db.Queries, m *push.Message, drafts []push.Draft) error {
	for _, draft := range drafts {
		if _, err := insertBatch(ctx, q, m, draft, nil); err != nil {
			return err
		}
	}
	return nil
}

// insertBatch adds a batch, leased to a node where one is given. One whose
// deliveries have expired is done.
func insertBatch(ctx context.Context, q *db.Queries, m *push.Message, draft push.Draft, node []byte) (no int64, err error) {
	last, err := q.LastBatch(ctx, m.ID[:])
	if err != nil {
		return 0, err
	}
	no = last + 1
	outcomes := draft.Outcomes()
	c := outcomes.Counts()
	state := int64(batchWaiting)
	switch {
	case c.Pending == 0:
		state = batchDone
	case node != nil:
		state = batchLeased
	}
	if err := q.InsertBatch(ctx, db.InsertBatchParams{
		Message: m.ID[:], No: no, PushService: draft.Service, DueAt: draft.DueAt.UnixMilli(), TtlFrom: draft.TTLFrom.UnixMilli(),
		Small: integer(m.Audience.Small()), State: state, Node: node, Fence: firstFence,
		Outcomes: outcomes, Events: make([]byte, len(outcomes)), Targeted: c.Targeted, Expired: c.Expired, Pending: c.Pending,
	}); err != nil || state == batchDone {
		return no, err
	}
	return no, q.InsertMembers(ctx, db.InsertMembersParams{Message: m.ID[:], No: no, Members: push.JoinMembers(draft.Members)})
}

// partRows implements [push.PartRows].
type partRows struct {
	ctx      context.Context
	q        *db.Queries
	site     int64
	service  int64
	audience push.Audience
	part     push.Part
}

// All implements [push.PartRows].
func (r *partRows) All(after push.ID, limit int) ([]push.ID, error) {
	channels := r.audience.Walked()
	if len(channels) == 0 {
		return ids(r.q.AudienceAll(r.ctx, db.AudienceAllParams{Site: r.site, PushService: r.service, ID: after[:], Limit: int64(limit)}))
	}
	return ids(r.q.AudienceChannels(r.ctx, db.AudienceChannelsParams{
		Site: r.site, PushService: r.service, Subscription: after[:], Channels: channels, Limit: int64(limit)}))
}

// Window implements [push.PartRows].
func (r *partRows) Window(after push.ID, limit int) (int, push.ID, error) {
	channels := r.audience.Walked()
	if len(channels) == 0 {
		row, err := r.q.WindowAll(r.ctx, db.WindowAllParams{Site: r.site, PushService: r.service, ID: after[:], Limit: int64(limit)})
		return int(row.N), idOf(row.LastID), err
	}
	row, err := r.q.WindowChannels(r.ctx, db.WindowChannelsParams{
		Site: r.site, PushService: r.service, Subscription: after[:], Channels: channels, Limit: int64(limit)})
	return int(row.N), idOf(row.LastID), err
}

// Members implements [push.PartRows].
func (r *partRows) Members(after, last push.ID, limit int) ([]push.ID, error) {
	a, rest := r.audience, integer(r.part.Others)
	channels, required := a.Walked(), a.Required()
	if len(channels) == 0 {
		return ids(r.q.MembersAll(r.ctx, db.MembersAllParams{
			Site: r.site, PushService: r.service, ID: after[:], ID_2: last[:], Zones: r.part.Zones, Column6: rest, Without: a.NoChannels, Limit: int64(limit)}))
	}
	return ids(r.q.MembersOfChannels(r.ctx, db.MembersOfChannelsParams{
		Site: r.site, PushService: r.service, Subscription: after[:], Subscription_2: last[:], Channels: channels,
		Zones: r.part.Zones, Column7: rest, Required: required, Column9: int64(len(required)), Without: a.NoChannels, Limit: int64(limit)}))
}

func ids(rows [][]byte, err error) ([]push.ID, error) {
	found := make([]push.ID, len(rows))
	for i, row := range rows {
		found[i] = push.ID(row)
	}
	return found, err
}

// countWalked is how many are on the way through a large audience at a push service.
func countWalked(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience, service int64) (int64, error) {
	channels := audience.Walked()
	if len(channels) == 0 {
		return q.CountAll(ctx, db.CountAllParams{Site: int64(site), PushService: service})
	}
	return q.CountChannels(ctx, db.CountChannelsParams{Site: int64(site), PushService: service, Channels: channels})
}

// countAudience is how many a large audience has at a push service.
func countAudience(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience, service int64) (int64, error) {
	if !audience.Chosen() {
		return countWalked(ctx, q, site, audience, service)
	}
	channels, required := audience.Walked(), audience.Required()
	if len(channels) == 0 {
		return q.CountMembersAll(ctx, db.CountMembersAllParams{Site: int64(site), PushService: service, Without: audience.NoChannels})
	}
	return q.CountMembersOfChannels(ctx, db.CountMembersOfChannelsParams{
		Site: int64(site), PushService: service, Channels: channels, Required: required, Column5: int64(len(required)), Without: audience.NoChannels})
}

// CountAudience implements [push.Messages].
func (s *Store) CountAudience(ctx context.Context, site push.SiteID, audience push.Audience) (total int64, err error) {
	if audience.Small() {
		members, err := smallAudience(ctx, s.read, site, audience)
		return int64(len(members)), explain(err)
	}
	services, err := serviceNames(ctx, s.read)
	for service := range services {
		n, err := countAudience(ctx, s.read, site, audience, service)
		if err != nil {
			return 0, explain(err)
		}
		total += n
	}
	return total, explain(err)
}

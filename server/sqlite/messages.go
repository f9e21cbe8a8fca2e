package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// States of a batch.
const (
	batchWaiting = 0
	batchLeased  = 1
	batchDone    = 2
)

// CreateMessage implements [push.Messages].
func (s *Store) CreateMessage(ctx context.Context, site push.SiteID, m *push.Message, o push.CreateOptions) (status push.MessageStatus, batches []push.Batch, err error) {
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		status, batches, err = s.createMessage(ctx, q, site, m, o)
		return err
	})
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	return status, batches, nil
}

func (s *Store) createMessage(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, o push.CreateOptions) (push.MessageStatus, []push.Batch, error) {
	if status, known, err := s.answerAgain(ctx, q, site, o); err != nil || known {
		return status, nil, err
	}
	audience, err := json.Marshal(m.Audience)
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	schedule, err := json.Marshal(m.Schedule)
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	content, err := m.Content()
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	fast := m.Audience.Small() && !m.DueAt.After(s.now())
	if err := q.InsertMessage(ctx, db.InsertMessageParams{
		ID: m.ID[:], Site: int64(site), State: wire.MessageSending, CreatedAt: m.CreatedAt.UnixMilli(), DueAt: m.DueAt.UnixMilli(),
		Ttl: int64(m.TTL / time.Second), Urgency: string(m.Urgency), Topic: m.Topic, Audience: string(audience), Schedule: string(schedule),
		Payload: m.Payload.Template(), Content: content, TargetedFinal: integer(fast),
	}); err != nil {
		return push.MessageStatus{}, nil, err
	}
	var batches []push.Batch
	if fast {
		batches, err = s.batchNow(ctx, q, site, m, o.Lease)
	} else {
		err = expandLater(ctx, q, m)
	}
	if err == nil {
		err = s.finishMessage(ctx, q, m.ID[:])
	}
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	status, err := s.messageStatus(ctx, q, site, m.ID)
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	status.Warnings = o.Warnings
	if err := s.keepAnswer(ctx, q, site, status, o); err != nil {
		return push.MessageStatus{}, nil, err
	}
	return status, batches, nil
}

// batchNow makes the batches of a small audience. With lease those that are due
// already are returned.
func (s *Store) batchNow(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, lease bool) ([]push.Batch, error) {
	members, err := smallAudience(ctx, q, site, m.Audience)
	if err != nil {
		return nil, err
	}
	services, err := serviceNames(ctx, q)
	if err != nil {
		return nil, err
	}
	var batches []push.Batch
	for _, draft := range m.Drafts(members) {
		if !lease || !draft.IsDue(m.DueAt) {
			if _, err := insertBatch(ctx, q, m, draft, nil); err != nil {
				return nil, err
			}
			continue
		}
		no, err := insertBatch(ctx, q, m, draft, s.node)
		if err != nil {
			return nil, err
		}
		// Nobody has left since: this is the transaction that found them.
		c := claim{
			batch: push.Batch{Message: m.ID, No: uint32(no), Service: services[draft.Service], Fence: firstFence},
			site:  site, message: m, service: draft.Service, ttlFrom: draft.TTLFrom,
			ordinals: draft.Outcomes().Unattempted(nil), members: push.JoinMembers(draft.Members),
		}
		if _, err := s.loadBatch(ctx, q, &c); err != nil {
			return nil, err
		}
		batches = append(batches, c.batch)
	}
	return batches, nil
}

// expandLater notes that the audience is to be read when the message is due: by
// then there may be push services that nobody uses yet.
func expandLater(ctx context.Context, q *db.Queries, m *push.Message) error {
	return q.InsertExpansion(ctx, db.InsertExpansionParams{
		Message: m.ID[:], Small: integer(m.Audience.Small()), PushService: anyService, DueAt: m.DueAt.UnixMilli(), StartAt: m.DueAt.UnixMilli(), Zones: "[]", Rest: 1})
}

// anyService stands in the first expansion of a message, which reads a small
// audience at once, and splits a large one by push service and part.
const anyService = 0

// smallAudience finds the subscriptions that an audience names.
func smallAudience(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience) (members []push.Member, err error) {
	seen := make(map[push.ID]bool)
	add := func(m push.Member) {
		if !seen[m.ID] {
			seen[m.ID] = true
			members = append(members, m)
		}
	}
	for _, id := range audience.Subscriptions {
		row, err := q.SubscriptionPlaceByID(ctx, db.SubscriptionPlaceByIDParams{Site: int64(site), ID: id[:]})
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		add(push.Member{Service: row.PushService, ID: id, TimeZone: row.TimeZone})
	}
	for _, user := range audience.Users {
		rows, err := q.SubscriptionsOfUser(ctx, db.SubscriptionsOfUserParams{Site: int64(site), User: user})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			add(push.Member{Service: row.PushService, ID: push.ID(row.ID), TimeZone: row.TimeZone})
		}
	}
	return members, nil
}

// MessageStatus implements [push.Messages].
func (s *Store) MessageStatus(ctx context.Context, site push.SiteID, id push.ID) (push.MessageStatus, error) {
	status, err := s.messageStatus(ctx, s.read, site, id)
	return status, explain(err)
}

func (s *Store) messageStatus(ctx context.Context, q *db.Queries, site push.SiteID, id push.ID) (push.MessageStatus, error) {
	row, err := q.MessageOfSite(ctx, db.MessageOfSiteParams{Site: int64(site), ID: id[:]})
	if errors.Is(err, sql.ErrNoRows) {
		return push.MessageStatus{}, push.ErrMessageUnknown()
	}
	if err != nil {
		return push.MessageStatus{}, err
	}
	return s.statusOf(ctx, q, db.MessagesBeforeRow(row))
}

func (s *Store) statusOf(ctx context.Context, q *db.Queries, row db.MessagesBeforeRow) (push.MessageStatus, error) {
	counts, err := q.MessageCounts(ctx, row.ID)
	if err != nil {
		return push.MessageStatus{}, err
	}
	status := push.MessageStatus{
		ID: push.ID(row.ID), State: row.State, CreatedAt: time.UnixMilli(row.CreatedAt), DueAt: time.UnixMilli(row.DueAt),
		TargetedFinal: row.TargetedFinal == 1, Counts: push.Counts(counts),
	}
	if status.State == wire.MessageSending && status.DueAt.After(s.now()) {
		status.State = wire.MessageScheduled
	}
	return status, status.Restore([]byte(row.Audience), []byte(row.Schedule), row.Payload, row.Content)
}

// ListMessages implements [push.Messages].
func (s *Store) ListMessages(ctx context.Context, site push.SiteID, cursor string, limit int) ([]push.MessageStatus, string, error) {
	before, err := push.ParseMessageCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.MessagesBefore(ctx, db.MessagesBeforeParams{Site: int64(site), ID: before[:], Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	rows, next := push.CutPage(rows, limit, func(row db.MessagesBeforeRow) string { return push.ID(row.ID).String() })
	page := make([]push.MessageStatus, len(rows))
	for i, row := range rows {
		if page[i], err = s.statusOf(ctx, s.read, row); err != nil {
			return nil, "", explain(err)
		}
	}
	return page, next, nil
}

// RecordEvents implements [push.Messages].
func (s *Store) RecordEvents(ctx context.Context, site push.SiteID, events []push.Event) error {
	order, byBatch := push.GroupByBatch(events, func(e push.Event) push.BatchID { return e.Delivery.BatchID() })
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		for _, id := range order {
			raw, err := q.BatchEvents(ctx, db.BatchEventsParams{Site: int64(site), Message: id.Message[:], No: int64(id.No)})
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			sets := push.EventSets(raw)
			if s.wanted.By(site, push.TypeNotificationClicked) {
				clicks, err := sets.ClickEvents(byBatch[id], func() (string, string, error) { return recipient(ctx, q, int64(site), id.Message) })
				if err == nil {
					err = s.tell(ctx, q, site, push.TypeNotificationClicked, clicks...)
				}
				if err != nil {
					return err
				}
			}
			sets.Add(byBatch[id])
			c := sets.Counts()
			if err := q.UpdateEvents(ctx, db.UpdateEventsParams{
				Events: sets, Displayed: c.Displayed, Clicked: c.Clicked, Closed: c.Closed, Message: id.Message[:], No: int64(id.No)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// recipient is the one whom a message names alone: of users only one who is still
// subscribed, and so not one who was forgotten since.
func recipient(ctx context.Context, q *db.Queries, site int64, message push.ID) (user, subscription string, err error) {
	text, err := q.MessageAudience(ctx, db.MessageAudienceParams{Site: site, ID: message[:]})
	if err != nil {
		return "", "", ignoreNoRows(err)
	}
	var audience push.Audience
	if err := json.Unmarshal([]byte(text), &audience); err != nil {
		return "", "", err
	}
	user, id := audience.Sole()
	if user != "" {
		subscribed, err := q.IsUserSubscribed(ctx, db.IsUserSubscribedParams{Site: site, User: user})
		if err != nil || !subscribed {
			return "", "", err
		}
		return user, "", nil
	}
	if id == (push.ID{}) {
		return "", "", nil
	}
	if user, err = q.UserOfSubscription(ctx, db.UserOfSubscriptionParams{Site: site, ID: id[:]}); err != nil {
		return "", "", ignoreNoRows(err)
	}
	return user, id.String(), nil
}

// message reads what deliveries share.
func message(row db.Message) (*push.Message, error) {
	m := &push.Message{
		ID: push.ID(row.ID), CreatedAt: time.UnixMilli(row.CreatedAt), DueAt: time.UnixMilli(row.DueAt),
		TTL: time.Duration(row.Ttl) * time.Second, Urgency: webpush.Urgency(row.Urgency), Topic: row.Topic,
	}
	m.Cancelled = row.State == wire.MessageCancelled
	return m, m.Restore([]byte(row.Audience), []byte(row.Schedule), row.Payload, row.Content)
}

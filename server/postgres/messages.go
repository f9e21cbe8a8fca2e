package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// CreateMessage implements [push.Messages].
func (s *Store) CreateMessage(ctx context.Context, site push.SiteID, m *push.Message, o push.CreateOptions) (status push.MessageStatus, batches []push.Batch, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		status, batches, err = s.createMessage(ctx, q, site, m, o)
		return err
	})
	if err != nil {
		s.stray.add(batches, nil)
		return push.MessageStatus{}, nil, err
	}
	return status, batches, nil
}

// createMessage returns the batches that it has leased also with an error of
// the commit.
func (s *Store) createMessage(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, o push.CreateOptions) (push.MessageStatus, []push.Batch, error) {
	if status, known, err := s.answerAgain(ctx, q, site, o); err != nil || known {
		return status, nil, err
	}
	due, err := s.insertMessage(ctx, q, site, m)
	if err != nil {
		return push.MessageStatus{}, nil, err
	}
	var batches []push.Batch
	if m.Audience.Small() && due.IsDue {
		// By the store's clock.
		now := *m
		now.DueAt = due.DueAt
		batches, err = s.batchNow(ctx, q, site, &now, o.Lease)
	} else {
		// The audience is read when the message is due: by then there may be
		// push services that nobody uses yet.
		err = q.InsertExpansion(ctx, db.InsertExpansionParams{
			Message: m.ID, PushService: anyService, DueAt: due.DueAt, StartAt: due.DueAt, Zones: []string{}, Rest: true, Small: m.Audience.Small()})
	}
	if err == nil {
		err = s.finishMessages(ctx, q, m.ID)
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

func (s *Store) insertMessage(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message) (db.InsertMessageRow, error) {
	audience, err := json.Marshal(m.Audience)
	if err != nil {
		return db.InsertMessageRow{}, err
	}
	schedule, err := json.Marshal(m.Schedule)
	if err != nil {
		return db.InsertMessageRow{}, err
	}
	content, err := m.Content()
	if err != nil {
		return db.InsertMessageRow{}, err
	}
	return q.InsertMessage(ctx, db.InsertMessageParams{
		ID: m.ID, Site: int64(site), State: wire.MessageSending, CreatedAt: m.CreatedAt,
		Scheduled: m.DueAt.After(m.CreatedAt), DueAt: m.DueAt, Now: s.testClock(), Schedule: string(schedule),
		Ttl: int32(m.TTL / time.Second), Urgency: string(m.Urgency), Topic: m.Topic, Audience: string(audience), Payload: m.Payload.Template(), Content: content,
	})
}

// batchNow makes the batches of a small audience. With lease those that are due
// already are returned.
func (s *Store) batchNow(ctx context.Context, q *db.Queries, site push.SiteID, m *push.Message, lease bool) ([]push.Batch, error) {
	members, err := smallAudience(ctx, q, site, m.Audience)
	if err != nil {
		return nil, err
	}
	drafts := m.Drafts(members)
	isLeased := func(draft push.Draft) bool { return lease && draft.IsDue(m.DueAt) }
	first, err := insertBatches(ctx, q, m, drafts, func(draft push.Draft) *push.ID {
		if isLeased(draft) {
			return &s.node
		}
		return nil
	})
	if err != nil || !slices.ContainsFunc(drafts, isLeased) {
		return nil, err
	}
	services, err := q.PushServices(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[int32]string, len(services))
	for _, service := range services {
		names[service.ID] = service.Name
	}
	reading := newReader(q)
	var batches []push.Batch
	for i, draft := range drafts {
		if !isLeased(draft) {
			continue
		}
		service := int32(draft.Service)
		batch := push.Batch{Message: m.ID, No: first + uint32(i), Service: names[service], Fence: firstFence}
		left, err := reading.loadBatch(ctx, &batch, service, draft.TTLFrom, draft.Outcomes(), push.JoinMembers(draft.Members))
		if err != nil {
			return nil, err
		}
		// Nobody else knows these batches, so that no lock is waited for.
		if _, err := s.record(ctx, q, left); err != nil {
			return nil, err
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

// smallAudience finds the subscriptions that an audience names.
func smallAudience(ctx context.Context, q *db.Queries, site push.SiteID, audience push.Audience) (members []push.Member, err error) {
	if len(audience.Subscriptions) > 0 {
		rows, err := q.SubscriptionPlaces(ctx, db.SubscriptionPlacesParams{Site: int64(site), Ids: audience.Subscriptions})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			members = append(members, push.Member{Service: int64(row.PushService), ID: row.ID, TimeZone: row.TimeZone})
		}
	}
	if len(audience.Users) > 0 {
		rows, err := q.SubscriptionsOfUsers(ctx, db.SubscriptionsOfUsersParams{Site: int64(site), Users: audience.Users})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			members = append(members, push.Member{Service: int64(row.PushService), ID: row.ID, TimeZone: row.TimeZone})
		}
	}
	return members, nil
}

// finishMessages writes that the audiences have been read to their end, and that
// messages are sent when nothing of them is left to do.
func (s *Store) finishMessages(ctx context.Context, q *db.Queries, ids ...push.ID) error {
	if err := q.LockMessages(ctx, ids); err != nil {
		return err
	}
	rows, err := q.FinishMessages(ctx, db.FinishMessagesParams{Sending: wire.MessageSending, Sent: wire.MessageSent, Cancelled: wire.MessageCancelled, Ids: ids})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.State != wire.MessageSent || !s.wanted.By(push.SiteID(row.Site), push.TypeMessageSent) {
			continue
		}
		status, err := s.messageStatus(ctx, q, push.SiteID(row.Site), row.ID)
		if err != nil {
			return err
		}
		if err := s.tell(ctx, q, row.Site, push.TypeMessageSent, status.Response()); err != nil {
			return err
		}
	}
	return nil
}

// MessageStatus implements [push.Messages].
func (s *Store) MessageStatus(ctx context.Context, site push.SiteID, id push.ID) (status push.MessageStatus, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		status, err = s.messageStatus(ctx, q, site, id)
		return err
	})
	return status, err
}

func (s *Store) messageStatus(ctx context.Context, q *db.Queries, site push.SiteID, id push.ID) (push.MessageStatus, error) {
	row, err := q.MessageOfSite(ctx, db.MessageOfSiteParams{Now: s.testClock(), Site: int64(site), ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return push.MessageStatus{}, push.ErrMessageUnknown()
	}
	if err != nil {
		return push.MessageStatus{}, err
	}
	return messageStatus(db.MessagesBeforeRow(row))
}

func messageStatus(of db.MessagesBeforeRow) (push.MessageStatus, error) {
	row := of.MessageStatus
	status := push.MessageStatus{
		ID: row.ID, State: row.State, CreatedAt: row.CreatedAt, DueAt: row.DueAt, TargetedFinal: row.TargetedFinal,
		Counts: push.Counts{
			Targeted: row.Targeted, Accepted: row.Accepted, Gone: row.Gone, Failed: row.Failed, Expired: row.Expired,
			Cancelled: row.Cancelled, Pending: row.Pending, Displayed: row.Displayed, Clicked: row.Clicked, Closed: row.Closed,
		},
	}
	if status.State == wire.MessageSending && of.Waits {
		status.State = wire.MessageScheduled
	}
	return status, status.Restore([]byte(of.Audience), []byte(of.Schedule), of.Payload, of.Content)
}

// ListMessages implements [push.Messages].
func (s *Store) ListMessages(ctx context.Context, site push.SiteID, cursor string, limit int) (page []push.MessageStatus, next string, err error) {
	before, err := push.ParseMessageCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.MessagesBefore(ctx, db.MessagesBeforeParams{Now: s.testClock(), Site: int64(site), ID: before, AtMost: int32(limit) + 1})
		if err != nil {
			return err
		}
		rows, next = push.CutPage(rows, limit, func(row db.MessagesBeforeRow) string { return row.MessageStatus.ID.String() })
		page = make([]push.MessageStatus, len(rows))
		for i, row := range rows {
			if page[i], err = messageStatus(row); err != nil {
				return err
			}
		}
		return nil
	})
	return page, next, err
}

// RecordEvents implements [push.Messages].
func (s *Store) RecordEvents(ctx context.Context, site push.SiteID, events []push.Event) error {
	order, byBatch := push.GroupByBatch(events, func(e push.Event) push.BatchID { return e.Delivery.BatchID() })
	messages, nos := batchColumns(order)
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.LockEvents(ctx, db.LockEventsParams{Messages: messages, Nos: nos, Site: int64(site)})
		if err != nil {
			return err
		}
		var clicks []any
		for _, row := range rows {
			sets, events := push.EventSets(row.Events), byBatch[push.BatchID{Message: row.Message, No: uint32(row.No)}]
			if s.wanted.By(site, push.TypeNotificationClicked) {
				more, err := sets.ClickEvents(events, func() (string, string, error) { return recipient(ctx, q, int64(site), row.Message) })
				if err != nil {
					return err
				}
				clicks = append(clicks, more...)
			}
			sets.Add(events)
			c := sets.Counts()
			if err := q.UpdateEvents(ctx, db.UpdateEventsParams{
				Events: sets, Displayed: c.Displayed, Clicked: c.Clicked, Closed: c.Closed, Message: row.Message, No: row.No}); err != nil {
				return err
			}
		}
		return s.tell(ctx, q, int64(site), push.TypeNotificationClicked, clicks...)
	})
}

// recipient is the one whom a message names alone: of users only one who is still
// subscribed, and so not one who was forgotten since.
func recipient(ctx context.Context, q *db.Queries, site int64, message push.ID) (user, subscription string, err error) {
	text, err := q.MessageAudience(ctx, db.MessageAudienceParams{Site: site, ID: message})
	if err != nil {
		return "", "", ignoreNoRows(err)
	}
	var audience push.Audience
	if err := json.Unmarshal([]byte(text), &audience); err != nil {
		return "", "", err
	}
	user, id := audience.Sole()
	if user != "" {
		subscribed, err := q.IsUserSubscribed(ctx, db.IsUserSubscribedParams{Site: site, UserID: user})
		if err != nil || !subscribed {
			return "", "", err
		}
		return user, "", nil
	}
	if id == (push.ID{}) {
		return "", "", nil
	}
	if user, err = q.UserOfSubscription(ctx, db.UserOfSubscriptionParams{Site: site, ID: id}); err != nil {
		return "", "", ignoreNoRows(err)
	}
	return user, id.String(), nil
}

// batchColumns returns batches as the arrays that statements take.
func batchColumns(batches []push.BatchID) (messages []push.ID, nos []int64) {
	for _, b := range batches {
		messages, nos = append(messages, b.Message), append(nos, int64(b.No))
	}
	return messages, nos
}

// message reads what deliveries share.
func message(row db.Message) (*push.Message, error) {
	m := &push.Message{
		ID: row.ID, CreatedAt: row.CreatedAt, DueAt: row.DueAt,
		TTL: time.Duration(row.Ttl) * time.Second, Urgency: webpush.Urgency(row.Urgency), Topic: row.Topic,
	}
	m.Cancelled = row.State == wire.MessageCancelled
	return m, m.Restore([]byte(row.Audience), []byte(row.Schedule), row.Payload, row.Content)
}

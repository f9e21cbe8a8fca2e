package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// A reader makes deliveries of what was leased. It reads each message once.
type reader struct {
	q        *db.Queries
	messages map[push.ID]push.Loader
}

func newReader(q *db.Queries) *reader {
	return &reader{q, make(map[push.ID]push.Loader)}
}

// loader returns one for a message's deliveries to a push service.
func (r *reader) loader(ctx context.Context, id push.ID, service string) (push.Loader, error) {
	l, ok := r.messages[id]
	if !ok {
		row, err := r.q.MessageByID(ctx, id)
		if err != nil {
			return l, err
		}
		m, err := message(row.Message)
		if err != nil {
			return l, err
		}
		l = push.Loader{Site: push.SiteID(row.Message.Site), Tokens: push.TokenKey(row.TokenKey), Message: m}
		r.messages[id] = l
	}
	l.Service = service
	return l, nil
}

// recipients returns those of the ids that are still subscribed, and gives the loader
// the attributes of their users.
func (r *reader) recipients(ctx context.Context, l *push.Loader, service int32, ids []push.ID) (map[push.ID]*push.Recipient, error) {
	rows, err := r.q.Recipients(ctx, db.RecipientsParams{Site: int64(l.Site), PushService: service, Ids: ids})
	if err != nil {
		return nil, err
	}
	recipients := make(map[push.ID]*push.Recipient, len(rows))
	for _, row := range rows {
		sub, err := webpush.NewSubscription(row.Endpoint, row.P256dh, row.Auth)
		if err != nil {
			return nil, fmt.Errorf("subscription %s: %w", row.ID, err)
		}
		recipients[row.ID] = &push.Recipient{ID: row.ID, Subscription: sub, Key: push.KeyID(row.KeyID), TimeZone: row.TimeZone, Locale: row.Locale, User: row.UserID}
	}
	if err := addClosings(ctx, r.q, int64(l.Site), recipients); err != nil {
		return nil, err
	}
	users := l.Users(recipients)
	if len(users) == 0 {
		return recipients, nil
	}
	attributes, err := r.q.AttributesOfUsers(ctx, db.AttributesOfUsersParams{Site: int64(l.Site), Ids: users})
	if err != nil {
		return nil, err
	}
	for _, row := range attributes {
		if err := l.AddAttributes(row.ID, row.Attributes); err != nil {
			return nil, err
		}
	}
	return recipients, nil
}

// loadBatch makes the deliveries of a batch that were not attempted yet. left are
// the outcomes of members who have unsubscribed.
func (r *reader) loadBatch(ctx context.Context, batch *push.Batch, service int32, ttlFrom time.Time, outcomes push.Outcomes, members push.Members) (left []push.DeliveryResult, err error) {
	waiting, err := r.q.ExceptionOrdinals(ctx, db.ExceptionOrdinalsParams{Message: batch.Message, Batch: int64(batch.No)})
	if err != nil {
		return nil, err
	}
	again := make([]uint16, len(waiting))
	for i, ordinal := range waiting {
		again[i] = uint16(ordinal)
	}
	l, err := r.loader(ctx, batch.Message, batch.Service)
	if err != nil {
		return nil, err
	}
	l.TTLFrom = ttlFrom
	ordinals := outcomes.Unattempted(again)
	ids := make([]push.ID, len(ordinals))
	for i, ordinal := range ordinals {
		ids[i] = members.At(ordinal)
	}
	recipients, err := r.recipients(ctx, &l, service, ids)
	if err != nil {
		return nil, err
	}
	l.Deliveries = slices.Grow(l.Deliveries, len(ordinals))
	for i, ordinal := range ordinals {
		l.Add(batch.No, ordinal, batch.Fence, 0, recipients[ids[i]])
	}
	batch.Deliveries = l.Deliveries
	return l.Left, nil
}

// loadRetries makes the deliveries of leased exceptions, batch by batch.
func (r *reader) loadRetries(ctx context.Context, rows []db.LeaseExceptionsRow) (deliveries []push.Delivery, left []push.DeliveryResult, err error) {
	order, byBatch := push.GroupByBatch(rows, func(row db.LeaseExceptionsRow) push.BatchID {
		return push.BatchID{Message: row.Message, No: uint32(row.Batch)}
	})
	for _, id := range order {
		rows := byBatch[id]
		l, err := r.loader(ctx, id.Message, rows[0].Service)
		if err != nil {
			return nil, nil, err
		}
		l.TTLFrom = rows[0].TtlFrom
		raw, err := r.q.Members(ctx, db.MembersParams{Message: id.Message, No: int64(id.No)})
		if err != nil {
			return nil, nil, err
		}
		members, ids := push.Members(raw), make([]push.ID, len(rows))
		for i, row := range rows {
			ids[i] = members.At(uint16(row.Ordinal))
		}
		recipients, err := r.recipients(ctx, &l, rows[0].PushService, ids)
		if err != nil {
			return nil, nil, err
		}
		for i, row := range rows {
			l.Add(id.No, uint16(row.Ordinal), row.Fence, int(row.Attempt), recipients[ids[i]])
		}
		deliveries, left = append(deliveries, l.Deliveries...), append(left, l.Left...)
	}
	return deliveries, left, nil
}

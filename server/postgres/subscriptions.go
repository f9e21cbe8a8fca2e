package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// PutSubscription implements [push.Subscriptions].
func (s *Store) PutSubscription(ctx context.Context, site push.SiteID, r *push.Subscribe) (sub push.Subscription, created bool, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := s.lockRows(ctx, q, site, r.Endpoint(), r.Replaces)
		if err != nil {
			return err
		}
		sub, created, err = r.Put(rows, s.now())
		return err
	})
	return sub, created, err
}

// siteRows implements [push.SubscriptionRows] for endpoints that it has locked.
type siteRows struct {
	ctx   context.Context
	q     *db.Queries
	site  int64
	store *Store
	subs  map[push.EndpointHash]*push.Subscription
	// places are the push services of the subscriptions.
	places map[push.ID]int32
	tombs  map[push.EndpointHash]*push.Tombstone
}

// lockRows locks and reads what is known of endpoints.
func (s *Store) lockRows(ctx context.Context, q *db.Queries, site push.SiteID, endpoints ...string) (*siteRows, error) {
	var hashes [][]byte
	for _, endpoint := range endpoints {
		hash := push.HashEndpoint(endpoint)
		hashes = append(hashes, hash[:])
	}
	return s.lockHashes(ctx, q, site, hashes)
}

// lockHashes is lockRows by the endpoints' hashes. The order keeps two transactions
// that name the same endpoints from waiting for each other; an endpoint that is not
// there yet is locked by whoever inserts it first.
func (s *Store) lockHashes(ctx context.Context, q *db.Queries, site push.SiteID, hashes [][]byte) (*siteRows, error) {
	r := &siteRows{
		ctx: ctx, q: q, site: int64(site), store: s,
		subs: make(map[push.EndpointHash]*push.Subscription), places: make(map[push.ID]int32), tombs: make(map[push.EndpointHash]*push.Tombstone),
	}
	rows, err := q.LockSubscriptions(ctx, db.LockSubscriptionsParams{Site: r.site, Hashes: hashes})
	if err != nil {
		return nil, err
	}
	if err := r.addSubscriptions(rows); err != nil {
		return nil, err
	}
	tombs, err := q.LockTombstones(ctx, db.LockTombstonesParams{Site: r.site, Hashes: hashes})
	for _, row := range tombs {
		tomb := tombstone(row)
		r.tombs[tomb.Hash] = tomb
	}
	return r, err
}

func (r *siteRows) addSubscriptions(rows []db.LockSubscriptionsRow) error {
	if len(rows) == 0 {
		return nil
	}
	of := db.ChannelsOfSubscriptionsParams{Site: r.site}
	for _, row := range rows {
		of.PushServices, of.Subscriptions = append(of.PushServices, row.Subscription.PushService), append(of.Subscriptions, row.Subscription.ID)
	}
	found, err := r.q.ChannelsOfSubscriptions(r.ctx, of)
	if err != nil {
		return err
	}
	channels := make(map[push.ID][]string)
	for _, row := range found {
		channels[row.Subscription] = append(channels[row.Subscription], row.Channel)
	}
	for _, row := range rows {
		sub, err := subscription(row.Subscription, row.Service, channels[row.Subscription.ID])
		if err != nil {
			return err
		}
		sub.Failing = failing(row.Since, row.LastAt, row.Failures, row.Status, row.Reason)
		r.subs[push.EndpointHash(row.Subscription.EndpointHash)] = &sub
		r.places[sub.ID] = row.Subscription.PushService
	}
	return nil
}

// ByHash implements [push.SubscriptionRows].
func (r *siteRows) ByHash(hash push.EndpointHash) (*push.Subscription, error) {
	return r.subs[hash], nil
}

// Tombstone implements [push.SubscriptionRows].
func (r *siteRows) Tombstone(hash push.EndpointHash) (*push.Tombstone, error) {
	return r.tombs[hash], nil
}

// CurrentKey implements [push.SubscriptionRows].
func (r *siteRows) CurrentKey() (push.KeyID, error) {
	key, err := r.q.CurrentVAPIDKey(r.ctx, r.site)
	return push.KeyID(key), err
}

// KeyByPublic implements [push.SubscriptionRows].
func (r *siteRows) KeyByPublic(public string) (key push.KeyID, ok bool, err error) {
	id, err := r.q.VAPIDKeyByPublic(r.ctx, db.VAPIDKeyByPublicParams{Site: r.site, Public: public})
	return push.KeyID(id), err == nil, ignoreNoRows(err)
}

// Insert implements [push.SubscriptionRows].
func (r *siteRows) Insert(sub *push.Subscription) error {
	service, err := pushServiceID(r.ctx, r.q, sub.Service)
	if err != nil {
		return err
	}
	r.places[sub.ID] = service
	hash := push.HashEndpoint(sub.Endpoint())
	return r.q.InsertSubscription(r.ctx, db.InsertSubscriptionParams{
		Site: r.site, PushService: service, ID: sub.ID, EndpointHash: hash[:], Endpoint: sub.Endpoint(),
		P256dh: sub.P256dh(), Auth: sub.Auth(), KeyID: int64(sub.Key), Locale: sub.Locale, TimeZone: sub.TimeZone, UserID: sub.User,
		CreatedAt: sub.CreatedAt, LastSeenAt: sub.LastSeenAt,
	})
}

// Update implements [push.SubscriptionRows].
func (r *siteRows) Update(sub *push.Subscription) error {
	hash := push.HashEndpoint(sub.Endpoint())
	return r.q.UpdateSubscription(r.ctx, db.UpdateSubscriptionParams{
		KeyID: int64(sub.Key), Locale: sub.Locale, TimeZone: sub.TimeZone, UserID: sub.User, LastSeenAt: sub.LastSeenAt,
		Site: r.site, EndpointHash: hash[:],
	})
}

// Touch implements [push.SubscriptionRows].
func (r *siteRows) Touch(sub *push.Subscription) error { return r.Update(sub) }

// SetChannels implements [push.SubscriptionRows].
func (r *siteRows) SetChannels(sub *push.Subscription, add, remove []string) error {
	service := r.places[sub.ID]
	if len(remove) > 0 {
		if err := r.q.DeleteChannels(r.ctx, db.DeleteChannelsParams{
			Site: r.site, PushService: service, Subscription: sub.ID, Channels: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	return r.q.InsertChannels(r.ctx, db.InsertChannelsParams{Site: r.site, Channels: add, PushService: service, Subscription: sub.ID})
}

// End implements [push.SubscriptionRows].
func (r *siteRows) End(sub *push.Subscription, reason push.EndReason, at time.Time) error {
	hash := push.HashEndpoint(sub.Endpoint())
	return r.store.endSubscriptions(r.ctx, r.q, r.site, [][]byte{hash[:]}, reason, at)
}

// PutTombstone implements [push.SubscriptionRows].
func (r *siteRows) PutTombstone(tomb *push.Tombstone) error {
	return r.q.PutTombstone(r.ctx, db.PutTombstoneParams{
		Site: r.site, EndpointHash: tomb.Hash[:], Reason: string(tomb.Reason), EndedAt: tomb.EndedAt,
		ID: tomb.ID, Channels: tomb.Channels, UserID: tomb.User,
	})
}

// DeleteTombstone implements [push.SubscriptionRows].
func (r *siteRows) DeleteTombstone(hash push.EndpointHash) error {
	return r.q.DeleteTombstone(r.ctx, db.DeleteTombstoneParams{Site: r.site, EndpointHash: hash[:]})
}

// endSubscriptions ends those that are locked.
func (s *Store) endSubscriptions(ctx context.Context, q *db.Queries, site int64, hashes [][]byte, reason push.EndReason, at time.Time) error {
	told, err := s.goneEvents(ctx, q, site, hashes, reason)
	if err != nil {
		return err
	}
	ended, err := q.EndSubscriptions(ctx, db.EndSubscriptionsParams{Reason: string(reason), EndedAt: at, Site: site, Hashes: hashes})
	if err != nil {
		return err
	}
	if err := countLosses(ctx, q, site, reason, at, ended); err != nil {
		return err
	}
	return s.tell(ctx, q, site, push.TypeSubscriptionGone, told...)
}

// goneEvents are what webhooks are to be told of subscriptions that end and are locked;
// none where none wants to be.
func (s *Store) goneEvents(ctx context.Context, q *db.Queries, site int64, hashes [][]byte, reason push.EndReason) (events []any, err error) {
	if !reason.IsLoss() || !s.wanted.By(push.SiteID(site), push.TypeSubscriptionGone) {
		return nil, nil
	}
	rows, err := q.LockSubscriptions(ctx, db.LockSubscriptionsParams{Site: site, Hashes: hashes})
	for _, row := range rows {
		sub := push.Subscription{ID: row.Subscription.ID, Service: row.Service, User: row.Subscription.UserID}
		events = append(events, sub.GoneEvent(reason))
	}
	return events, err
}

// Created implements [push.SubscriptionRows].
func (r *siteRows) Created(sub *push.Subscription) error {
	if !r.store.wanted.By(push.SiteID(r.site), push.TypeSubscriptionCreated) {
		return nil
	}
	return r.store.tell(r.ctx, r.q, r.site, push.TypeSubscriptionCreated, sub.Info())
}

// SubscriptionByEndpoint implements [push.Subscriptions].
func (s *Store) SubscriptionByEndpoint(ctx context.Context, site push.SiteID, endpoint string) (sub push.Subscription, err error) {
	hash := push.HashEndpoint(endpoint)
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.SubscriptionByEndpoint(ctx, db.SubscriptionByEndpointParams{Site: int64(site), EndpointHash: hash[:]})
		if err == nil {
			sub, err = subscription(row.Subscription, row.Service, row.Channels)
			sub.Closings = row.Closings
			sub.Failing = failing(row.Since, row.LastAt, row.Failures, row.Status, row.Reason)
			return err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		tomb, err := q.TombstoneByEndpoint(ctx, db.TombstoneByEndpointParams{Site: int64(site), EndpointHash: hash[:]})
		if errors.Is(err, pgx.ErrNoRows) {
			return push.ErrEnded(nil)
		}
		if err != nil {
			return err
		}
		return push.ErrEnded(tombstone(tomb))
	})
	return sub, err
}

// TouchSubscription implements [push.Subscriptions].
func (s *Store) TouchSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	hash := push.HashEndpoint(endpoint)
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.TouchSubscription(ctx, db.TouchSubscriptionParams{LastSeenAt: s.now(), Site: int64(site), EndpointHash: hash[:]})
	})
}

// RemoveSubscription implements [push.Subscriptions].
func (s *Store) RemoveSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := s.lockRows(ctx, q, site, endpoint)
		if err != nil {
			return err
		}
		for _, sub := range rows.subs {
			return rows.End(sub, push.EndUnsubscribed, s.now())
		}
		return nil
	})
}

// ListSubscriptions implements [push.Subscriptions].
func (s *Store) ListSubscriptions(ctx context.Context, site push.SiteID, cursor string, limit int) (page []push.Subscription, next string, err error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.SubscriptionsAfter(ctx, db.SubscriptionsAfterParams{
			Site: int64(site), PushService: int32(after.Service), ID: after.ID, AtMost: int32(limit) + 1})
		if err != nil {
			return err
		}
		page, next, err = listPage(ctx, q, rows, limit)
		return err
	})
	return page, next, err
}

// listPage makes a page of rows, of which there is one more where another page
// follows.
func listPage(ctx context.Context, q *db.Queries, rows []db.SubscriptionsAfterRow, limit int) (page []push.Subscription, next string, err error) {
	rows, next = push.CutPage(rows, limit, func(row db.SubscriptionsAfterRow) string {
		return push.SubscriptionCursor{Service: int64(row.Subscription.PushService), ID: row.Subscription.ID}.String()
	})
	page = make([]push.Subscription, len(rows))
	for i, row := range rows {
		if page[i], err = subscription(row.Subscription, row.Service, row.Channels); err != nil {
			return nil, "", err
		}
	}
	return page, next, addFailing(ctx, q, rows, page)
}

func subscription(row db.Subscription, service string, channels []string) (push.Subscription, error) {
	parsed, err := webpush.NewSubscription(row.Endpoint, row.P256dh, row.Auth)
	if err != nil {
		return push.Subscription{}, fmt.Errorf("subscription %s: %w", row.ID, err)
	}
	if channels == nil {
		channels = []string{}
	}
	return push.Subscription{
		ID: row.ID, Service: service, Subscription: parsed, Key: push.KeyID(row.KeyID), Channels: channels,
		Locale: row.Locale, TimeZone: row.TimeZone, User: row.UserID, CreatedAt: row.CreatedAt, LastSeenAt: row.LastSeenAt,
	}, nil
}

// failing is of the columns of a row that may not be there.
func failing(since, lastAt *time.Time, failures *int64, status *int32, reason *string) *push.Failing {
	if since == nil {
		return nil
	}
	return &push.Failing{Since: *since, LastAt: *lastAt, Failures: int(*failures), Status: int(*status), Reason: *reason}
}

func tombstone(row db.Tombstone) *push.Tombstone {
	return &push.Tombstone{
		Hash: push.EndpointHash(row.EndpointHash), Reason: push.EndReason(row.Reason), EndedAt: row.EndedAt,
		ID: row.ID, Channels: row.Channels, User: row.UserID,
	}
}

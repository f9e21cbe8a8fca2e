package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/webpush"
)

// PutSubscription implements [push.Subscriptions].
func (s *Store) PutSubscription(ctx context.Context, site push.SiteID, r *push.Subscribe) (sub push.Subscription, created bool, err error) {
	var rows *siteRows
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		rows = s.rows(ctx, q, site)
		sub, created, err = r.Put(rows, s.now())
		return err
	})
	if err == nil {
		rows.committed()
	}
	return sub, created, err
}

// siteRows implements [push.SubscriptionRows].
type siteRows struct {
	ctx   context.Context
	q     *db.Queries
	site  int64
	store *Store
	// services are the push services' numbers that were asked for.
	services map[string]int64
	// key is the one of the subscription that was read last, which mostly is the key that
	// is asked for next.
	key readKey
}

// A readKey is a VAPID key that was read within the transaction.
type readKey struct {
	id        push.KeyID
	public    string
	isCurrent bool
}

// rows are a site's, by the statements of q.
func (s *Store) rows(ctx context.Context, q *db.Queries, site push.SiteID) *siteRows {
	return &siteRows{ctx: ctx, q: q, site: int64(site), store: s}
}

// serviceID returns the number of a push service, which it gets on first sight and
// keeps for ever.
func (r *siteRows) serviceID(name string) (int64, error) {
	if id, ok := r.store.services.Load(name); ok {
		return id.(int64), nil
	}
	if id, ok := r.services[name]; ok {
		return id, nil
	}
	id, err := pushServiceID(r.ctx, r.q, name)
	if r.services == nil {
		r.services = make(map[string]int64)
	}
	r.services[name] = id
	return id, err
}

// committed is called after the commit of what was written by these rows.
func (r *siteRows) committed() {
	for name, id := range r.services {
		r.store.services.Store(name, id)
	}
}

// ByHash implements [push.SubscriptionRows].
func (r *siteRows) ByHash(hash push.EndpointHash) (*push.Subscription, error) {
	row, err := r.q.SubscriptionByEndpoint(r.ctx, db.SubscriptionByEndpointParams{Site: r.site, EndpointHash: hash[:]})
	if err != nil {
		return nil, ignoreNoRows(err)
	}
	r.key = readKey{push.KeyID(row.Subscription.KeyID), row.KeyPublic, row.KeyState == currentKey}
	channels, err := list[string](row.Channels)
	if err != nil {
		return nil, err
	}
	slices.Sort(channels)
	failing, err := list[db.Failing](row.Failing)
	if err != nil {
		return nil, err
	}
	sub, err := subscription(row.Subscription, row.Service, channels)
	for _, f := range failing {
		sub.Failing = toFailing(f)
	}
	sub.Closings = row.Closings
	return &sub, err
}

// list reads a JSON array, which is mostly empty.
func list[T any](text string) (members []T, err error) {
	if text == "[]" {
		return []T{}, nil
	}
	return members, json.Unmarshal([]byte(text), &members)
}

// Tombstone implements [push.SubscriptionRows].
func (r *siteRows) Tombstone(hash push.EndpointHash) (*push.Tombstone, error) {
	row, err := r.q.TombstoneByEndpoint(r.ctx, db.TombstoneByEndpointParams{Site: r.site, EndpointHash: hash[:]})
	if err != nil {
		return nil, ignoreNoRows(err)
	}
	return tombstone(row)
}

func tombstone(row db.Tombstone) (*push.Tombstone, error) {
	tomb := &push.Tombstone{
		Hash: push.EndpointHash(row.EndpointHash), Reason: push.EndReason(row.Reason), EndedAt: time.UnixMilli(row.EndedAt),
		ID: push.ID(row.ID), User: row.User,
	}
	return tomb, json.Unmarshal([]byte(row.Channels), &tomb.Channels)
}

// CurrentKey implements [push.SubscriptionRows].
func (r *siteRows) CurrentKey() (push.KeyID, error) {
	if r.key.isCurrent {
		return r.key.id, nil
	}
	key, err := r.q.CurrentVAPIDKey(r.ctx, r.site)
	return push.KeyID(key), err
}

// KeyByPublic implements [push.SubscriptionRows].
func (r *siteRows) KeyByPublic(public string) (key push.KeyID, ok bool, err error) {
	if public != "" && public == r.key.public {
		return r.key.id, true, nil
	}
	id, err := r.q.VAPIDKeyByPublic(r.ctx, db.VAPIDKeyByPublicParams{Site: r.site, Public: public})
	return push.KeyID(id), err == nil, ignoreNoRows(err)
}

// Insert implements [push.SubscriptionRows].
func (r *siteRows) Insert(sub *push.Subscription) error {
	service, err := r.serviceID(sub.Service)
	if err != nil {
		return err
	}
	hash := push.HashEndpoint(sub.Endpoint())
	return r.q.InsertSubscription(r.ctx, db.InsertSubscriptionParams{
		Site: r.site, PushService: service, ID: sub.ID[:], EndpointHash: hash[:], Endpoint: sub.Endpoint(),
		P256dh: sub.P256dh(), Auth: sub.Auth(), KeyID: int64(sub.Key), Locale: sub.Locale, TimeZone: sub.TimeZone, User: sub.User,
		CreatedAt: sub.CreatedAt.UnixMilli(), LastSeenAt: sub.LastSeenAt.UnixMilli(),
	})
}

// Update implements [push.SubscriptionRows].
func (r *siteRows) Update(sub *push.Subscription) error {
	hash := push.HashEndpoint(sub.Endpoint())
	return r.q.UpdateSubscription(r.ctx, db.UpdateSubscriptionParams{
		KeyID: int64(sub.Key), Locale: sub.Locale, TimeZone: sub.TimeZone, User: sub.User, LastSeenAt: sub.LastSeenAt.UnixMilli(),
		Site: r.site, EndpointHash: hash[:],
	})
}

// Touch implements [push.SubscriptionRows]. Where nothing else is written, nobody waits
// for the disk.
func (r *siteRows) Touch(sub *push.Subscription) error {
	r.store.seen.note(push.SiteID(r.site), sub.Endpoint())
	return nil
}

// SetChannels implements [push.SubscriptionRows].
func (r *siteRows) SetChannels(sub *push.Subscription, add, remove []string) error {
	if len(add) == 0 && len(remove) == 0 {
		return nil
	}
	service, err := r.serviceID(sub.Service)
	for _, channel := range remove {
		err = errors.Join(err, r.q.DeleteChannel(r.ctx, db.DeleteChannelParams{
			Site: r.site, Channel: channel, PushService: service, Subscription: sub.ID[:]}))
	}
	for _, channel := range add {
		err = errors.Join(err, r.q.InsertChannel(r.ctx, db.InsertChannelParams{
			Site: r.site, Channel: channel, PushService: service, Subscription: sub.ID[:]}))
	}
	return err
}

// End implements [push.SubscriptionRows].
func (r *siteRows) End(sub *push.Subscription, reason push.EndReason, at time.Time) error {
	hash := push.HashEndpoint(sub.Endpoint())
	if err := r.q.DeleteSubscription(r.ctx, db.DeleteSubscriptionParams{Site: r.site, EndpointHash: hash[:]}); err != nil {
		return err
	}
	if err := countLosses(r.ctx, r.q, r.site, reason, at, 1); err != nil {
		return err
	}
	if err := r.PutTombstone(&push.Tombstone{Hash: hash, Reason: reason, EndedAt: at, ID: sub.ID, Channels: sub.Channels, User: sub.User}); err != nil {
		return err
	}
	if !reason.IsLoss() || !r.store.wanted.By(push.SiteID(r.site), push.TypeSubscriptionGone) {
		return nil
	}
	return r.store.tell(r.ctx, r.q, push.SiteID(r.site), push.TypeSubscriptionGone, sub.GoneEvent(reason))
}

// Created implements [push.SubscriptionRows].
func (r *siteRows) Created(sub *push.Subscription) error {
	if !r.store.wanted.By(push.SiteID(r.site), push.TypeSubscriptionCreated) {
		return nil
	}
	return r.store.tell(r.ctx, r.q, push.SiteID(r.site), push.TypeSubscriptionCreated, sub.Info())
}

// PutTombstone implements [push.SubscriptionRows].
func (r *siteRows) PutTombstone(tomb *push.Tombstone) error {
	channels, err := json.Marshal(tomb.Channels)
	if err != nil {
		return err
	}
	return r.q.PutTombstone(r.ctx, db.PutTombstoneParams{
		Site: r.site, EndpointHash: tomb.Hash[:], Reason: string(tomb.Reason), EndedAt: tomb.EndedAt.UnixMilli(),
		ID: tomb.ID[:], Channels: string(channels), User: tomb.User,
	})
}

// DeleteTombstone implements [push.SubscriptionRows].
func (r *siteRows) DeleteTombstone(hash push.EndpointHash) error {
	return r.q.DeleteTombstone(r.ctx, db.DeleteTombstoneParams{Site: r.site, EndpointHash: hash[:]})
}

// end ends the subscription of an endpoint, if it is there.
func (r *siteRows) end(endpoint string, reason func(*push.Subscription) push.EndReason, at time.Time) error {
	sub, err := r.ByHash(push.HashEndpoint(endpoint))
	if err != nil || sub == nil {
		return err
	}
	return r.End(sub, reason(sub), at)
}

// SubscriptionByEndpoint implements [push.Subscriptions].
func (s *Store) SubscriptionByEndpoint(ctx context.Context, site push.SiteID, endpoint string) (push.Subscription, error) {
	hash, rows := push.HashEndpoint(endpoint), s.rows(ctx, s.read, site)
	sub, err := rows.ByHash(hash)
	if err != nil {
		return push.Subscription{}, explain(err)
	}
	if sub != nil {
		return *sub, nil
	}
	tomb, err := rows.Tombstone(hash)
	if err != nil {
		return push.Subscription{}, explain(err)
	}
	return push.Subscription{}, push.ErrEnded(tomb)
}

// TouchSubscription implements [push.Subscriptions].
func (s *Store) TouchSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	s.seen.note(site, endpoint)
	return nil
}

// RemoveSubscription implements [push.Subscriptions].
func (s *Store) RemoveSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return s.rows(ctx, q, site).end(endpoint, func(*push.Subscription) push.EndReason { return push.EndUnsubscribed }, s.now())
	})
}

// ListSubscriptions implements [push.Subscriptions].
func (s *Store) ListSubscriptions(ctx context.Context, site push.SiteID, cursor string, limit int) ([]push.Subscription, string, error) {
	after, err := push.ParseSubscriptionCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.SubscriptionsAfter(ctx, db.SubscriptionsAfterParams{
		Site: int64(site), PushService: after.Service, ID: after.ID[:], Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	return s.page(ctx, rows, limit)
}

// page makes a page of rows, of which there is one more where another page follows.
func (s *Store) page(ctx context.Context, rows []db.Subscription, limit int) (page []push.Subscription, next string, err error) {
	rows, next = push.CutPage(rows, limit, func(row db.Subscription) string {
		return push.SubscriptionCursor{Service: row.PushService, ID: push.ID(row.ID)}.String()
	})
	services, err := serviceNames(ctx, s.read)
	if err != nil {
		return nil, "", explain(err)
	}
	page = make([]push.Subscription, len(rows))
	for i, row := range rows {
		if page[i], err = withChannels(ctx, s.read, row, services); err != nil {
			return nil, "", explain(err)
		}
	}
	return page, next, explain(s.addFailing(ctx, rows, page))
}

// withChannels reads what a subscription's row does not hold.
func withChannels(ctx context.Context, q *db.Queries, row db.Subscription, services map[int64]string) (push.Subscription, error) {
	channels, err := q.ChannelsOfSubscription(ctx, db.ChannelsOfSubscriptionParams{
		Site: row.Site, PushService: row.PushService, Subscription: row.ID})
	if err != nil {
		return push.Subscription{}, err
	}
	if channels == nil {
		channels = []string{}
	}
	return subscription(row, services[row.PushService], channels)
}

// serviceNames are those of the push services, by id.
func serviceNames(ctx context.Context, q *db.Queries) (map[int64]string, error) {
	services, err := q.PushServices(ctx)
	names := make(map[int64]string, len(services))
	for _, service := range services {
		names[service.ID] = service.Name
	}
	return names, err
}

func subscription(row db.Subscription, service string, channels []string) (push.Subscription, error) {
	parsed, err := webpush.NewSubscription(row.Endpoint, row.P256dh, row.Auth)
	if err != nil {
		return push.Subscription{}, fmt.Errorf("subscription %x: %w", row.ID, err)
	}
	return push.Subscription{
		ID: push.ID(row.ID), Service: service, Subscription: parsed, Key: push.KeyID(row.KeyID), Channels: channels,
		Locale: row.Locale, TimeZone: row.TimeZone, User: row.User,
		CreatedAt: time.UnixMilli(row.CreatedAt), LastSeenAt: time.UnixMilli(row.LastSeenAt),
	}, nil
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

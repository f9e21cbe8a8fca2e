package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// Reasons of tombstones.
const (
	reasonGone         = "gone"
	reasonUnsubscribed = "unsubscribed"
	reasonReplaced     = "replaced"
)

func errGone() error {
	return &push.Error{Code: wire.EndpointGone, Field: "endpoint",
		Detail: "has ended at its push service: unsubscribe in the browser and subscribe anew."}
}

// PutSubscription implements [push.Subscriptions].
func (s *Store) PutSubscription(ctx context.Context, site push.SiteID, r *push.Subscribe) (sub push.Subscription, created bool, err error) {
	err = s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		p := put{ctx: ctx, q: q, site: int64(site), now: s.now(), request: r}
		sub, created, err = p.run()
		return err
	})
	return sub, created, err
}

// put is one PutSubscription within its transaction.
type put struct {
	ctx     context.Context
	q       *db.Queries
	site    int64
	now     time.Time
	request *push.Subscribe
}

func (p *put) run() (push.Subscription, bool, error) {
	hash := push.HashEndpoint(p.request.Endpoint())
	if err := p.checkNotGone(hash); err != nil {
		return push.Subscription{}, false, err
	}
	key, err := p.keyID()
	if err != nil {
		return push.Subscription{}, false, err
	}
	row, err := p.q.SubscriptionByEndpoint(p.ctx, db.SubscriptionByEndpointParams{Site: p.site, EndpointHash: hash[:]})
	if errors.Is(err, sql.ErrNoRows) {
		return p.insert(hash, key)
	}
	if err != nil {
		return push.Subscription{}, false, err
	}
	if !bytes.Equal(row.P256dh, p.request.P256dh()) || !bytes.Equal(row.Auth, p.request.Auth()) {
		return push.Subscription{}, false, &push.Error{Code: wire.EndpointTaken, Field: "keys",
			Detail: "are not those under which this endpoint is known."}
	}
	row.KeyID = key
	row.Locale = cmp.Or(p.request.Locale, row.Locale)
	row.TimeZone = cmp.Or(p.request.TimeZone, row.TimeZone)
	row.User = cmp.Or(p.request.User, row.User)
	row.LastSeenAt = p.now.UnixMilli()
	if err := p.q.UpdateSubscription(p.ctx, db.UpdateSubscriptionParams{
		KeyID: row.KeyID, Locale: row.Locale, TimeZone: row.TimeZone, User: row.User, LastSeenAt: row.LastSeenAt,
		Site: p.site, EndpointHash: hash[:],
	}); err != nil {
		return push.Subscription{}, false, err
	}
	if err := p.endReplaced(hash); err != nil {
		return push.Subscription{}, false, err
	}
	channels, err := channelsOf(p.ctx, p.q, row)
	if err != nil {
		return push.Subscription{}, false, err
	}
	return p.finish(row, channels, channels, false)
}

// checkNotGone refuses an endpoint that its push service has ended. One that
// the person had unsubscribed may come back.
func (p *put) checkNotGone(hash push.EndpointHash) error {
	tomb, err := p.q.TombstoneByEndpoint(p.ctx, db.TombstoneByEndpointParams{Site: p.site, EndpointHash: hash[:]})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if tomb.Reason == reasonGone {
		return errGone()
	}
	return p.q.DeleteTombstone(p.ctx, db.DeleteTombstoneParams{Site: p.site, EndpointHash: hash[:]})
}

func (p *put) keyID() (int64, error) {
	if p.request.ApplicationServerKey == "" {
		return p.q.CurrentVAPIDKey(p.ctx, p.site)
	}
	id, err := p.q.VAPIDKeyByPublic(p.ctx, db.VAPIDKeyByPublicParams{Site: p.site, Public: p.request.ApplicationServerKey})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &push.Error{Code: wire.InvalidField, Field: "applicationServerKey", Detail: "is not a key of this site."}
	}
	return id, err
}

func (p *put) insert(hash push.EndpointHash, key int64) (push.Subscription, bool, error) {
	service, err := pushServiceID(p.ctx, p.q, p.request.Service)
	if err != nil {
		return push.Subscription{}, false, err
	}
	old, channels, err := p.replaced()
	if err != nil {
		return push.Subscription{}, false, err
	}
	row := db.Subscription{
		Site: p.site, PushService: service, ID: old.ID, EndpointHash: hash[:], Endpoint: p.request.Endpoint(),
		P256dh: p.request.P256dh(), Auth: p.request.Auth(), KeyID: key,
		Locale: cmp.Or(p.request.Locale, old.Locale), TimeZone: cmp.Or(p.request.TimeZone, old.TimeZone), User: cmp.Or(p.request.User, old.User),
		CreatedAt: cmp.Or(old.CreatedAt, p.now.UnixMilli()), LastSeenAt: p.now.UnixMilli(),
	}
	if err := p.q.InsertSubscription(p.ctx, db.InsertSubscriptionParams(row)); err != nil {
		return push.Subscription{}, false, err
	}
	return p.finish(row, nil, channels, true)
}

// replaced ends the subscription that the new one follows, and returns what is
// carried over from it, or from what is remembered of one that has ended: id,
// user and channels. Without one it returns a new id.
func (p *put) replaced() (old db.Subscription, channels []string, err error) {
	id := push.NewID()
	fresh := db.Subscription{ID: id[:]}
	if p.request.Replaces == "" {
		return fresh, nil, nil
	}
	hash := push.HashEndpoint(p.request.Replaces)
	old, err = p.q.SubscriptionByEndpoint(p.ctx, db.SubscriptionByEndpointParams{Site: p.site, EndpointHash: hash[:]})
	switch {
	case err == nil:
		channels, err = end(p.ctx, p.q, old, reasonReplaced, p.now)
		return old, channels, err
	case !errors.Is(err, sql.ErrNoRows):
		return old, nil, err
	}
	tomb, err := p.q.TombstoneByEndpoint(p.ctx, db.TombstoneByEndpointParams{Site: p.site, EndpointHash: hash[:]})
	if errors.Is(err, sql.ErrNoRows) || err == nil && tomb.Reason == reasonReplaced {
		// Nothing is known of it, or another subscription carries it on.
		return fresh, nil, nil
	}
	if err != nil {
		return old, nil, err
	}
	if err := json.Unmarshal([]byte(tomb.Channels), &channels); err != nil {
		return old, nil, err
	}
	tomb.Reason = reasonReplaced
	return db.Subscription{ID: tomb.ID, User: tomb.User}, channels, p.q.PutTombstone(p.ctx, db.PutTombstoneParams(tomb))
}

// endReplaced ends the subscription that a known one follows: both told of
// themselves before one told that it follows the other.
func (p *put) endReplaced(hash push.EndpointHash) error {
	old := push.HashEndpoint(p.request.Replaces)
	if p.request.Replaces == "" || old == hash {
		return nil
	}
	row, err := p.q.SubscriptionByEndpoint(p.ctx, db.SubscriptionByEndpointParams{Site: p.site, EndpointHash: old[:]})
	if err == nil {
		_, err = end(p.ctx, p.q, row, reasonReplaced, p.now)
	}
	return ignoreNoRows(err)
}

// finish writes the channels: before are those that stand in the table, carried
// those that the request changes.
func (p *put) finish(row db.Subscription, before, carried []string, created bool) (push.Subscription, bool, error) {
	after, err := p.request.Apply(carried)
	if err != nil {
		return push.Subscription{}, false, err
	}
	for _, channel := range before {
		if !slices.Contains(after, channel) {
			err = errors.Join(err, p.q.DeleteChannel(p.ctx, db.DeleteChannelParams{
				Site: p.site, Channel: channel, PushService: row.PushService, Subscription: row.ID}))
		}
	}
	for _, channel := range after {
		if !slices.Contains(before, channel) {
			err = errors.Join(err, p.q.InsertChannel(p.ctx, db.InsertChannelParams{
				Site: p.site, Channel: channel, PushService: row.PushService, Subscription: row.ID}))
		}
	}
	if err != nil {
		return push.Subscription{}, false, err
	}
	sub, err := subscription(row, p.request.Service, after)
	return sub, created, err
}

// end removes a subscription and remembers why; it returns the channels.
func end(ctx context.Context, q *db.Queries, row db.Subscription, reason string, now time.Time) ([]string, error) {
	channels, err := channelsOf(ctx, q, row)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(channels)
	if err != nil {
		return nil, err
	}
	if err := q.DeleteSubscription(ctx, db.DeleteSubscriptionParams{Site: row.Site, EndpointHash: row.EndpointHash}); err != nil {
		return nil, err
	}
	return channels, q.PutTombstone(ctx, db.PutTombstoneParams{
		Site: row.Site, EndpointHash: row.EndpointHash, Reason: reason, EndedAt: now.UnixMilli(),
		ID: row.ID, Channels: string(text), User: row.User,
	})
}

// SubscriptionByEndpoint implements [push.Subscriptions].
func (s *Store) SubscriptionByEndpoint(ctx context.Context, site push.SiteID, endpoint string) (push.Subscription, error) {
	hash := push.HashEndpoint(endpoint)
	row, err := s.read.SubscriptionByEndpoint(ctx, db.SubscriptionByEndpointParams{Site: int64(site), EndpointHash: hash[:]})
	if err == nil {
		services, err := serviceNames(ctx, s.read)
		if err != nil {
			return push.Subscription{}, err
		}
		return withChannels(ctx, s.read, row, services)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return push.Subscription{}, err
	}
	tomb, err := s.read.TombstoneByEndpoint(ctx, db.TombstoneByEndpointParams{Site: int64(site), EndpointHash: hash[:]})
	switch {
	case err == nil && tomb.Reason == reasonGone:
		return push.Subscription{}, errGone()
	case err == nil || errors.Is(err, sql.ErrNoRows):
		return push.Subscription{}, &push.Error{Code: wire.SubscriptionUnknown, Field: "endpoint", Detail: "is not known here: post the subscription again."}
	}
	return push.Subscription{}, err
}

// TouchSubscription implements [push.Subscriptions].
func (s *Store) TouchSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	hash := push.HashEndpoint(endpoint)
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.TouchSubscription(ctx, db.TouchSubscriptionParams{
			LastSeenAt: s.now().UnixMilli(), Site: int64(site), EndpointHash: hash[:]})
	})
}

// RemoveSubscription implements [push.Subscriptions].
func (s *Store) RemoveSubscription(ctx context.Context, site push.SiteID, endpoint string) error {
	return s.endByEndpoint(ctx, site, push.HashEndpoint(endpoint), reasonUnsubscribed)
}

func (s *Store) endByEndpoint(ctx context.Context, site push.SiteID, hash push.EndpointHash, reason string) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.SubscriptionByEndpoint(ctx, db.SubscriptionByEndpointParams{Site: int64(site), EndpointHash: hash[:]})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = end(ctx, q, row, reason, s.now())
		return err
	})
}

// ListSubscriptions implements [push.Subscriptions].
func (s *Store) ListSubscriptions(ctx context.Context, site push.SiteID, cursor string, limit int) ([]push.Subscription, string, error) {
	service, after, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.SubscriptionsAfter(ctx, db.SubscriptionsAfterParams{
		Site: int64(site), PushService: service, ID: after, Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = formatCursor(last.PushService, last.ID)
	}
	services, err := serviceNames(ctx, s.read)
	if err != nil {
		return nil, "", err
	}
	page := make([]push.Subscription, len(rows))
	for i, row := range rows {
		if page[i], err = withChannels(ctx, s.read, row, services); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

func formatCursor(service int64, id []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(binary.AppendUvarint(nil, uint64(service)), id...))
}

func parseCursor(cursor string) (service int64, id []byte, err error) {
	if cursor == "" {
		return 0, []byte{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	number, n := binary.Uvarint(raw)
	if err != nil || n <= 0 || number > 1<<32 || len(raw)-n > 16 {
		return 0, nil, &push.Error{Code: wire.InvalidField, Field: "cursor", Detail: "is not one that this server gave."}
	}
	return int64(number), raw[n:], nil
}

func channelsOf(ctx context.Context, q *db.Queries, row db.Subscription) ([]string, error) {
	channels, err := q.ChannelsOfSubscription(ctx, db.ChannelsOfSubscriptionParams{
		Site: row.Site, PushService: row.PushService, Subscription: row.ID})
	if channels == nil {
		channels = []string{}
	}
	return channels, err
}

// withChannels reads what a subscription's row does not hold.
func withChannels(ctx context.Context, q *db.Queries, row db.Subscription, services map[int64]string) (push.Subscription, error) {
	channels, err := channelsOf(ctx, q, row)
	if err != nil {
		return push.Subscription{}, err
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

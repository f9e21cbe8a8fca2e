package postgres

import (
	"context"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// ImportSubscriptions implements [push.Subscriptions].
func (s *Store) ImportSubscriptions(ctx context.Context, site push.SiteID, items []*push.Import) (results []push.ImportResult, err error) {
	err = s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		hashes, ids := push.LookUps(items)
		rows, err := s.lockHashes(ctx, q, site, hashes)
		if err != nil {
			return err
		}
		known, err := rows.known(ids)
		if err != nil {
			return err
		}
		var changes push.Changes
		results, changes = known.Import(items, s.now())
		return rows.write(changes)
	})
	return results, err
}

// known is what is stored of the endpoints that are locked, and of ids.
func (r *siteRows) known(ids []push.ID) (*push.Known, error) {
	k := push.NewKnown()
	k.Subscriptions, k.Tombstones = r.subs, r.tombs
	keys, err := r.q.VAPIDKeys(r.ctx, r.site)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		k.Keys[key.Public] = push.KeyID(key.KeyID)
		if key.State == currentKey {
			k.CurrentKey = push.KeyID(key.KeyID)
		}
	}
	if len(ids) == 0 {
		return k, nil
	}
	taken, err := r.q.SubscriptionPlaces(r.ctx, db.SubscriptionPlacesParams{Site: r.site, Ids: ids})
	for _, place := range taken {
		k.IDs[place.ID] = true
	}
	return k, err
}

// write writes what an import changes.
func (r *siteRows) write(changes push.Changes) error {
	if err := r.insertMany(changes.Inserted); err != nil {
		return err
	}
	return r.updateMany(changes.Updated)
}

func (r *siteRows) updateMany(updates []push.Update) error {
	if len(updates) == 0 {
		return nil
	}
	update := db.UpdateSubscriptionsParams{Site: r.site}
	var added, removed channelRows
	for _, sub := range updates {
		hash, service := push.HashEndpoint(sub.Endpoint()), r.places[sub.ID]
		update.EndpointHashes = append(update.EndpointHashes, hash[:])
		update.KeyIds = append(update.KeyIds, int64(sub.Key))
		update.Locales = append(update.Locales, sub.Locale)
		update.TimeZones = append(update.TimeZones, sub.TimeZone)
		update.UserIds = append(update.UserIds, sub.User)
		update.LastSeenAt = append(update.LastSeenAt, sub.LastSeenAt)
		added.add(sub.Add, service, sub.ID)
		removed.add(sub.Remove, service, sub.ID)
	}
	if err := r.q.UpdateSubscriptions(r.ctx, update); err != nil {
		return err
	}
	if err := r.deleteChannels(removed); err != nil {
		return err
	}
	return r.insertChannels(added)
}

func (r *siteRows) insertMany(subs []*push.Subscription) error {
	if len(subs) == 0 {
		return nil
	}
	services := make(map[string]int32)
	insert := db.InsertSubscriptionsParams{Site: r.site}
	var channels channelRows
	for _, sub := range subs {
		service, ok := services[sub.Service]
		if !ok {
			var err error
			if service, err = pushServiceID(r.ctx, r.q, sub.Service); err != nil {
				return err
			}
			services[sub.Service] = service
		}
		hash := push.HashEndpoint(sub.Endpoint())
		insert.PushServices = append(insert.PushServices, service)
		insert.Ids = append(insert.Ids, sub.ID)
		insert.EndpointHashes = append(insert.EndpointHashes, hash[:])
		insert.Endpoints = append(insert.Endpoints, sub.Endpoint())
		insert.P256dhs = append(insert.P256dhs, sub.P256dh())
		insert.Auths = append(insert.Auths, sub.Auth())
		insert.KeyIds = append(insert.KeyIds, int64(sub.Key))
		insert.Locales = append(insert.Locales, sub.Locale)
		insert.TimeZones = append(insert.TimeZones, sub.TimeZone)
		insert.UserIds = append(insert.UserIds, sub.User)
		insert.CreatedAt = append(insert.CreatedAt, sub.CreatedAt)
		insert.LastSeenAt = append(insert.LastSeenAt, sub.LastSeenAt)
		channels.add(sub.Channels, service, sub.ID)
	}
	if err := r.q.InsertSubscriptions(r.ctx, insert); err != nil {
		return err
	}
	return r.insertChannels(channels)
}

// channelRows are rows of channels, apart by column.
type channelRows struct {
	names    []string
	services []int32
	subs     []push.ID
}

func (c *channelRows) add(names []string, service int32, sub push.ID) {
	for _, name := range names {
		c.names, c.services, c.subs = append(c.names, name), append(c.services, service), append(c.subs, sub)
	}
}

func (r *siteRows) insertChannels(c channelRows) error {
	if len(c.names) == 0 {
		return nil
	}
	return r.q.InsertChannelsOfMany(r.ctx, db.InsertChannelsOfManyParams{
		Site: r.site, Channels: c.names, PushServices: c.services, Subscriptions: c.subs})
}

func (r *siteRows) deleteChannels(c channelRows) error {
	if len(c.names) == 0 {
		return nil
	}
	return r.q.DeleteChannelsOfMany(r.ctx, db.DeleteChannelsOfManyParams{
		Site: r.site, Channels: c.names, PushServices: c.services, Subscriptions: c.subs})
}

package sqlite

import (
	"context"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// ImportSubscriptions implements [push.Subscriptions].
func (s *Store) ImportSubscriptions(ctx context.Context, site push.SiteID, items []*push.Import) (results []push.ImportResult, err error) {
	s.seen.write() // an old file takes nothing back
	err = s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) error {
		rows := s.rows(ctx, q, site)
		known, err := rows.known(items)
		if err != nil {
			return err
		}
		var changes push.Changes
		results, changes = known.Import(items, s.now())
		return rows.write(changes)
	})
	return results, err
}

// known reads what is stored of the endpoints and ids of items.
func (r *siteRows) known(items []*push.Import) (*push.Known, error) {
	k := push.NewKnown()
	hashes, wanted := push.LookUps(items)
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
	subs, err := r.q.SubscriptionsByEndpoints(r.ctx, db.SubscriptionsByEndpointsParams{Site: r.site, Hashes: hashes})
	if err != nil {
		return nil, err
	}
	services, err := serviceNames(r.ctx, r.q)
	if err != nil {
		return nil, err
	}
	for _, row := range subs {
		sub, err := withChannels(r.ctx, r.q, row, services)
		if err != nil {
			return nil, err
		}
		k.Subscriptions[push.EndpointHash(row.EndpointHash)] = &sub
	}
	tombs, err := r.q.TombstonesByEndpoints(r.ctx, db.TombstonesByEndpointsParams{Site: r.site, Hashes: hashes})
	if err != nil {
		return nil, err
	}
	for _, row := range tombs {
		tomb, err := tombstone(row)
		if err != nil {
			return nil, err
		}
		k.Tombstones[tomb.Hash] = tomb
	}
	if len(wanted) == 0 {
		return k, nil
	}
	ids := make([][]byte, len(wanted))
	for i := range wanted {
		ids[i] = wanted[i][:]
	}
	taken, err := r.q.KnownIDs(r.ctx, db.KnownIDsParams{Site: r.site, Ids: ids})
	for _, id := range taken {
		k.IDs[push.ID(id)] = true
	}
	return k, err
}

// write writes what an import changes.
func (r *siteRows) write(changes push.Changes) error {
	for _, sub := range changes.Inserted {
		if err := r.Insert(sub); err != nil {
			return err
		}
		if err := r.SetChannels(sub, sub.Channels, nil); err != nil {
			return err
		}
	}
	for _, update := range changes.Updated {
		if err := r.Update(update.Subscription); err != nil {
			return err
		}
		if err := r.SetChannels(update.Subscription, update.Add, update.Remove); err != nil {
			return err
		}
	}
	return nil
}

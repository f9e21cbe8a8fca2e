package sqlite

import (
	"context"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// UserByID implements [push.Users].
func (s *Store) UserByID(ctx context.Context, site push.SiteID, id string) (user push.User, err error) {
	rows, err := s.read.UserSubscriptions(ctx, db.UserSubscriptionsParams{Site: int64(site), User: id, Limit: push.MaxUserSubscriptions})
	if err != nil {
		return user, explain(err)
	}
	services, err := serviceNames(ctx, s.read)
	if err != nil {
		return user, explain(err)
	}
	user.Subscriptions = make([]push.Subscription, len(rows))
	for i, row := range rows {
		if user.Subscriptions[i], err = withChannels(ctx, s.read, row, services); err != nil {
			return user, explain(err)
		}
		// One at a time: they are not in the order of a page.
		if err := s.addFailing(ctx, rows[i:i+1], user.Subscriptions[i:i+1]); err != nil {
			return user, explain(err)
		}
	}
	ended, err := s.read.UserTombstones(ctx, db.UserTombstonesParams{Site: int64(site), User: id, Limit: push.MaxUserSubscriptions})
	if err != nil {
		return user, explain(err)
	}
	for _, row := range ended {
		tomb, err := tombstone(row)
		if err != nil {
			return user, err
		}
		user.Ended = append(user.Ended, *tomb)
	}
	attributes, err := s.read.UserAttributes(ctx, db.UserAttributesParams{Site: int64(site), ID: id})
	if err = ignoreNoRows(err); err != nil {
		return user, explain(err)
	}
	if user.Attributes, err = push.DecodeAttributes(attributes); err != nil {
		return user, err
	}
	return user.OrUnknown()
}

// SetAttributes implements [push.Users].
func (s *Store) SetAttributes(ctx context.Context, site push.SiteID, id string, attributes push.Attributes) error {
	encoded, err := attributes.Encode()
	if err != nil {
		return err
	}
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.PutUser(ctx, db.PutUserParams{Site: int64(site), ID: id, Attributes: encoded})
	})
}

// ListAttributes implements [push.Users].
func (s *Store) ListAttributes(ctx context.Context, site push.SiteID, cursor string, limit int) ([]push.UserAttributes, string, error) {
	rows, err := s.read.UsersAfter(ctx, db.UsersAfterParams{Site: int64(site), ID: cursor, Limit: int64(limit) + 1})
	if err != nil {
		return nil, "", explain(err)
	}
	rows, next := push.CutPage(rows, limit, func(row db.UsersAfterRow) string { return row.ID })
	page := make([]push.UserAttributes, len(rows))
	for i, row := range rows {
		page[i].User = row.ID
		if page[i].Attributes, err = push.DecodeAttributes(row.Attributes); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// ForgetUser implements [push.Users].
func (s *Store) ForgetUser(ctx context.Context, site push.SiteID, id string) error {
	for more := true; more; {
		err := s.writer.doBulk(ctx, func(ctx context.Context, q *db.Queries) (err error) {
			more, err = s.forgetSome(ctx, q, int64(site), id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetSome erases the attributes, and up to ForgetSize subscriptions and as many
// tombstones of a user.
func (s *Store) forgetSome(ctx context.Context, q *db.Queries, site int64, id string) (more bool, err error) {
	if err := q.DeleteUser(ctx, db.DeleteUserParams{Site: site, ID: id}); err != nil {
		return false, err
	}
	hashes, err := q.SomeOfUser(ctx, db.SomeOfUserParams{Site: site, User: id, Limit: push.ForgetSize})
	if err != nil {
		return false, err
	}
	rows := s.rows(ctx, q, push.SiteID(site))
	for _, hash := range hashes {
		if err := rows.tellRemoved(push.EndpointHash(hash)); err != nil {
			return false, err
		}
		if err := q.DeleteSubscription(ctx, db.DeleteSubscriptionParams{Site: site, EndpointHash: hash}); err != nil {
			return false, err
		}
	}
	if err := countLosses(ctx, q, site, push.EndRemoved, s.now(), len(hashes)); err != nil {
		return false, err
	}
	ended, err := q.SomeTombstonesOfUser(ctx, db.SomeTombstonesOfUserParams{Site: site, User: id, Limit: push.ForgetSize})
	if err != nil {
		return false, err
	}
	for _, hash := range ended {
		if err := q.DeleteTombstone(ctx, db.DeleteTombstoneParams{Site: site, EndpointHash: hash}); err != nil {
			return false, err
		}
	}
	return len(hashes) == push.ForgetSize || len(ended) == push.ForgetSize, nil
}

// tellRemoved has webhooks told that a subscription is removed.
func (r *siteRows) tellRemoved(hash push.EndpointHash) error {
	if !r.store.wanted.By(push.SiteID(r.site), push.TypeSubscriptionGone) {
		return nil
	}
	sub, err := r.ByHash(hash)
	if err != nil || sub == nil {
		return err
	}
	return r.store.tell(r.ctx, r.q, push.SiteID(r.site), push.TypeSubscriptionGone, sub.GoneEvent(push.EndRemoved))
}

// EndSubscription implements [push.Users].
func (s *Store) EndSubscription(ctx context.Context, site push.SiteID, id push.ID) error {
	return s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		row, err := q.SubscriptionByID(ctx, db.SubscriptionByIDParams{Site: int64(site), ID: id[:]})
		if err != nil {
			return ignoreNoRows(err)
		}
		services, err := serviceNames(ctx, q)
		if err != nil {
			return err
		}
		sub, err := subscription(row, services[row.PushService], nil)
		if err != nil {
			return err
		}
		sub.User = ""
		return s.rows(ctx, q, site).End(&sub, push.EndRemoved, s.now())
	})
}

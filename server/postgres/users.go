package postgres

import (
	"context"

	"github.com/pushkit/pushkit/server/postgres/db"
	"github.com/pushkit/pushkit/server/push"
)

// UserByID implements [push.Users].
func (s *Store) UserByID(ctx context.Context, site push.SiteID, id string) (user push.User, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		user, err = userByID(ctx, q, int64(site), id)
		return err
	})
	if err != nil {
		return push.User{}, err
	}
	return user.OrUnknown()
}

func userByID(ctx context.Context, q *db.Queries, site int64, id string) (user push.User, err error) {
	rows, err := q.UserSubscriptions(ctx, db.UserSubscriptionsParams{Site: site, UserID: id, AtMost: push.MaxUserSubscriptions})
	if err != nil {
		return user, err
	}
	for _, row := range rows {
		page, _, err := listPage(ctx, q, []db.SubscriptionsAfterRow{db.SubscriptionsAfterRow(row)}, 1)
		if err != nil {
			return user, err
		}
		user.Subscriptions = append(user.Subscriptions, page...)
	}
	ended, err := q.UserTombstones(ctx, db.UserTombstonesParams{Site: site, UserID: id, AtMost: push.MaxUserSubscriptions})
	for _, row := range ended {
		user.Ended = append(user.Ended, *tombstone(row))
	}
	if err != nil {
		return user, err
	}
	attributes, err := q.UserAttributes(ctx, db.UserAttributesParams{Site: site, ID: id})
	if err = ignoreNoRows(err); err != nil {
		return user, err
	}
	user.Attributes, err = push.DecodeAttributes(attributes)
	return user, err
}

// SetAttributes implements [push.Users].
func (s *Store) SetAttributes(ctx context.Context, site push.SiteID, id string, attributes push.Attributes) error {
	encoded, err := attributes.Encode()
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		return q.PutUser(ctx, db.PutUserParams{Site: int64(site), ID: id, Attributes: encoded})
	})
}

// ListAttributes implements [push.Users].
func (s *Store) ListAttributes(ctx context.Context, site push.SiteID, cursor string, limit int) (page []push.UserAttributes, next string, err error) {
	err = s.direct(ctx, func(ctx context.Context, q *db.Queries) error {
		rows, err := q.UsersAfter(ctx, db.UsersAfterParams{Site: int64(site), ID: cursor, AtMost: int32(limit) + 1})
		if err != nil {
			return err
		}
		rows, next = push.CutPage(rows, limit, func(row db.UsersAfterRow) string { return row.ID })
		page = make([]push.UserAttributes, len(rows))
		for i, row := range rows {
			page[i].User = row.ID
			if page[i].Attributes, err = push.DecodeAttributes(row.Attributes); err != nil {
				return err
			}
		}
		return nil
	})
	return page, next, err
}

// ForgetUser implements [push.Users].
func (s *Store) ForgetUser(ctx context.Context, site push.SiteID, id string) error {
	for more := true; more; {
		err := s.write(ctx, func(ctx context.Context, q *db.Queries) (err error) {
			more, err = s.forgetSome(ctx, q, site, id)
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
func (s *Store) forgetSome(ctx context.Context, q *db.Queries, site push.SiteID, id string) (more bool, err error) {
	if err := q.DeleteUser(ctx, db.DeleteUserParams{Site: int64(site), ID: id}); err != nil {
		return false, err
	}
	hashes, err := q.SomeOfUser(ctx, db.SomeOfUserParams{Site: int64(site), UserID: id, AtMost: push.ForgetSize})
	if err != nil {
		return false, err
	}
	rows, err := s.lockHashes(ctx, q, site, hashes)
	if err != nil {
		return false, err
	}
	// Not one that has become another user's meanwhile.
	var theirs [][]byte
	for hash, sub := range rows.subs {
		if sub.User == id {
			theirs = append(theirs, hash[:])
		}
	}
	told, err := s.goneEvents(ctx, q, int64(site), theirs, push.EndRemoved)
	if err != nil {
		return false, err
	}
	if err := q.DeleteSubscriptions(ctx, db.DeleteSubscriptionsParams{Site: int64(site), Hashes: theirs}); err != nil {
		return false, err
	}
	ended, err := q.DeleteTombstonesOfUser(ctx, db.DeleteTombstonesOfUserParams{Site: int64(site), UserID: id, AtMost: push.ForgetSize})
	if err != nil {
		return false, err
	}
	if err := countLosses(ctx, q, int64(site), push.EndRemoved, s.now(), int64(len(theirs))); err != nil {
		return false, err
	}
	if err := s.tell(ctx, q, int64(site), push.TypeSubscriptionGone, told...); err != nil {
		return false, err
	}
	return len(hashes) == push.ForgetSize || ended == push.ForgetSize, nil
}

// EndSubscription implements [push.Users].
func (s *Store) EndSubscription(ctx context.Context, site push.SiteID, id push.ID) error {
	return s.write(ctx, func(ctx context.Context, q *db.Queries) error {
		hash, err := q.SubscriptionHashByID(ctx, db.SubscriptionHashByIDParams{Site: int64(site), ID: id})
		if err != nil {
			return ignoreNoRows(err)
		}
		rows, err := s.lockHashes(ctx, q, site, [][]byte{hash})
		if err != nil {
			return err
		}
		// Another one may have its place by now.
		sub := rows.subs[push.EndpointHash(hash)]
		if sub == nil || sub.ID != id {
			return nil
		}
		told, err := s.goneEvents(ctx, q, int64(site), [][]byte{hash}, push.EndRemoved)
		if err != nil {
			return err
		}
		if err := q.DeleteSubscriptions(ctx, db.DeleteSubscriptionsParams{Site: int64(site), Hashes: [][]byte{hash}}); err != nil {
			return err
		}
		now := s.now()
		if err := rows.PutTombstone(&push.Tombstone{Hash: push.EndpointHash(hash), Reason: push.EndRemoved, EndedAt: now, ID: id, Channels: []string{}}); err != nil {
			return err
		}
		if err := countLosses(ctx, q, int64(site), push.EndRemoved, now, 1); err != nil {
			return err
		}
		return s.tell(ctx, q, int64(site), push.TypeSubscriptionGone, told...)
	})
}

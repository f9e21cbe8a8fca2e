package push

import (
	"context"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/wire"
)

// Users is the part of a [Store] that knows the site's users: a user is what its
// subscriptions are tied to, and what the site's back end has said of one.
type Users interface {
	// UserByID returns up to MaxUserSubscriptions of a user's subscriptions and as many
	// of those that have ended, the latest first, and the attributes. The error's code is
	// user-unknown where there are none of all these.
	UserByID(ctx context.Context, site SiteID, id string) (User, error)
	// SetAttributes sets a user's attributes, in the place of those of before. The user
	// need not have subscribed yet.
	SetAttributes(ctx context.Context, site SiteID, id string, attributes Attributes) error
	// ListAttributes returns up to limit users who have attributes, in an order of their
	// ids; see ListSubscriptions.
	ListAttributes(ctx context.Context, site SiteID, cursor string, limit int) (page []UserAttributes, next string, err error)
	// ForgetUser erases the attributes, all subscriptions of a user and all that is remembered of
	// those that have ended, in steps: where it fails, some may be left. One who is not
	// known is no error.
	ForgetUser(ctx context.Context, site SiteID, id string) error
	// EndSubscription ends a subscription by its id, at the operator's wish. That it was
	// removed is remembered of its endpoint, without its user and channels. One that is
	// not there is no error.
	EndSubscription(ctx context.Context, site SiteID, id ID) error
}

const (
	// MaxUserSubscriptions bounds what is told of a user: one who may sign in can
	// subscribe as often as they like.
	MaxUserSubscriptions = 1000
	// ForgetSize is how many subscriptions of a user, or tombstones, one transaction
	// erases, so that others' are let in between.
	ForgetSize = 100
)

// UserAttributes are what the site's back end has said of a user.
type UserAttributes struct {
	User       string
	Attributes Attributes
}

// A User is what the server holds of one.
type User struct {
	// Attributes are nil where none were ever set.
	Attributes    Attributes
	Subscriptions []Subscription
	// Ended hold the subscriptions that have ended, as far as that is remembered.
	Ended []Tombstone
}

// OrUnknown is u, or the error for a user of whom nothing is known.
func (u User) OrUnknown() (User, error) {
	if u.Attributes == nil && len(u.Subscriptions) == 0 && len(u.Ended) == 0 {
		return u, ErrUserUnknown()
	}
	return u, nil
}

// ErrUserUnknown is for a user of whom the site knows nothing.
func ErrUserUnknown() error {
	return &Error{Code: wire.UserUnknown, Detail: "Nothing is known of this user."}
}

// CanBeUser says whether any subscription can be tied to a user of this id.
func CanBeUser(id string) bool {
	return id != "" && utf8.ValidString(id) && CheckUser("id", id) == nil
}

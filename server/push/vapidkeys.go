package push

import (
	"errors"

	"github.com/pushkit/pushkit/server/webpush"
)

// ErrKeyInUse says that a key cannot take the place of one by which browsers are
// subscribed, unless told to.
var ErrKeyInUse = errors.New("subscriptions use the site's present VAPID key")

// A KeyRole says what a VAPID key is to be that a site is given.
type KeyRole int

// The roles.
const (
	// KeyFirst becomes the current key where no subscription uses the one there is.
	KeyFirst KeyRole = iota
	// KeyCurrent becomes the current key, and the one before is replaced.
	KeyCurrent
	// KeyBeside is for the subscriptions that were won with it.
	KeyBeside
)

// VAPIDKeyRows are a site's VAPID keys within a transaction of a store.
type VAPIDKeyRows interface {
	// CurrentKey is the site's current VAPID key.
	CurrentKey() (KeyID, error)
	// KeyByPublic finds a VAPID key of the site.
	KeyByPublic(public string) (key KeyID, ok bool, err error)
	// LastKey is the highest number of a key.
	LastKey() (KeyID, error)
	// IsKeyUsed says whether a subscription uses a key.
	IsKeyUsed(KeyID) (bool, error)
	// InsertKey adds a key that is not the current one.
	InsertKey(KeyID, webpush.VAPIDKey) error
	// MakeCurrent has a key replace the current one.
	MakeCurrent(KeyID) error
	// KeepBeside makes a key that was replaced one for those who are subscribed with it.
	KeepBeside(KeyID) error
}

// AddKey gives a site a key, or one that it has another role. See
// [VAPIDKeys.AddVAPIDKey].
func AddKey(rows VAPIDKeyRows, key webpush.VAPIDKey, role KeyRole) (added VAPIDKey, err error) {
	current, err := rows.CurrentKey()
	if err != nil {
		return added, err
	}
	id, known, err := rows.KeyByPublic(key.Public())
	if err != nil {
		return added, err
	}
	makeCurrent := id != current && role != KeyBeside
	if makeCurrent && role == KeyFirst {
		used, err := rows.IsKeyUsed(current)
		if err != nil {
			return added, err
		}
		if used {
			return added, ErrKeyInUse
		}
	}
	if !known {
		last, err := rows.LastKey()
		if err != nil {
			return added, err
		}
		id = last + 1
		if err := rows.InsertKey(id, key); err != nil {
			return added, err
		}
	}
	if makeCurrent {
		if err := rows.MakeCurrent(id); err != nil {
			return added, err
		}
		current = id
	} else if role == KeyBeside {
		if err := rows.KeepBeside(id); err != nil {
			return added, err
		}
	}
	return VAPIDKey{ID: id, VAPIDKey: key, Current: id == current}, nil
}

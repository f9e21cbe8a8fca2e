package push

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// An EndReason says why a subscription has ended.
type EndReason string

// The reasons.
const (
	EndGone         EndReason = "gone"    // the push service's word
	EndRefused      EndReason = "refused" // likewise, when it was new
	EndUnsubscribed EndReason = "unsubscribed"
	EndReplaced     EndReason = "replaced" // another one carries it on
	EndRemoved      EndReason = "removed"  // the operator's word
	EndRetired      EndReason = "retired"  // likewise, since its browser was not seen for long
)

// NewFor is how long a subscription is new: a push service that says within this time
// that it has none has refused it, or the person has taken it back at once.
const NewFor = 10 * time.Minute

// GoneReason is why the subscription ends of which the push service says that it is
// gone. One that was imported is not new, though it is here since just now.
func (s *Subscription) GoneReason(at time.Time) EndReason {
	if at.Sub(s.CreatedAt) < NewFor && !s.LastSeenAt.Before(s.CreatedAt) {
		return EndRefused
	}
	return EndGone
}

// IsGone says whether it is the push service's word.
func (r EndReason) IsGone() bool { return r == EndGone || r == EndRefused }

// A Tombstone is what is remembered of a subscription that has ended.
type Tombstone struct {
	Hash     EndpointHash
	Reason   EndReason
	EndedAt  time.Time
	ID       ID
	Channels []string
	User     string
}

// SubscriptionRows are a site's subscriptions within a transaction of a store.
// What ByHash and Tombstone have returned, nobody else changes until its end.
type SubscriptionRows interface {
	// ByHash returns the subscription of an endpoint, with its Failing; nil where there
	// is none.
	ByHash(EndpointHash) (*Subscription, error)
	// Tombstone returns what is remembered of an endpoint; nil where nothing is.
	Tombstone(EndpointHash) (*Tombstone, error)
	// CurrentKey is the site's current VAPID key.
	CurrentKey() (KeyID, error)
	// KeyByPublic finds a VAPID key of the site.
	KeyByPublic(public string) (key KeyID, ok bool, err error)
	// Insert adds a subscription without its channels.
	Insert(*Subscription) error
	// Update writes all of a subscription that can change, but its channels.
	Update(*Subscription) error
	// Touch writes when it was seen alone. A store may do that later, as of
	// TouchSubscription.
	Touch(*Subscription) error
	// SetChannels adds and removes channels, which may be none.
	SetChannels(sub *Subscription, add, remove []string) error
	// End removes a subscription and leaves a tombstone. Where no other carries it on,
	// webhooks are told.
	End(sub *Subscription, reason EndReason, at time.Time) error
	// PutTombstone adds or replaces one.
	PutTombstone(*Tombstone) error
	// DeleteTombstone removes one, if it is there.
	DeleteTombstone(EndpointHash) error
	// Closings are those that wait for a subscription, PutClosings adds some.
	Closings(*Subscription) ([]Closing, error)
	PutClosings(*Subscription, []Closing) error
	// Created has webhooks told of a subscription that is new: it carries on no other
	// that is there.
	Created(*Subscription) error
}

// Put adds or refreshes the subscription among rows. See
// [Subscriptions.PutSubscription] for its errors.
func (s *Subscribe) Put(rows SubscriptionRows, now time.Time) (sub Subscription, created bool, err error) {
	hash := HashEndpoint(s.Endpoint())
	known, err := rows.ByHash(hash)
	if err != nil {
		return sub, false, err
	}
	if known == nil {
		if err := s.checkNotGone(rows, hash); err != nil {
			return sub, false, err
		}
	}
	key, err := s.keyID(rows)
	if err != nil {
		return sub, false, err
	}
	if known == nil {
		sub, err = s.insert(rows, key, now)
		return sub, true, err
	}
	if err := s.checkSameKeys(known); err != nil {
		return sub, false, err
	}
	if f := known.Failing; f != nil && known.Key == key && f.IsKeyMismatch(known.Service) {
		return sub, false, ErrKeyMismatch()
	}
	before := *known
	known.Key, known.LastSeenAt = key, now
	s.describe(known)
	switch {
	case known.Key != before.Key || known.User != before.User || known.Locale != before.Locale || known.TimeZone != before.TimeZone:
		err = rows.Update(known)
	case before.IsSeenAnew(now):
		err = rows.Touch(known)
	}
	if err != nil {
		return sub, false, err
	}
	if err := s.endReplaced(rows, known, hash, now); err != nil {
		return sub, false, err
	}
	err = s.setChannels(rows, known, known.Channels, known.Channels)
	return *known, false, err
}

// describe writes what the request says of the browser and its user.
func (s *Subscribe) describe(sub *Subscription) {
	sub.Locale = cmp.Or(s.Locale, sub.Locale)
	sub.TimeZone = cmp.Or(s.TimeZone, sub.TimeZone)
	sub.User = cmp.Or(s.User, sub.User)
}

// checkNotGone refuses an endpoint that its push service has ended, that was
// retired, as one that may be dead, or that its browser has replaced and shows again
// since its profile was restored. One that the person had unsubscribed may come back.
func (s *Subscribe) checkNotGone(rows SubscriptionRows, hash EndpointHash) error {
	tomb, err := rows.Tombstone(hash)
	switch {
	case err != nil || tomb == nil:
		return err
	case tomb.Reason.IsGone() || tomb.Reason == EndRetired || tomb.Reason == EndReplaced:
		return ErrEnded(tomb)
	}
	return rows.DeleteTombstone(hash)
}

// checkSameKeys refuses to take over an endpoint with other keys.
func (s *Subscribe) checkSameKeys(known *Subscription) error {
	if !bytes.Equal(known.P256dh(), s.P256dh()) || !bytes.Equal(known.Auth(), s.Auth()) {
		return &Error{Code: wire.EndpointTaken, Field: "keys", Detail: "are not those under which this endpoint is known."}
	}
	return nil
}

func (s *Subscribe) keyID(rows SubscriptionRows) (KeyID, error) {
	if s.ApplicationServerKey == "" {
		return rows.CurrentKey()
	}
	key, ok, err := rows.KeyByPublic(s.ApplicationServerKey)
	if err == nil && !ok {
		err = errForeignKey()
	}
	return key, err
}

func (s *Subscribe) insert(rows SubscriptionRows, key KeyID, now time.Time) (Subscription, error) {
	sub, closings, err := s.replaced(rows, now)
	if err != nil {
		return sub, err
	}
	carried, isNew := sub.Channels, sub.CreatedAt.IsZero()
	sub.Subscription, sub.Service, sub.Key, sub.LastSeenAt = s.Subscription, s.Service, key, now
	if isNew {
		sub.CreatedAt = now
	}
	s.describe(&sub)
	if err := rows.Insert(&sub); err != nil {
		return sub, err
	}
	if err := rows.PutClosings(&sub, closings); err != nil {
		return sub, err
	}
	if err := s.setChannels(rows, &sub, nil, carried); err != nil || !isNew {
		return sub, err
	}
	return sub, rows.Created(&sub)
}

// replaced ends the subscription that the new one follows, and returns what is
// carried over from it, with what waits for it, or from what is remembered of one that
// has ended. Without one it returns a new id.
func (s *Subscribe) replaced(rows SubscriptionRows, now time.Time) (Subscription, []Closing, error) {
	fresh := Subscription{ID: NewID()}
	if s.Replaces == "" {
		return fresh, nil, nil
	}
	hash := HashEndpoint(s.Replaces)
	old, err := rows.ByHash(hash)
	if err != nil {
		return fresh, nil, err
	}
	if old != nil {
		closings, err := end(rows, old, now)
		old.Failing = nil // of another endpoint
		return *old, closings, err
	}
	tomb, err := rows.Tombstone(hash)
	if err != nil || tomb == nil || tomb.Reason == EndReplaced || tomb.Reason == EndRemoved {
		// Nothing is known of it, or another subscription carries it on, or nothing is
		// to be known of it any more.
		return fresh, nil, err
	}
	tomb.Reason = EndReplaced
	return Subscription{ID: tomb.ID, User: tomb.User, Channels: tomb.Channels}, nil, rows.PutTombstone(tomb)
}

// end ends a subscription that another one carries on, and returns what waits for it.
func end(rows SubscriptionRows, old *Subscription, now time.Time) ([]Closing, error) {
	closings, err := rows.Closings(old)
	if err != nil {
		return nil, err
	}
	return closings, rows.End(old, EndReplaced, now)
}

// endReplaced ends the subscription that a known one follows: both told of
// themselves before one told that it follows the other.
func (s *Subscribe) endReplaced(rows SubscriptionRows, known *Subscription, own EndpointHash, now time.Time) error {
	hash := HashEndpoint(s.Replaces)
	if s.Replaces == "" || hash == own {
		return nil
	}
	old, err := rows.ByHash(hash)
	if err != nil || old == nil {
		return err
	}
	closings, err := end(rows, old, now)
	if err != nil {
		return err
	}
	return rows.PutClosings(known, closings)
}

// setChannels writes the channels: before are those that are stored, carried
// those that the request changes.
func (s *Subscribe) setChannels(rows SubscriptionRows, sub *Subscription, before, carried []string) (err error) {
	if sub.Channels, err = s.Apply(carried); err != nil {
		return err
	}
	return rows.SetChannels(sub, without(sub.Channels, before), without(before, sub.Channels))
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// ErrEnded is what a look-up of an endpoint that is not stored answers: tomb is
// what is remembered of it, nil where nothing is.
func ErrEnded(tomb *Tombstone) error {
	switch {
	case tomb != nil && tomb.Reason.IsGone():
		return errGone("has ended at its push service")
	case tomb != nil && tomb.Reason == EndRetired:
		return errGone("was retired here, since this browser was not seen for long")
	case tomb != nil && tomb.Reason == EndReplaced:
		return errGone("was replaced by another of this browser")
	}
	return &Error{Code: wire.SubscriptionUnknown, Field: "endpoint", Detail: "is not known here: post the subscription again."}
}

func errGone(why string) error {
	return &Error{Code: wire.EndpointGone, Field: "endpoint", Detail: why + ": unsubscribe in the browser and subscribe anew."}
}

// ErrKeyMismatch is for a subscription that [Failing.IsKeyMismatch] is said of.
func ErrKeyMismatch() error {
	return &Error{Code: wire.EndpointGone, Field: "applicationServerKey", Detail: "is not what its push service has: subscribe anew."}
}

func errForeignKey() error {
	return &Error{Code: wire.InvalidField, Field: "applicationServerKey", Detail: "is not a key of this site."}
}

package push

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/wire"
)

// ImportSize is how many subscriptions a store imports at once at most. The more
// there are, the more of them share a page of an index that is written.
const ImportSize = 5000

// An Import is a subscription as an operator's file has it.
type Import struct {
	Subscribe
	// ID is the id that it keeps where it is added; zero: a new one.
	ID ID
	// CreatedAt is zero where the file does not say; then it is now. So is
	// LastSeenAt.
	CreatedAt, LastSeenAt time.Time
	// WrittenAt is when the file was written: a browser that was seen since knows
	// better, where LastSeenAt is zero. Zero itself: now.
	WrittenAt time.Time
}

// isOlder says whether a browser was seen since the file was written.
func (i *Import) isOlder(than time.Time) bool {
	at := i.LastSeenAt
	if at.IsZero() {
		at = i.WrittenAt
	}
	// A file has milliseconds.
	return !at.IsZero() && at.Before(than.Truncate(time.Millisecond))
}

// CheckUser refuses a text that cannot be a user's id.
func CheckUser(field, user string) error {
	if utf8.RuneCountInString(user) > maxUserID {
		return invalid(field, "is longer than %d characters", maxUserID)
	}
	return checkText(field, user, maxUserID*utf8.UTFMax)
}

// An ImportOutcome says what became of an [Import].
type ImportOutcome int

// The outcomes; ImportBad goes with an error.
const (
	ImportBad ImportOutcome = iota
	ImportAdded
	ImportRefreshed
	ImportUnchanged
)

// String is the word that the API and the command line use.
func (o ImportOutcome) String() string {
	return [...]string{"bad", "added", "refreshed", "unchanged"}[o]
}

// An ImportResult is what became of an [Import]. Err is of type *[Error]: with the
// codes of [Subscriptions.PutSubscription], and endpoint-gone also where the
// person has unsubscribed here.
type ImportResult struct {
	Outcome ImportOutcome
	Err     error
}

// Known is what a store has of the subscriptions that it is about to import.
type Known struct {
	// Keys are the site's VAPID keys by their public texts, CurrentKey is the one of
	// subscriptions that name none.
	Keys       map[string]KeyID
	CurrentKey KeyID
	// Subscriptions and Tombstones are those of the endpoints.
	Subscriptions map[EndpointHash]*Subscription
	Tombstones    map[EndpointHash]*Tombstone
	// IDs are those of the imports that a subscription has already.
	IDs map[ID]bool
}

// NewKnown returns what is known before anything was read.
func NewKnown() *Known {
	return &Known{
		Keys:          make(map[string]KeyID),
		Subscriptions: make(map[EndpointHash]*Subscription), Tombstones: make(map[EndpointHash]*Tombstone),
		IDs: make(map[ID]bool),
	}
}

// LookUps are the hashes of the endpoints of items, and the ids that they ask for.
func LookUps(items []*Import) (hashes [][]byte, ids []ID) {
	for _, item := range items {
		hash := HashEndpoint(item.Endpoint())
		hashes = append(hashes, hash[:])
		if item.ID != (ID{}) {
			ids = append(ids, item.ID)
		}
	}
	return hashes, ids
}

// Changes are what a store has to write.
type Changes struct {
	// Inserted are to be added with their channels, before anything is updated.
	Inserted []*Subscription
	Updated  []Update
}

// An Update is of a subscription that is known, in full, and of its channels. There
// is one of each.
type Update struct {
	*Subscription
	Add, Remove []string
}

// Import decides what becomes of each of items. It is an operator's word and not
// a browser's: it neither brings back what has ended, nor is it newer than what a
// browser has told since the file was written.
func (k *Known) Import(items []*Import, now time.Time) (results []ImportResult, changes Changes) {
	results = make([]ImportResult, len(items))
	fresh := make(map[*Subscription]bool)
	// before are the channels that the store has of what is updated.
	before := make(map[*Subscription][]string)
	for i, item := range items {
		hash := HashEndpoint(item.Endpoint())
		known := k.Subscriptions[hash]
		if known == nil {
			sub, err := k.insert(item, hash, now)
			if err != nil {
				results[i].Err = err
				continue
			}
			k.Subscriptions[hash], k.IDs[sub.ID], fresh[sub] = sub, true, true
			changes.Inserted = append(changes.Inserted, sub)
			results[i].Outcome = ImportAdded
			continue
		}
		channels := known.Channels
		if results[i].Outcome, results[i].Err = k.refresh(item, known); results[i].Outcome != ImportRefreshed || fresh[known] {
			continue
		}
		if _, twice := before[known]; !twice {
			before[known] = channels
			changes.Updated = append(changes.Updated, Update{Subscription: known})
		}
	}
	for i := range changes.Updated {
		u := &changes.Updated[i]
		u.Add, u.Remove = without(u.Channels, before[u.Subscription]), without(before[u.Subscription], u.Channels)
	}
	return results, changes
}

func (k *Known) insert(item *Import, hash EndpointHash, now time.Time) (*Subscription, error) {
	if tomb := k.Tombstones[hash]; tomb != nil {
		return nil, tomb.errNotBroughtBack()
	}
	key, err := k.key(item, k.CurrentKey)
	if err != nil {
		return nil, err
	}
	channels, err := item.Apply(nil)
	if err != nil {
		return nil, err
	}
	sub := &Subscription{
		ID: item.ID, Subscription: item.Subscription, Service: item.Service, Key: key, Channels: channels,
		CreatedAt: item.CreatedAt, LastSeenAt: item.LastSeenAt,
	}
	item.describe(sub)
	if sub.ID == (ID{}) {
		sub.ID = NewID()
	} else if k.IDs[sub.ID] {
		return nil, invalid("id", "is another subscription's")
	}
	if sub.CreatedAt.IsZero() {
		sub.CreatedAt = now
	}
	if sub.LastSeenAt.IsZero() {
		sub.LastSeenAt = now
	}
	return sub, nil
}

// refresh writes into known what item says.
func (k *Known) refresh(item *Import, known *Subscription) (ImportOutcome, error) {
	if err := item.checkSameKeys(known); err != nil {
		return ImportBad, err
	}
	if item.isOlder(known.LastSeenAt) {
		return ImportUnchanged, nil
	}
	fresh := *known
	var err error
	if fresh.Key, err = k.key(item, known.Key); err != nil {
		return ImportBad, err
	}
	if fresh.Channels, err = item.Apply(known.Channels); err != nil {
		return ImportBad, err
	}
	item.describe(&fresh)
	if item.LastSeenAt.After(known.LastSeenAt) {
		fresh.LastSeenAt = item.LastSeenAt
	}
	if fresh.Key == known.Key && slices.Equal(fresh.Channels, known.Channels) && fresh.Locale == known.Locale &&
		fresh.TimeZone == known.TimeZone && fresh.User == known.User && fresh.LastSeenAt.Equal(known.LastSeenAt) {
		return ImportUnchanged, nil
	}
	*known = fresh
	return ImportRefreshed, nil
}

func (k *Known) key(item *Import, otherwise KeyID) (KeyID, error) {
	if item.ApplicationServerKey == "" {
		return otherwise, nil
	}
	key, ok := k.Keys[item.ApplicationServerKey]
	if !ok {
		return 0, errForeignKey()
	}
	return key, nil
}

// errNotBroughtBack says why an import does not add what has ended here.
func (t *Tombstone) errNotBroughtBack() error {
	why := map[EndReason]string{
		EndGone: "the push service's word", EndUnsubscribed: "the person has unsubscribed", EndReplaced: "another one has replaced it",
		EndRefused: "the push service's word", EndRemoved: "it was removed", EndRetired: "it was retired",
	}[t.Reason]
	return &Error{Code: wire.EndpointGone, Field: "endpoint", Detail: fmt.Sprintf("has ended here on %s: %s.", t.EndedAt.UTC().Format(time.DateOnly), why)}
}

package push

import (
	"context"
	"strconv"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
)

// A Store keeps sites, subscriptions, messages and the queue of deliveries.
// What a method has returned without an error is on disk. Facts about the
// caller's input are errors of type *[Error].
type Store interface {
	Sites
	VAPIDKeys
	APIKeys
	Subscriptions
	Users
	Closings
	Losses
	Retiring
	Messages
	Queue
	Webhooks
}

// Sites is the part of a [Store] that keeps sites. None is ever removed: what it has
// sent, and whom it has lost, stays to be read.
type Sites interface {
	// Site returns the site of this name; the error's code is site-unknown where there
	// is none.
	Site(ctx context.Context, name string) (Site, error)
	// ListSites returns all sites, the default one first and then the oldest.
	ListSites(ctx context.Context) ([]Site, error)
	// CreateSite adds a site that NewSite has made, with its origins and hours, and
	// gives it a VAPID key. The error's code is site-exists where there is one of its
	// name, or origin-taken.
	CreateSite(ctx context.Context, site Site) (Site, error)
	// SetOrigins replaces the site's origins. The error's code is origin-taken where
	// another site has one of them: an origin is one site's.
	SetOrigins(ctx context.Context, site SiteID, origins []string) error
	// SetHours sets the site's time zone and quiet hours, for messages that are
	// accepted from now on.
	SetHours(ctx context.Context, site SiteID, hours Hours) error
}

// VAPIDKeys is the part of a [Store] that keeps the application server keys of sites.
type VAPIDKeys interface {
	// VAPIDKeys returns the site's keys, the current one first.
	VAPIDKeys(ctx context.Context, site SiteID) ([]VAPIDKey, error)
	// AddVAPIDKey gives the site a key, or one that it has another role: browsers
	// subscribe with the current one from then on, and those that have subscribed
	// with another are served with that. It fails with [ErrKeyInUse] for KeyFirst.
	AddVAPIDKey(ctx context.Context, site SiteID, key webpush.VAPIDKey, role KeyRole) (VAPIDKey, error)
	// CountByVAPIDKey counts the site's subscriptions by the key that they are
	// subscribed with. It reads all of them.
	CountByVAPIDKey(ctx context.Context, site SiteID) (map[KeyID]int64, error)
}

// APIKeys is the part of a [Store] that keeps the keys of sites' back ends.
type APIKeys interface {
	// APIKeyByHash returns the key of a hash; ok is false where no site has it, or
	// it is revoked.
	APIKeyByHash(ctx context.Context, hash APIKeyHash) (key APIKey, ok bool, err error)
	// ListAPIKeys returns the site's keys, the oldest first, also those that are
	// revoked.
	ListAPIKeys(ctx context.Context, site SiteID) ([]APIKey, error)
	// AddAPIKey lets a key open the site. One that is known already is returned as it
	// is: a key that is revoked stays so.
	AddAPIKey(ctx context.Context, site SiteID, name string, scopes Scopes, hash APIKeyHash) (APIKey, error)
	// RevokeAPIKey ends a key for good; ok is false where the site has no such key.
	RevokeAPIKey(ctx context.Context, site SiteID, id ID) (ok bool, err error)
	// UseAPIKey notes that a key was used.
	UseAPIKey(ctx context.Context, site SiteID, id ID) error
}

// Subscriptions is the part of a [Store] that keeps subscriptions.
type Subscriptions interface {
	// PutSubscription adds or refreshes a subscription. Errors have the codes
	// endpoint-taken (other keys stand under this endpoint), endpoint-gone
	// (the push service said so, or another has replaced it) and invalid-field.
	PutSubscription(ctx context.Context, site SiteID, s *Subscribe) (sub Subscription, created bool, err error)
	// ImportSubscriptions adds or refreshes up to ImportSize subscriptions of a file
	// at once, and says what became of each. An error means that none was written.
	ImportSubscriptions(ctx context.Context, site SiteID, items []*Import) ([]ImportResult, error)
	// SubscriptionByEndpoint returns the subscription of an endpoint. Errors
	// have the codes subscription-unknown and endpoint-gone.
	SubscriptionByEndpoint(ctx context.Context, site SiteID, endpoint string) (Subscription, error)
	// TouchSubscription notes that the browser was seen. A store may write that in the
	// background, within a second or two: an end of the process without warning may
	// take the last of it.
	TouchSubscription(ctx context.Context, site SiteID, endpoint string) error
	// RemoveSubscription ends a subscription at the person's own wish; one
	// that is not there is no error.
	RemoveSubscription(ctx context.Context, site SiteID, endpoint string) error
	// ListSubscriptions returns up to limit subscriptions after the cursor of
	// the page before; an empty next cursor says that there are no more.
	ListSubscriptions(ctx context.Context, site SiteID, cursor string, limit int) (page []Subscription, next string, err error)
	// ListFailing is ListSubscriptions of those that only fail since a time or
	// longer.
	ListFailing(ctx context.Context, site SiteID, since time.Time, cursor string, limit int) (page []Subscription, next string, err error)
	// CountFailing counts them.
	CountFailing(ctx context.Context, site SiteID, since time.Time) (int64, error)
}

// Messages is the part of a [Store] that keeps messages and their counts.
type Messages interface {
	// CreateMessage accepts a message. Where its audience is small and it is
	// due, its batches are made by the same transaction; with lease those that are
	// due at once, which quiet hours do not defer, are leased to the caller and
	// returned, so that sending starts at once.
	CreateMessage(ctx context.Context, site SiteID, m *Message, o CreateOptions) (MessageStatus, []Batch, error)
	// CountAudience is how many subscriptions an audience has now.
	CountAudience(ctx context.Context, site SiteID, audience Audience) (int64, error)
	// MessageStatus returns a message's state; the error's code is
	// message-unknown where the site has no such message.
	MessageStatus(ctx context.Context, site SiteID, id ID) (MessageStatus, error)
	// ListMessages returns messages, newest first; see ListSubscriptions.
	ListMessages(ctx context.Context, site SiteID, cursor string, limit int) (page []MessageStatus, next string, err error)
	// ListDeliveries returns why deliveries of a message were not accepted, those of
	// an outcome: DeliveryFailed, DeliveryGone or DeliveryExpired, of which about the
	// first MaxReasons each are kept, or DeliveryPending, which are those that wait for
	// a further attempt. Of an unknown message there are none. See ListSubscriptions.
	ListDeliveries(ctx context.Context, site SiteID, message ID, outcome Outcome, cursor string, limit int) (page []DeliveryStatus, next string, err error)
	// CancelMessage stops all of a message that is not sent: what nobody is
	// sending is cancelled when it returns, what a node is about to send when the
	// node hears of it (see Queue.Cancelled), and what is under way counts as what
	// becomes of it. A message that is sent or cancelled already stays as it is.
	// The error's code is message-unknown where the site has no such message.
	CancelMessage(ctx context.Context, site SiteID, id ID) (MessageStatus, error)
	// RecordEvents counts what browsers told, each event once however often
	// it is told. Events of unknown deliveries are passed over.
	RecordEvents(ctx context.Context, site SiteID, events []Event) error
}

// CreateOptions say how a message is accepted.
type CreateOptions struct {
	// Lease is for a caller that delivers.
	Lease bool
	// IdempotencyKey, where it is not empty and was used within IdempotencyTime,
	// returns what was returned then, without batches, if RequestHash is the same,
	// else an error with the code idempotency-conflict.
	IdempotencyKey string
	RequestHash    [32]byte
	// Warnings are part of what is returned, and kept with the key.
	Warnings []string
}

// Queue is the part of a [Store] that hands out deliveries to nodes: processes
// that send, of which a store opened once is one. A batch is leased to one node
// at a time, and so is a delivery that is tried again. A lease ends when its node
// has not called Beat for LeaseTime, by the store's clock, and the fence that it
// came with is no longer good then: what another node holds by now is that one's
// to record.
type Queue interface {
	// Expand reads one step of an audience that is due and appends its batches,
	// each with its own due time; done is true where there was nothing to do. The
	// first step of a message finds its parts (see [Message.Parts]), or all members
	// of a small audience: they are those of that moment, however much later some
	// of them get it.
	Expand(ctx context.Context) (done bool, err error)
	// ClaimBatches leases up to limit batches that are due, but for those in except.
	ClaimBatches(ctx context.Context, limit int, except []Lane) ([]Batch, error)
	// ClaimSmall is ClaimBatches of messages to a small audience, which overtake all
	// others: Expand reads them first as well.
	ClaimSmall(ctx context.Context, limit int, except []Lane) ([]Batch, error)
	// ClaimRetries leases up to limit deliveries whose next attempt is due, but for
	// those in except.
	ClaimRetries(ctx context.Context, limit int, except []Lane) ([]Delivery, error)
	// Record writes what became of deliveries, and forgets the Closings that are done
	// with those that were accepted. What was leased to another node since is passed over,
	// and counted. A delivery of a cancelled message that would be tried again is
	// cancelled.
	Record(ctx context.Context, results []DeliveryResult) (fenced int, err error)
	// Release hands a batch back: what has no outcome is claimed again.
	Release(ctx context.Context, batch Batch) error
	// NextDue is when the queue has work next, but for that in except, and for what
	// ClaimSmall would lease for that in exceptSmall; ok is false where it has none.
	NextDue(ctx context.Context, except, exceptSmall []Lane) (at time.Time, ok bool, err error)
	// Sweep forgets up to SweepSize Idempotency-Keys whose time is over and as many
	// tombstones, closings and webhooks' events, and says how many: from SweepSize on
	// there may be more.
	Sweep(ctx context.Context) (swept int, err error)
	// Beat says that this node lives, and takes back the leases of nodes that do
	// not; freed is true where there were any. Opening a store is a first Beat.
	Beat(ctx context.Context) (freed bool, err error)
	// Cancelled returns the cancelled messages of which this node has leases: it
	// stops sending them, and records the rest as cancelled.
	Cancelled(ctx context.Context) ([]ID, error)
	// Forfeit gives up all leases of this node.
	Forfeit(ctx context.Context) error
}

// A Lane is the way to a push service: of one site, or where Site is zero of all.
type Lane struct {
	// Service is the push service's name.
	Service string
	Site    SiteID
}

// String has the site's number, if one is meant, behind a space, which no push
// service's name has.
func (l Lane) String() string {
	if l.Site == 0 {
		return l.Service
	}
	return l.Service + " " + strconv.FormatInt(int64(l.Site), 10)
}

const (
	// LeaseTime is how long a node holds its leases after a Beat.
	LeaseTime = 10 * time.Second
	// BeatEvery is how often a node calls Beat.
	BeatEvery = 2 * time.Second
)

// A Batch is up to BatchSize deliveries of one message to one push service.
type Batch struct {
	Message ID
	No      uint32
	// Service is the push service's name; see [webpush.Services.Check].
	Service    string
	Fence      int64
	Deliveries []Delivery
}

// A Delivery is one message to one subscription, ready to be sent.
type Delivery struct {
	ID   DeliveryID
	Site SiteID
	// Token is what the browser reports with.
	Token string
	// Message holds what the deliveries of a message share, and Payload is the one of
	// its payloads that is in the recipient's language.
	Message *Message
	Payload *Payload
	// Attempt counts from 0.
	Attempt      int
	Subscription webpush.Subscription
	SubscriberID ID
	// Attributes are the recipient's, where the message has placeholders for them.
	Attributes Attributes
	// Closings wait for the recipient, and ride along.
	Closings []Closing
	// TimeZone is the recipient's; empty: not known.
	TimeZone string
	Key      KeyID
	// TTLFrom is from when the TTL counts.
	TTLFrom time.Time
	// Service is the push service's name.
	Service string
	// Fence is that of the batch's lease, or of the delivery's own where it is
	// tried again.
	Fence int64
}

// A DeliveryResult is what became of one attempt.
type DeliveryResult struct {
	Delivery Delivery
	Outcome  Outcome
	// RetryAt is when to try again; it goes with DeliveryPending.
	RetryAt time.Time
	// Status and Reason are the push service's, for all but
	// DeliveryAccepted.
	Status int
	Reason string
}

// OfCancelled is the result where the message was cancelled meanwhile: there is no
// further attempt.
func (r DeliveryResult) OfCancelled() DeliveryResult {
	if r.Outcome == DeliveryPending {
		r.Outcome = DeliveryCancelled
	}
	return r
}

// HasException says whether a store has an exception to keep for the result: when to
// try again, or why the delivery failed; see [Reasons].
func (r DeliveryResult) HasException() bool {
	return r.Outcome != DeliveryAccepted && r.Outcome != DeliveryCancelled
}

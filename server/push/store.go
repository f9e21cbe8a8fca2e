package push

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
)

// A Store keeps sites, subscriptions, messages and the queue of deliveries.
// What a method has returned without an error is on disk. Facts about the
// caller's input are errors of type *[Error].
type Store interface {
	// Site returns the site of this name.
	Site(ctx context.Context, name string) (Site, error)
	// SetOrigins replaces the site's origins.
	SetOrigins(ctx context.Context, site SiteID, origins []string) error
	// VAPIDKeys returns the site's keys, the current one first.
	VAPIDKeys(ctx context.Context, site SiteID) ([]VAPIDKey, error)
	// SiteOfAPIKey returns the id of the site that an API key opens; ok is
	// false where no site has the key.
	SiteOfAPIKey(ctx context.Context, hash APIKeyHash) (site SiteID, ok bool, err error)
	// AddAPIKey lets a key open the site. A key that does so already is left.
	AddAPIKey(ctx context.Context, site SiteID, hash APIKeyHash) error

	Subscriptions
	Messages
	Queue
}

// Subscriptions is the part of a [Store] that keeps subscriptions.
type Subscriptions interface {
	// PutSubscription adds or refreshes a subscription. Errors have the codes
	// endpoint-taken (other keys stand under this endpoint), endpoint-gone
	// (the push service said so) and invalid-field.
	PutSubscription(ctx context.Context, site SiteID, s *Subscribe) (sub Subscription, created bool, err error)
	// SubscriptionByEndpoint returns the subscription of an endpoint. Errors
	// have the codes subscription-unknown and endpoint-gone.
	SubscriptionByEndpoint(ctx context.Context, site SiteID, endpoint string) (Subscription, error)
	// TouchSubscription notes that the browser was seen.
	TouchSubscription(ctx context.Context, site SiteID, endpoint string) error
	// RemoveSubscription ends a subscription at the person's own wish; one
	// that is not there is no error.
	RemoveSubscription(ctx context.Context, site SiteID, endpoint string) error
	// ListSubscriptions returns up to limit subscriptions after the cursor of
	// the page before; an empty next cursor says that there are no more.
	ListSubscriptions(ctx context.Context, site SiteID, cursor string, limit int) (page []Subscription, next string, err error)
}

// Messages is the part of a [Store] that keeps messages and their counts.
type Messages interface {
	// CreateMessage accepts a message. Where its audience is small and it is
	// due, its batches are made by the same transaction; with lease they are
	// leased to the caller and returned, so that sending starts at once.
	CreateMessage(ctx context.Context, site SiteID, m *Message, o CreateOptions) (MessageStatus, []Batch, error)
	// MessageStatus returns a message's state; the error's code is
	// message-unknown where the site has no such message.
	MessageStatus(ctx context.Context, site SiteID, id ID) (MessageStatus, error)
	// ListMessages returns messages, newest first; see ListSubscriptions.
	ListMessages(ctx context.Context, site SiteID, cursor string, limit int) (page []MessageStatus, next string, err error)
	// RecordEvents counts what browsers told, each event once however often
	// it is told. Events of unknown deliveries are passed over.
	RecordEvents(ctx context.Context, site SiteID, events []Event) error
}

// CreateOptions say how a message is accepted.
type CreateOptions struct {
	// Lease is for a caller that delivers.
	Lease bool
	// IdempotencyKey, where it is not empty and was used before, returns the
	// message of then if RequestHash is the same, else an error with the code
	// idempotency-conflict.
	IdempotencyKey string
	RequestHash    [32]byte
}

// Queue is the part of a [Store] that hands out deliveries. A batch is leased
// to one caller at a time.
type Queue interface {
	// Expand reads one step of an audience that is due and appends its batch;
	// done is true where there was nothing to do.
	Expand(ctx context.Context) (done bool, err error)
	// ClaimBatches leases up to limit batches that are due.
	ClaimBatches(ctx context.Context, limit int) ([]Batch, error)
	// ClaimRetries leases up to limit deliveries whose next attempt is due.
	ClaimRetries(ctx context.Context, limit int) ([]Delivery, error)
	// Record writes what became of deliveries.
	Record(ctx context.Context, results []DeliveryResult) error
	// NextDue is when the queue has work next; ok is false where it has none.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
	// Recover takes back the leases of a process that has ended.
	Recover(ctx context.Context) error
}

// A Batch is up to BatchSize deliveries of one message to one push service.
type Batch struct {
	Deliveries []Delivery
}

// A Delivery is one message to one subscription, ready to be sent.
type Delivery struct {
	ID   DeliveryID
	Site SiteID
	// Token is what the browser reports with.
	Token string
	// Message holds what the deliveries of a message share.
	Message *Message
	// Attempt counts from 0.
	Attempt      int
	Subscription webpush.Subscription
	SubscriberID ID
	Key          KeyID
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

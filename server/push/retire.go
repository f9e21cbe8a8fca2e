package push

import (
	"context"
	"time"
)

// Retiring is the part of a [Store] that ends subscriptions whose browsers were not
// seen for long: not every push service ever says that one is gone.
type Retiring interface {
	// ScanUnseen looks at up to limit subscriptions after the cursor of the step
	// before, and returns those that were last seen before a time; an empty next cursor
	// says that there are no more. There is no index by it, which every visit of a
	// browser would have to pay for.
	ScanUnseen(ctx context.Context, site SiteID, before time.Time, cursor string, limit int) (found []Unseen, next string, err error)
	// RetireSubscriptions ends those of some endpoints, up to RetireSize, that were
	// still not seen, and says how many.
	RetireSubscriptions(ctx context.Context, site SiteID, before time.Time, endpoints []EndpointHash) (retired int, err error)
}

const (
	// ScanSize is how many subscriptions a step looks at.
	ScanSize = 10_000
	// RetireSize is how many subscriptions one transaction retires, so that others' are
	// let in between.
	RetireSize = 100
)

// An Unseen is a subscription whose browser was not seen for long.
type Unseen struct {
	Endpoint   EndpointHash
	Service    string
	LastSeenAt time.Time
}

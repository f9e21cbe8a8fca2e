package push

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// FailingFor is how long a subscription has only failed when it is reported. It is
// not deleted: only the vendor's word does that.
const FailingFor = 30 * 24 * time.Hour

// A Failing is what is known of a subscription whose last delivery failed by its
// own doing.
type Failing struct {
	// Since is when the first delivery failed after the last one that was accepted.
	Since, LastAt time.Time
	Failures      int
	// Status and Reason are the push service's of the last failure.
	Status int
	Reason string
}

// IsKeyMismatch says whether the push service of a subscription says that it was
// made with another application server key than the one that we have of it.
func (f *Failing) IsKeyMismatch(service string) bool {
	return isKeyMismatch(service, f.Status, f.Reason)
}

func isKeyMismatch(service string, status int, reason string) bool {
	return vendors.Named(service).Explain(status, reason).Kind == vendors.KeyMismatch
}

// Statuses of push services that say nothing of the subscription (RFC 8292 section
// 4.2, RFC 8030 section 7.2).
const (
	statusUnauthorized = 401
	statusForbidden    = 403
	statusTooLarge     = 413
)

// IsOwnFailure says whether a result speaks against the subscription: not against this
// server (401 and 403, but for another key), nor the message (413), nor where nobody
// answered.
func (r DeliveryResult) IsOwnFailure() bool {
	switch r.Outcome {
	case DeliveryFailed:
		switch r.Status {
		case statusUnauthorized, statusForbidden:
			return isKeyMismatch(r.Delivery.Service, r.Status, r.Reason)
		case statusTooLarge:
			return false
		}
		return true
	case DeliveryExpired:
		return r.Status != 0
	}
	return false
}

// Turns are what results say of the subscriptions at one push service.
type Turns struct {
	// IDs are all of them, Least and Greatest the bounds.
	IDs             []ID
	Least, Greatest ID
	// Accepted are those that do well.
	Accepted map[ID]bool
	// Failed are those that fail by their own doing, a result for each.
	Failed []DeliveryResult
}

// TurnsOf sorts results at one push service; some is false where they say nothing,
// as those to be tried again do, and those of people who have left.
func TurnsOf(results []DeliveryResult) (t Turns, some bool) {
	t.Accepted = make(map[ID]bool, len(results))
	failed := make(map[ID]bool)
	for _, r := range results {
		id := r.Delivery.SubscriberID
		if id == (ID{}) || r.Outcome == DeliveryPending {
			continue
		}
		t.IDs = append(t.IDs, id)
		if r.Outcome == DeliveryAccepted {
			t.Accepted[id] = true
		} else if r.IsOwnFailure() && !failed[id] {
			failed[id] = true
			t.Failed = append(t.Failed, r)
		}
	}
	if len(t.IDs) == 0 {
		return t, false
	}
	t.Least, t.Greatest = slices.MinFunc(t.IDs, ID.Compare), slices.MaxFunc(t.IDs, ID.Compare)
	return t, true
}

// ParseAge reads how long ago something was: days, such as 30d, or what
// [time.ParseDuration] reads.
func ParseAge(field, text string) (time.Duration, error) {
	var age time.Duration
	var err error
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		age = time.Duration(n) * 24 * time.Hour
		if n > maxAgeDays {
			age = -1
		}
	} else {
		age, err = time.ParseDuration(text)
	}
	if err != nil || age < 0 {
		return 0, invalid(field, "is not a time such as 30d or 12h")
	}
	return age, nil
}

// maxAgeDays keeps an age within what a [time.Duration] holds.
const maxAgeDays = 36500

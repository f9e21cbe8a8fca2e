package push

import (
	"context"
	"time"
)

// Losses is the part of a [Store] that counts the subscriptions that have ended.
type Losses interface {
	// Losses counts the subscriptions that ended from a day to another, both included,
	// by day and reason, in this order. One that another carries on is none; one whose
	// browser comes back is a new one, and was lost all the same.
	Losses(ctx context.Context, site SiteID, from, to Day) ([]Loss, error)
}

// A Loss is how many subscriptions ended on a day for a reason.
type Loss struct {
	Day    Day
	Reason EndReason
	Count  int64
}

// IsLoss says whether who is subscribed is one less: not where another subscription
// carries this one on.
func (r EndReason) IsLoss() bool { return r != EndReplaced }

// LossReasons are all that losses have.
func LossReasons() []EndReason {
	return []EndReason{EndGone, EndRefused, EndUnsubscribed, EndRetired, EndRemoved}
}

// A Day is one in UTC, counted from 1970.
type Day int32

// DayOf is the day of a time.
func DayOf(t time.Time) Day { return Day(t.Unix() / (24 * 60 * 60)) }

func (d Day) String() string {
	return time.Unix(int64(d)*24*60*60, 0).UTC().Format(time.DateOnly)
}

const (
	// lossDays is of how many days the losses are told where nobody says.
	lossDays = 30
	// maxLossDays bounds what is told at once.
	maxLossDays = 3660
	// DefaultRetention is how long it is remembered which subscriptions have ended,
	// and how many: a year can be held against the one before. Of what ended, a
	// browser that comes back is told so, and gets its id and channels again.
	DefaultRetention = 400 * 24 * time.Hour
)

// ParseDays reads the first and the last of days, such as 2026-11-29. Empty texts are
// the last 30 days, or those up to the last.
func ParseDays(from, to string, now time.Time) (first, last Day, err error) {
	last = DayOf(now)
	if to != "" {
		if last, err = parseDay("to", to); err != nil {
			return 0, 0, err
		}
	}
	first = last - lossDays + 1
	if from != "" {
		if first, err = parseDay("from", from); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case first > last:
		return 0, 0, invalid("from", "is after the last day, %s", last)
	case last-first >= maxLossDays:
		return 0, 0, invalid("from", "is more than %d days before the last, %s", maxLossDays, last)
	}
	return first, last, nil
}

func parseDay(field, text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1970 {
		return 0, invalid(field, "is not a day such as 2026-11-29")
	}
	return DayOf(t), nil
}

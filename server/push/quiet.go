package push

import (
	"fmt"
	"strings"
	"time"
)

// QuietHours are the hours of each day in which nobody is to be disturbed, by the
// recipient's clock. The zero value is none.
type QuietHours struct {
	// From and To are minutes since midnight; where To is less, they cross it.
	From, To int
}

// ParseQuietHours reads hours such as 22:00-08:00; an empty text is none.
func ParseQuietHours(text string) (QuietHours, error) {
	if text == "" {
		return QuietHours{}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	q := QuietHours{minuteOf(from), minuteOf(to)}
	if !ok || q.From < 0 || q.To < 0 {
		return QuietHours{}, fmt.Errorf("%q is not of the form 22:00-08:00", text)
	}
	if q.From == q.To {
		return QuietHours{}, fmt.Errorf("%q begins when it ends", text)
	}
	return q, nil
}

// minuteOf reads a time of day such as 08:00; it is negative where it is none.
func minuteOf(text string) int {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// IsZero says that there are none.
func (q QuietHours) IsZero() bool { return q == QuietHours{} }

func (q QuietHours) String() string {
	if q.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", q.From/60, q.From%60, q.To/60, q.To%60)
}

// MarshalText implements [encoding.TextMarshaler].
func (q QuietHours) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (q *QuietHours) UnmarshalText(text []byte) (err error) {
	*q, err = ParseQuietHours(string(text))
	return err
}

// after returns a moment, or the end of the quiet hours that it is in.
func (q QuietHours) after(at time.Time, location *time.Location) time.Time {
	if q.IsZero() {
		return at
	}
	wall := wallOf(at, location)
	day, minute := startOfDay(wall), wall.Hour()*60+wall.Minute()
	switch {
	case q.From < q.To && (minute < q.From || minute >= q.To):
		return at
	case q.From > q.To && minute >= q.From:
		day = day.AddDate(0, 0, 1)
	case q.From > q.To && minute >= q.To:
		return at
	}
	end := inZone(day.Add(time.Duration(q.To)*time.Minute), location)
	if end.Before(at) {
		// Where clocks are set back the hours have ended once already.
		return at
	}
	return end
}

// stretch returns the moment at which so much time has passed since a start that
// is not quiet.
func (q QuietHours) stretch(start time.Time, passes time.Duration, location *time.Location) time.Time {
	if q.IsZero() {
		return start.Add(passes)
	}
	at := q.after(start, location)
	for limit := start.Add(longestDeferral); at.Before(limit); {
		begin := q.next(at, location)
		if left := begin.Sub(at); passes < left {
			return at.Add(passes)
		} else {
			passes -= left
		}
		at = q.after(begin, location)
		if !at.After(begin) {
			at = begin.Add(time.Minute) // a night that the zone has skipped
		}
	}
	return at
}

// longestDeferral is after which time nobody asks when a delivery is due: no TTL
// lasts so long.
const longestDeferral = 60 * 24 * time.Hour

// next is when quiet hours begin next, not before a moment.
func (q QuietHours) next(at time.Time, location *time.Location) time.Time {
	begin := startOfDay(wallOf(at, location)).Add(time.Duration(q.From) * time.Minute)
	for {
		if t := inZone(begin, location); !t.Before(at) {
			return t
		}
		begin = begin.AddDate(0, 0, 1)
	}
}

func startOfDay(wall time.Time) time.Time {
	return time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
}

package push

import (
	"testing"
	"time"
)

func TestParseDays(t *testing.T) {
	now := time.Date(2026, 11, 29, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct{ from, to, wantFrom, wantTo string }{
		{"", "", "2026-10-31", "2026-11-29"},
		{"2026-11-01", "", "2026-11-01", "2026-11-29"},
		{"", "2024-03-01", "2024-02-01", "2024-03-01"},
		{"2026-11-29", "2026-11-29", "2026-11-29", "2026-11-29"},
		{"2026-11-30", "", "", ""}, {"2026-11-02", "2026-11-01", "", ""}, {"1970-01-01", "", "", ""},
		{"yesterday", "", "", ""}, {"2026-02-30", "", "", ""}, {"", "2026-11-29T00:00:00Z", "", ""}, {"0001-01-01", "0001-01-02", "", ""},
	} {
		from, to, err := ParseDays(c.from, c.to, now)
		if (err != nil) != (c.wantFrom == "") || err == nil && (from.String() != c.wantFrom || to.String() != c.wantTo) {
			t.Errorf("%q to %q: got %s to %s, %v", c.from, c.to, from, to, err)
		}
	}
}

func FuzzParseDays(f *testing.F) {
	f.Add("2026-11-01", "2026-11-29")
	f.Fuzz(func(t *testing.T, from, to string) {
		first, last, err := ParseDays(from, to, time.Unix(1795000000, 0))
		if err == nil && (first > last || last-first >= maxLossDays || to != "" && last.String() != to) {
			t.Errorf("%q to %q is %s to %s", from, to, first, last)
		}
	})
}

package push

import (
	"testing"
	"time"
)

func TestParseQuietHours(t *testing.T) {
	for text, want := range map[string]QuietHours{
		"": {}, "22:00-08:00": {22 * 60, 8 * 60}, "00:00-06:30": {0, 6*60 + 30}, "12:00-13:00": {12 * 60, 13 * 60}, "23:59-00:00": {23*60 + 59, 0},
	} {
		got, err := ParseQuietHours(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q: got %+v (%s), %v", text, got, got, err)
		}
	}
	for _, text := range []string{"22:00", "22-08", "22:00-24:00", "22:00-08:60", "8:00-9:00", "22:00-22:00", "22:00-08:00-", " 22:00-08:00", "-", "22:00–08:00"} {
		if got, err := ParseQuietHours(text); err == nil {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func FuzzParseQuietHours(f *testing.F) {
	for _, text := range []string{"", "22:00-08:00", "22:00-22:00", "x-y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuietHours(text)
		if err == nil && q.String() != text {
			t.Errorf("%q is %+v, which is %q", text, q, q)
		}
	})
}

func quiet(t testing.TB, text string) QuietHours {
	t.Helper()
	q, err := ParseQuietHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTheEndOfQuietHours(t *testing.T) {
	for _, c := range []struct{ hours, zone, at, want string }{
		{"22:00-08:00", "UTC", "2026-12-01T21:59", "2026-12-01T21:59"},
		{"22:00-08:00", "UTC", "2026-12-01T22:00", "2026-12-02T08:00"},
		{"22:00-08:00", "UTC", "2026-12-31T23:30", "2027-01-01T08:00"},
		{"22:00-08:00", "UTC", "2026-12-01T00:00", "2026-12-01T08:00"},
		{"22:00-08:00", "UTC", "2026-12-01T07:59", "2026-12-01T08:00"},
		{"22:00-08:00", "UTC", "2026-12-01T08:00", "2026-12-01T08:00"},
		{"12:00-13:00", "UTC", "2026-12-01T11:59", "2026-12-01T11:59"},
		{"12:00-13:00", "UTC", "2026-12-01T12:30", "2026-12-01T13:00"},
		{"12:00-13:00", "UTC", "2026-12-01T13:00", "2026-12-01T13:00"},
		{"22:00-08:00", "Asia/Tokyo", "2026-12-01T12:59", "2026-12-01T12:59"},
		{"22:00-08:00", "Asia/Tokyo", "2026-12-01T13:00", "2026-12-01T23:00"},
		// Clocks are set forward, and back, in these nights.
		{"22:00-08:00", "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T06:00"},
		{"22:00-08:00", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T07:00"},
		{"01:00-02:30", "Europe/Berlin", "2026-10-25T00:10", "2026-10-25T00:30"}, // 02:10, the first time
		{"01:00-02:30", "Europe/Berlin", "2026-10-25T01:10", "2026-10-25T01:10"}, // 02:10 again: they have ended
		{"", "UTC", "2026-12-01T23:00", "2026-12-01T23:00"},
	} {
		at := wall(c.at)
		if got := quiet(t, c.hours).after(at, location(t, c.zone)); !got.Equal(wall(c.want)) {
			t.Errorf("%s in %s at %s: got %s, want %s", c.hours, c.zone, c.at, got.UTC(), c.want)
		}
	}
}

func TestQuietHoursStretchASpreadAudience(t *testing.T) {
	for _, c := range []struct {
		start  string
		passes time.Duration
		want   string
	}{
		{"2026-12-01T21:00", 59 * time.Minute, "2026-12-01T21:59"},
		{"2026-12-01T21:00", 60 * time.Minute, "2026-12-02T08:00"},
		{"2026-12-01T21:00", 75 * time.Minute, "2026-12-02T08:15"},
		{"2026-12-01T23:00", 0, "2026-12-02T08:00"},
		{"2026-12-01T23:00", 75 * time.Minute, "2026-12-02T09:15"},
		{"2026-12-01T21:00", 24 * time.Hour, "2026-12-03T17:00"},
	} {
		if got := quiet(t, "22:00-08:00").stretch(wall(c.start), c.passes, time.UTC); !got.Equal(wall(c.want)) {
			t.Errorf("%v after %s: got %s, want %s", c.passes, c.start, got.UTC(), c.want)
		}
	}
	// A minute a day is left: it ends, whatever TTL there is.
	if got := quiet(t, "00:01-00:00").stretch(noon, 24*time.Hour, time.UTC); got.Before(noon.Add(wireMaxTTL)) {
		t.Errorf("got %s", got)
	}
}

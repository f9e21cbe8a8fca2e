package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

const wireMaxTTL = wire.MaxTTL * time.Second

var berlin = Hours{TimeZone: "Europe/Berlin", Quiet: QuietHours{22 * 60, 8 * 60}}

// parse is a message with members beside those that are needed, at noon.
func parse(t testing.TB, members string, hours Hours) *Message {
	t.Helper()
	m, _, err := ParseMessage(decodeMessage(t, beside(members)), base, hours, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseSchedule(t *testing.T) {
	for members, want := range map[string]struct {
		due      time.Time
		schedule Schedule
	}{
		``:                                   {noon, Schedule{}},
		`, "sendAt": "2026-12-02T09:00:00Z"`: {noon.Add(21 * time.Hour), Schedule{}},
		`, "sendAt": "2026-11-02T09:00:00Z"`: {noon, Schedule{}},
		`, "sendAt": ""`:                     {noon, Schedule{}},
		`, "spread": 600`:                    {noon, Schedule{Spread: 10 * time.Minute}},
		// Where clocks are furthest ahead, by 14 hours.
		`, "sendAt": {"local": "2026-12-02T09:00"}`:    {wall("2026-12-01T19:00"), Schedule{Local: wall("2026-12-02T09:00"), Zone: "UTC"}},
		`, "sendAt": {"local": "2026-12-02T09:00:30"}`: {wall("2026-12-01T19:00").Add(30 * time.Second), Schedule{Local: wall("2026-12-02T09:00").Add(30 * time.Second), Zone: "UTC"}},
		// There it has passed.
		`, "sendAt": {"local": "2026-12-01T20:00"}`: {noon, Schedule{Local: wall("2026-12-01T20:00"), Zone: "UTC"}},
		`, "sendAt": {"local": "2020-12-01T20:00"}`: {noon, Schedule{Local: wall("2020-12-01T20:00"), Zone: "UTC"}},
	} {
		if m := parse(t, members, Hours{}); !m.DueAt.Equal(want.due) || m.Schedule != want.schedule {
			t.Errorf("%s: got %s, %+v; want %s, %+v", members, m.DueAt, m.Schedule, want.due, want.schedule)
		}
	}
	if m := parse(t, ``, berlin); m.Schedule != (Schedule{Quiet: berlin.Quiet, Zone: "Europe/Berlin"}) {
		t.Errorf("got %+v", m.Schedule)
	}
	if m := parse(t, `, "ignoreQuietHours": true`, berlin); !m.Schedule.IsZero() {
		t.Errorf("got %+v", m.Schedule)
	}
	m := parse(t, `, "sendAt": {"local": "2026-12-02T09:00"}, "spread": 60`, berlin)
	kept, err := json.Marshal(m.Schedule)
	var again Schedule
	if err == nil {
		err = json.Unmarshal(kept, &again)
	}
	if err != nil || again != m.Schedule {
		t.Errorf("%s is read as %+v, %v", kept, again, err)
	}
	if empty, err := json.Marshal(Schedule{}); err != nil || string(empty) != "{}" {
		t.Errorf("got %s, %v", empty, err)
	}
}

func TestParseScheduleNamesTheFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct{ body, field string }{
		{beside(`, "sendAt": 1`), "sendAt"},
		{beside(`, "sendAt": []`), "sendAt"},
		{beside(`, "sendAt": {}`), "sendAt"},
		{beside(`, "sendAt": {"local": 1}`), "sendAt"},
		{beside(`, "sendAt": {"local": "2026-12-01T09:00", "zone": "UTC"}`), "sendAt"},
		{beside(`, "sendAt": {"local": ""}`), "sendAt.local"},
		{beside(`, "sendAt": {"local": "2026-12-01T09:00:00Z"}`), "sendAt.local"},
		{beside(`, "sendAt": {"local": "2026-12-01T09:00:00.5"}`), "sendAt.local"},
		{beside(`, "sendAt": {"local": "2026-12-01T9:00"}`), "sendAt.local"},
		{beside(`, "sendAt": {"local": "2026-02-30T09:00"}`), "sendAt.local"},
		{beside(`, "spread": -1`), "spread"},
		{beside(`, "spread": 86401`), "spread"},
		{`{"audience": {"users": ["u"]}, "notification": {"title": "x"}, "spread": 1}`, "spread"},
	} {
		_, _, err := ParseMessage(decodeMessage(t, c.body), base, Hours{}, noon)
		var e *Error
		if !errors.As(err, &e) || e.Code != wire.InvalidField || e.Field != c.field {
			t.Errorf("%s: got %v, want an error of %s", c.body, err, c.field)
		}
	}
}

func FuzzParseSendAt(f *testing.F) {
	for _, text := range []string{"", "2026-12-01T09:00:00Z", "2026-12-01T09:00", "2026-12-01T09:00:00", "0000-01-01T00:00", "9999-12-31T23:59"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, sendAt := range []any{text, wire.LocalTime{Local: text}} {
			m, _, err := ParseMessage(wire.MessageRequest{
				Audience: wire.Audience{All: true}, Notification: wire.Notification{Title: "x"}, SendAt: sendAt}, base, berlin, noon)
			if err == nil && m.DueAt.Before(noon) {
				t.Errorf("%v is due at %s, before it was accepted", sendAt, m.DueAt)
			}
		}
	})
}

// Whoever has whatever time zone is in exactly one part, and gets what they would
// get if they were asked alone.
func TestPartsAreAPartition(t *testing.T) {
	for _, members := range []string{
		``, `, "spread": 3600`, `, "ttl": 0`, `, "ttl": 3600`, `, "ignoreQuietHours": true`,
		`, "sendAt": {"local": "2026-12-02T09:00"}`, `, "sendAt": {"local": "2026-12-01T12:30"}`, `, "sendAt": {"local": "2026-12-02T23:00"}`,
		`, "sendAt": {"local": "2026-12-02T21:30"}, "spread": 3600`, `, "sendAt": {"local": "2026-03-29T02:30"}`,
	} {
		for _, hours := range []Hours{{}, berlin, {TimeZone: "Mars/Olympus"}} {
			m := parse(t, members, hours)
			parts := m.Parts()
			of := make(map[string][]Part)
			var others []Part
			for _, part := range parts {
				if part.Others {
					others = append(others, part)
				} else if len(part.Zones) == 0 {
					t.Errorf("%s: a part of nobody", members)
				}
				if part.DueAt.Before(m.DueAt) || part.Start.Before(m.DueAt) {
					t.Errorf("%s: %+v is due before the message", members, part)
				}
			}
			if len(others) != 1 {
				t.Fatalf("%s: %d parts have the others", members, len(others))
			}
			for _, zone := range append(Zones(), "", "Mars/Olympus", "Local") {
				for _, part := range parts {
					if slices.Contains(part.Zones, zone) != part.Others {
						of[zone] = append(of[zone], part)
					}
				}
				if len(of[zone]) != 1 {
					t.Fatalf("%s: %q is in %d parts", members, zone, len(of[zone]))
				}
				part := of[zone][0]
				if got, want := m.Step(part, 0, 0), m.TimingIn(zone); !got.DueAt.Equal(want.DueAt) || !got.TTLFrom.Equal(want.TTLFrom) || got.Expired != want.Expired || !part.DueAt.Equal(want.DueAt) {
					t.Fatalf("%s: %q is due at %+v in its part, and alone at %+v", members, zone, got, want)
				}
			}
		}
	}
}

func TestALocalTimeIsEachZonesOwn(t *testing.T) {
	m := parse(t, `, "sendAt": {"local": "2026-12-01T13:30"}`, Hours{TimeZone: "Europe/Berlin"})
	for zone, want := range map[string]string{
		"America/New_York": "2026-12-01T18:30", "UTC": "2026-12-01T13:30", "Europe/Berlin": "2026-12-01T12:30", "": "2026-12-01T12:30", "Mars/Olympus": "2026-12-01T12:30",
		"Asia/Tokyo": "2026-12-01T12:00", "Europe/Athens": "2026-12-01T12:00", // passed
	} {
		if got := m.TimingIn(zone); !got.DueAt.Equal(wall(want)) || !got.TTLFrom.Equal(wall(want)) || got.Expired {
			t.Errorf("%q: got %+v, want %s", zone, got, want)
		}
	}
	// One for each offset that people live with, and not for each zone.
	if n := len(m.Parts()); n < 10 || n > 45 {
		t.Errorf("%d parts", n)
	}
}

func TestQuietHoursDeferAndTheTTLCountsFromBefore(t *testing.T) {
	for _, c := range []struct {
		zone, ttl string
		want      time.Duration // deferred by
		expired   bool
	}{
		{"Europe/Berlin", "60", 0, false},
		{"Asia/Tokyo", "2419200", 0, false}, // 21:00
		{"Australia/Sydney", "2419200", 9 * time.Hour, false},
		{"Australia/Sydney", "32401", 9 * time.Hour, false},
		{"Australia/Sydney", "32400", 0, true},
		{"Australia/Sydney", "60", 0, true},
		{"Australia/Sydney", "0", 0, true},
		{"Pacific/Honolulu", "36000", 6 * time.Hour, false},
		{"", "60", 0, false},
	} {
		m := parse(t, `, "ttl": `+c.ttl, berlin)
		got := m.TimingIn(c.zone)
		if got.DueAt.Sub(noon) != c.want || !got.TTLFrom.Equal(noon) || got.Expired != c.expired {
			t.Errorf("%s with a TTL of %s: got %+v", c.zone, c.ttl, got)
		}
	}
}

func TestASpreadAudienceComesEvenly(t *testing.T) {
	m := parse(t, `, "spread": 3600`, Hours{})
	parts := m.Parts()
	if len(parts) != 1 || !parts[0].IsAll() {
		t.Fatalf("got %+v", parts)
	}
	for scanned, want := range map[int64]time.Duration{0: 0, 50: time.Minute, 1500: 30 * time.Minute, 3000: time.Hour, 4000: time.Hour} {
		if got := m.Step(parts[0], scanned, 3000); got.DueAt.Sub(noon) != want || !got.TTLFrom.Equal(got.DueAt) {
			t.Errorf("after %d: got %+v, want %v", scanned, got, want)
		}
	}
	for total, want := range map[int64]int{0: 1, 1: 1, 59: 1, 3000: 50, 1e6: 10_000} {
		if got := m.stepSize(total); got != want {
			t.Errorf("of %d: %d a step, want %d", total, got, want)
		}
	}
	// Through the night it rests, and goes on as evenly.
	m = parse(t, `, "spread": 7200, "sendAt": {"local": "2026-12-02T21:00"}, "ttl": 3600`, berlin)
	for _, part := range m.Parts() {
		if part.Others {
			for scanned, want := range map[int64]string{0: "21:00 false", 40: "21:40 false", 60: "22:00 true", 90: "22:30 true"} {
				got := m.Step(part, scanned, 120)
				if text := fmt.Sprint(got.DueAt.In(location(t, "Europe/Berlin")).Format("15:04"), " ", got.Expired); text != want {
					t.Errorf("after %d: %s, want %s", scanned, text, want)
				}
			}
		}
	}
}

func TestDraftsGroupMembersByWhenTheyAreDue(t *testing.T) {
	member := func(service int64, zone string) Member { return Member{service, NewID(), zone} }
	members := []Member{
		member(1, "Europe/Berlin"), member(2, "Europe/Berlin"), member(1, "Europe/Paris"), member(1, ""), member(1, "Australia/Sydney"),
	}
	drafts := parse(t, ``, berlin).Drafts(members)
	var got []string
	for _, d := range drafts {
		got = append(got, fmt.Sprint(d.Service, " ", len(d.Members), " ", d.DueAt.Sub(noon), " ", d.Outcomes().Counts().Pending))
	}
	if want := []string{"1 3 0s 3", "2 1 0s 1", "1 1 9h0m0s 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	drafts = parse(t, `, "ttl": 60`, berlin).Drafts(members)
	if c := drafts[2].Outcomes().Counts(); c.Expired != 1 || c.Pending != 0 || drafts[2].DueAt.After(noon) {
		t.Errorf("got %+v, %+v", drafts[2], c)
	}
	var many []Member
	for range BatchSize + 1 {
		many = append(many, member(1, "Europe/Berlin"))
	}
	if drafts := parse(t, ``, Hours{}).Drafts(many); len(drafts) != 2 || len(drafts[0].Members) != BatchSize || len(drafts[1].Members) != 1 {
		t.Errorf("%d drafts", len(drafts))
	}
}

func BenchmarkParts(b *testing.B) {
	m := parse(b, `, "sendAt": {"local": "2026-12-02T09:00"}`, berlin)
	for b.Loop() {
		m.Parts()
	}
}

package push

import (
	"cmp"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// Hours are a site's: by what its messages go where no recipient's clock says.
type Hours struct {
	// TimeZone is an IANA name. It stands for recipients whose zone is not known.
	TimeZone string
	Quiet    QuietHours
}

// A Schedule says when the deliveries of a message are due, where that is not at
// once or at one time for all. It travels with the message, so that a setting
// changed later changes no message that was accepted.
type Schedule struct {
	// Local is when the message is due by each recipient's clock, given as if it
	// were in UTC; zero: at Message.DueAt for everybody.
	Local time.Time `json:"local,omitzero"`
	// Spread is over how long the audience is stretched evenly. Quiet hours do not
	// count.
	Spread time.Duration `json:"spread,omitzero"`
	// Quiet are the site's quiet hours, by each recipient's clock.
	Quiet QuietHours `json:"quiet,omitzero"`
	// Zone is for recipients whose own is not known.
	Zone string `json:"zone,omitempty"`
}

// IsZero says that everybody's delivery is due at Message.DueAt.
func (s Schedule) IsZero() bool { return s == Schedule{} }

// byZone says whether it depends on the recipient's time zone.
func (s Schedule) byZone() bool { return !s.Local.IsZero() || !s.Quiet.IsZero() }

// A Timing says when deliveries are due.
type Timing struct {
	DueAt time.Time
	// TTLFrom is from when the TTL counts: before quiet hours have deferred them.
	TTLFrom time.Time
	// Expired says that the TTL ends before the quiet hours do: they are not sent,
	// and that is said at once.
	Expired bool
}

// TimingIn is when a delivery in a time zone is due, if nothing spreads it.
func (m *Message) TimingIn(zone string) Timing {
	location := locationOf(zone, m.Schedule.Zone)
	return m.timing(m.startIn(location), 0, location)
}

// startIn is when a message is due by a location's clocks; at once where that has
// passed when it is accepted.
func (m *Message) startIn(location *time.Location) time.Time {
	if m.Schedule.Local.IsZero() {
		return m.DueAt
	}
	if at := inZone(m.Schedule.Local, location); at.After(m.DueAt) {
		return at
	}
	return m.DueAt
}

func (m *Message) timing(start time.Time, spread time.Duration, location *time.Location) Timing {
	t := Timing{DueAt: m.Schedule.Quiet.stretch(start, spread, location), TTLFrom: start.Add(spread)}
	if t.DueAt.After(t.TTLFrom) && !t.DueAt.Before(t.TTLFrom.Add(m.TTL)) {
		t.DueAt, t.Expired = t.TTLFrom, true
	}
	return t
}

// AfterQuiet returns a moment, or the end of the quiet hours that it falls into in
// a recipient's time zone.
func (m *Message) AfterQuiet(at time.Time, zone string) time.Time {
	if m.Schedule.Quiet.IsZero() {
		return at
	}
	return m.Schedule.Quiet.after(at, locationOf(zone, m.Schedule.Zone))
}

// A Part is a part of a large audience, by time zone, that is due at one time. The
// parts of a message are a partition of its audience, whatever time zones there
// are: one of them has Others.
type Part struct {
	// DueAt is when it is due first, Start when it would be without quiet hours.
	DueAt, Start time.Time
	// Zones are the part's; where Others is true, the part is everybody else.
	Zones  []string
	Others bool
}

// IsAll says that the part is the whole audience.
func (p Part) IsAll() bool { return p.Others && len(p.Zones) == 0 }

// Parts are those of a message to a large audience, in the order of when they are
// due. They depend on the time zones that are known here and now: a store keeps
// them.
func (m *Message) Parts() []Part {
	if !m.Schedule.byZone() {
		return []Part{{DueAt: m.DueAt, Start: m.DueAt, Others: true}}
	}
	others := m.partKey(locationOf(m.Schedule.Zone))
	zones := make(map[partKey][]string)
	rest := []string{}
	for _, name := range Zones() {
		if key := m.partKey(locationOf(name)); key != others {
			zones[key] = append(zones[key], name)
			rest = append(rest, name)
		}
	}
	parts := []Part{others.part(rest, true)}
	for key, names := range zones {
		parts = append(parts, key.part(names, false))
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), a.Start.Compare(b.Start), slices.Compare(a.Zones, b.Zones))
	})
	return parts
}

// A partKey is what the time zones of a part have in common; times are in
// milliseconds since 1970.
type partKey struct {
	dueAt, start int64
	expired      bool
	// now and later are the offsets from UTC of zones whose steps fall into quiet
	// hours each in its own way, while the audience is spread.
	now, later int
}

// clockWindow is for how long the clocks of the zones of a part agree, where that
// counts: the days over which quiet hours stretch a spread audience.
const clockWindow = 3 * 24 * time.Hour

func (m *Message) partKey(location *time.Location) partKey {
	start := m.startIn(location)
	t := m.timing(start, 0, location)
	key := partKey{dueAt: t.DueAt.UnixMilli(), start: start.UnixMilli(), expired: t.Expired}
	if m.Schedule.Spread > 0 && !m.Schedule.Quiet.IsZero() {
		key.now, key.later = offsetAt(start, location), offsetAt(start.Add(clockWindow), location)
	}
	return key
}

func (k partKey) part(zones []string, others bool) Part {
	return Part{DueAt: time.UnixMilli(k.dueAt), Start: time.UnixMilli(k.start), Zones: zones, Others: others}
}

// Step is when the deliveries are due that a part's next step finds, after so many
// of so many subscriptions have been looked at.
func (m *Message) Step(p Part, scanned, total int64) Timing {
	location := locationOf(m.Schedule.Zone)
	if !p.Others {
		location = locationOf(append(p.Zones[:1:1], m.Schedule.Zone)...)
	}
	var spread time.Duration
	if total > 0 {
		// In milliseconds, which is what stores keep.
		share := float64(min(scanned, total)) / float64(total)
		spread = time.Duration(share*float64(m.Schedule.Spread.Milliseconds())) * time.Millisecond
	}
	return m.timing(p.Start, spread, location)
}

const (
	// leastSteps is in how many steps at least a spread audience is read, so that
	// a small one comes in no bursts.
	leastSteps = 60
	// largestStep bounds how many subscriptions such a step looks at.
	largestStep = 10 * BatchSize
)

// stepSize is how many subscriptions a step takes at the most, where the audience
// is total.
func (m *Message) stepSize(total int64) int {
	if m.Schedule.Spread > 0 {
		return int(min(max(total/leastSteps, 1), largestStep))
	}
	return BatchSize
}

// A Member is a subscription that an audience has found.
type Member struct {
	// Service is the push service's number in the store.
	Service  int64
	ID       ID
	TimeZone string
}

// A Draft is what a batch is made of: up to BatchSize members at one push service,
// due at one time.
type Draft struct {
	Service int64
	Timing
	Members []ID
}

// IsDue says that the batch is to be sent at a time already.
func (d Draft) IsDue(at time.Time) bool { return !d.Expired && !d.DueAt.After(at) }

// Outcomes are those of a new batch.
func (d Draft) Outcomes() Outcomes {
	outcomes := make(Outcomes, len(d.Members))
	if d.Expired {
		for i := range outcomes {
			outcomes[i] = byte(DeliveryExpired)
		}
	}
	return outcomes
}

// Drafts are the batches of a small audience, due by each member's time zone.
func (m *Message) Drafts(members []Member) (drafts []Draft) {
	type key struct {
		service int64
		Timing
	}
	timings := make(map[string]Timing)
	groups := make(map[key][]ID)
	var order []key
	for _, member := range members {
		zone := ""
		if m.Schedule.byZone() {
			zone = member.TimeZone
		}
		timing, known := timings[zone]
		if !known {
			timing = m.TimingIn(zone)
			timing.DueAt, timing.TTLFrom = timing.DueAt.UTC(), timing.TTLFrom.UTC() // comparable
			timings[zone] = timing
		}
		k := key{member.Service, timing}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], member.ID)
	}
	for _, k := range order {
		drafts = append(drafts, DraftsAt(k.service, k.Timing, groups[k])...)
	}
	return drafts
}

// DraftsAt are the batches of members at one push service that are due at one time.
func DraftsAt(service int64, timing Timing, members []ID) (drafts []Draft) {
	for part := range slices.Chunk(members, BatchSize) {
		drafts = append(drafts, Draft{service, timing, part})
	}
	return drafts
}

// parseSendAt reads when a message is due: an RFC 3339 time, or a local one.
func parseSendAt(sendAt any) (at, local time.Time, err error) {
	switch sendAt := sendAt.(type) {
	case nil:
		return at, local, nil
	case string:
		if at, err = time.Parse(time.RFC3339, sendAt); err == nil || sendAt == "" {
			return at, local, nil
		}
	case wire.LocalTime:
		return parseSendAt(map[string]any{"local": sendAt.Local})
	case map[string]any:
		text, ok := sendAt["local"].(string)
		if !ok || len(sendAt) != 1 {
			return at, local, invalid("sendAt", `has not exactly the member "local", with a text such as 2026-12-01T09:00`)
		}
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
			// Of a fraction of a second time.Parse would say nothing.
			if local, err = time.Parse(layout, text); err == nil && len(text) == len(layout) {
				return at, local, nil
			}
		}
		return at, time.Time{}, invalid("sendAt.local", "is not a time without a zone such as 2026-12-01T09:00")
	}
	return at, local, invalid("sendAt", `is not a time such as 2026-12-01T09:00:00Z (RFC 3339), nor {"local": "2026-12-01T09:00"}`)
}

// schedule sets when a message is due.
func (m *Message) schedule(r wire.MessageRequest, hours Hours, now time.Time) error {
	m.DueAt = now
	at, local, err := parseSendAt(r.SendAt)
	if err != nil {
		return err
	}
	if at.After(now) {
		m.DueAt = at
	}
	if r.Spread < 0 || r.Spread > wire.MaxSpread {
		return invalid("spread", "is not between 0 and %d seconds", wire.MaxSpread)
	}
	if r.Spread > 0 && m.Audience.Small() {
		return invalid("spread", "is for an audience of all or of channels")
	}
	m.Schedule = Schedule{Local: local, Spread: time.Duration(r.Spread) * time.Second}
	if !r.IgnoreQuietHours {
		m.Schedule.Quiet = hours.Quiet
	}
	if m.Schedule.byZone() {
		m.Schedule.Zone = cmp.Or(hours.TimeZone, "UTC")
	}
	if !local.IsZero() {
		m.DueAt = m.earliest()
	}
	return nil
}

// earliest is when the first time zone has the local time, not before now, which
// is DueAt.
func (m *Message) earliest() time.Time {
	first := m.startIn(locationOf(m.Schedule.Zone))
	for _, name := range Zones() {
		if first.Equal(m.DueAt) {
			break // it has passed somewhere
		}
		if at := m.startIn(locationOf(name)); at.Before(first) {
			first = at
		}
	}
	return first
}

package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// inZone is a subscription's member for a time zone. Dubai is 4 hours ahead of UTC,
// Tokyo 9, and Phoenix 7 behind, all year.
func inZone(name string) string { return `"timeZone": "` + name + `"` }

// nightHours are quiet from 22:00 to 08:00, and by UTC where no zone is known.
var nightHours = push.Hours{TimeZone: "UTC", Quiet: push.QuietHours{From: 22 * 60, To: 8 * 60}}

// goTo moves the clock to the next time that it is so late in UTC.
func (s *store) goTo(hour, minute int) time.Time {
	now := s.clock.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day()+1, hour, minute, 0, 0, time.UTC)
	s.clock.Advance(at.Sub(now))
	return at
}

func (s *store) createIn(t *testing.T, hours push.Hours, body string, o push.CreateOptions) (push.MessageStatus, []push.Batch) {
	t.Helper()
	status, batches, err := s.CreateMessage(t.Context(), s.site.ID, MessageIn(t, s.clock.Now(), body, hours), o)
	if err != nil {
		t.Fatal(err)
	}
	return s.status(t, status.ID), batches
}

// wantNext claims what is due, which are these subscriptions, with a TTL that counts
// from then; it is accepted.
func (s *store) wantNext(t *testing.T, ttlFrom time.Time, want ...push.ID) {
	t.Helper()
	deliveries := s.claim(t)
	if !sameIDs(subscribers(deliveries), want) {
		t.Errorf("at %s: %d deliveries, want %d", s.clock.Now().UTC(), len(deliveries), len(want))
	}
	for _, d := range deliveries {
		if !d.TTLFrom.Equal(ttlFrom) {
			t.Errorf("at %s: the TTL counts from %s, want %s", s.clock.Now().UTC(), d.TTLFrom.UTC(), ttlFrom)
			break
		}
	}
	s.finish(t, deliveries, push.DeliveryAccepted)
}

// wantDue expects that the queue has work next at a time.
func (s *store) wantDue(t *testing.T, want time.Time) {
	t.Helper()
	if at, ok, err := s.NextDue(t.Context(), nil, nil); err != nil || !ok || !at.Equal(want) {
		t.Errorf("the next is due at %s, %v, %v; want %s", at.UTC(), ok, err, want)
	}
}

func testHours(t *testing.T, s *store) {
	if s.site.Hours != (push.Hours{TimeZone: "UTC"}) {
		t.Errorf("a fresh site has %+v", s.site.Hours)
	}
	for _, hours := range []push.Hours{nightHours, {TimeZone: "Europe/Berlin"}} {
		if err := s.SetHours(t.Context(), s.site.ID, hours); err != nil {
			t.Fatal(err)
		}
		if s.reopen(t); s.site.Hours != hours {
			t.Errorf("got %+v, want %+v", s.site.Hours, hours)
		}
	}
}

// Each time zone at its own nine o'clock, a large audience and a small one.
func testLocal(t *testing.T, s *store) {
	at := s.goTo(6, 0)
	hours := push.Hours{TimeZone: "Asia/Dubai"}
	utc := s.importMany(t, push.BatchSize+2, "https://fcm.googleapis.com/utc", inZone("UTC"))
	tokyo := s.put(t, "https://fcm.googleapis.com/tokyo", inZone("Asia/Tokyo")).ID
	phoenix := s.put(t, "https://web.push.apple.com/phoenix", inZone("America/Phoenix")).ID
	unknown := s.put(t, "https://fcm.googleapis.com/unknown", "").ID
	// Dubai has ten o'clock.
	large, _ := s.createIn(t, hours, `{"audience": {"all": true}, "sendAt": {"local": "`+at.Format("2006-01-02")+`T09:00"}}`, push.CreateOptions{})
	if large.State != wire.MessageSending {
		t.Errorf("got %+v", large)
	}
	s.wantNext(t, at, tokyo, unknown)
	s.wantDue(t, at.Add(time.Hour)) // Azerbaijan or another that nobody has
	if got := s.status(t, large.ID); got.TargetedFinal || got.Counts.Targeted != 2 {
		t.Errorf("got %+v", got)
	}
	// Whoever comes before their nine o'clock gets it then, also by a push service
	// that was there before.
	late := s.put(t, "https://fcm.googleapis.com/late", inZone("Africa/Abidjan")).ID
	tooLate := s.put(t, "https://fcm.googleapis.com/too-late", inZone("Asia/Tokyo")).ID
	s.clock.Advance(3*time.Hour - time.Second)
	s.wantNext(t, at)
	s.clock.Advance(time.Second)
	s.reopen(t)
	s.wantNext(t, at.Add(3*time.Hour), append(utc, late)...)
	s.clock.Advance(7*time.Hour - time.Second)
	s.wantNext(t, at)
	s.clock.Advance(time.Second)
	s.wantNext(t, at.Add(10*time.Hour), phoenix)
	s.clock.Advance(24 * time.Hour)
	s.wantNext(t, at)
	if got := s.status(t, large.ID); got.State != wire.MessageSent || got.Counts.Accepted != push.BatchSize+2+4 {
		t.Errorf("got %+v", got)
	}

	at = s.goTo(6, 0)
	body := fmt.Sprintf(`{"audience": {"subscriptions": ["%s", "%s", "%s", "%s"]}, "sendAt": {"local": "%sT09:00"}}`, tokyo, phoenix, unknown, late, at.Format("2006-01-02"))
	_, batches := s.createIn(t, hours, body, push.CreateOptions{Lease: true})
	if len(batches) != 1 || !sameIDs(subscribers(batches[0].Deliveries), []push.ID{tokyo, unknown}) {
		t.Fatalf("%d batches are leased", len(batches))
	}
	s.finish(t, batches[0].Deliveries, push.DeliveryAccepted)
	s.wantDue(t, at.Add(3*time.Hour))
	s.clock.Advance(3 * time.Hour)
	s.wantNext(t, at.Add(3*time.Hour), late)
	s.clock.Advance(7 * time.Hour)
	s.wantNext(t, at.Add(10*time.Hour), phoenix)

	// One that has passed nowhere is scheduled.
	at = s.goTo(6, 0)
	day := at.AddDate(0, 0, 1).Format("2006-01-02")
	body = fmt.Sprintf(`{"audience": {"subscriptions": ["%s", "%s"]}, "sendAt": {"local": "%sT09:00:00"}}`, tokyo, tooLate, day)
	status, batches := s.createIn(t, hours, body, push.CreateOptions{Lease: true})
	if status.State != wire.MessageScheduled || len(batches) > 0 {
		t.Errorf("got %+v", status)
	}
	s.wantDue(t, at.Add(13*time.Hour)) // Kiribati
	s.clock.Advance(13 * time.Hour)
	s.wantNext(t, at)
	s.clock.Advance(5 * time.Hour)
	s.wantNext(t, at.Add(18*time.Hour), tokyo, tooLate)
}

func testLocalChannels(t *testing.T, s *store) {
	at := s.goTo(6, 0)
	member := func(path, zone string, channels string) push.ID {
		return s.put(t, "https://fcm.googleapis.com/"+path, inZone(zone)+`, "channels": `+channels).ID
	}
	utc, both := member("utc", "UTC", `["news"]`), member("both", "UTC", `["news", "sport"]`)
	tokyo := member("tokyo", "Asia/Tokyo", `["sport"]`)
	member("none", "UTC", `[]`)
	body := `{"audience": {"channels": ["news", "sport"]}, "sendAt": {"local": "` + at.Format("2006-01-02") + `T09:00"}`
	for _, spread := range []string{`}`, `, "spread": 1}`} {
		s.createIn(t, push.Hours{}, body+spread, push.CreateOptions{})
	}
	s.clock.Advance(10 * time.Second)
	deliveries := s.claim(t)
	for len(deliveries) < 2 {
		t.Fatalf("%d deliveries to Tokyo, want 2", len(deliveries))
	}
	if !sameIDs(subscribers(deliveries), []push.ID{tokyo, tokyo}) {
		t.Errorf("%d deliveries at once", len(deliveries))
	}
	s.clock.Advance(4 * time.Hour)
	if got := s.claim(t); !sameIDs(subscribers(got), []push.ID{utc, both, utc, both}) {
		t.Errorf("%d deliveries at UTC's nine o'clock, want 4", len(got))
	}
}

// Nobody is disturbed at night, by their own clock.
func testQuietHours(t *testing.T, s *store) {
	at := s.goTo(21, 0)
	utc := s.put(t, "https://fcm.googleapis.com/utc", inZone("UTC")).ID
	dubai := s.put(t, "https://fcm.googleapis.com/dubai", inZone("Asia/Dubai")).ID // 01:00
	unknown := s.put(t, "https://web.push.apple.com/unknown", inZone("Mars/Olympus")).ID
	morning := at.Add(7 * time.Hour)
	small := fmt.Sprintf(`{"audience": {"subscriptions": ["%s", "%s", "%s"]}`, utc, dubai, unknown)
	for _, body := range []string{`{"audience": {"all": true}`, small} {
		status, batches := s.createIn(t, nightHours, body+`}`, push.CreateOptions{Lease: true})
		if status.State != wire.MessageSending {
			t.Errorf("got %+v", status)
		}
		for _, batch := range batches {
			if slices.Contains(subscribers(batch.Deliveries), dubai) {
				t.Error("a batch of the quiet hours is leased")
			}
			s.finish(t, batch.Deliveries, push.DeliveryAccepted)
		}
		if len(batches) == 0 {
			s.wantNext(t, at, utc, unknown)
		}
		// It ends before the night does: that is said at once.
		short, batches := s.createIn(t, nightHours, body+`, "ttl": 25200}`, push.CreateOptions{})
		none, _ := s.createIn(t, nightHours, body+`, "ttl": 0}`, push.CreateOptions{})
		s.expand(t)
		for _, id := range []push.ID{short.ID, none.ID} {
			if got := s.status(t, id).Counts; got != (push.Counts{Targeted: 3, Expired: 1, Pending: 2}) {
				t.Errorf("got %+v with %d batches", got, len(batches))
			}
		}
		s.wantNext(t, at, utc, unknown, utc, unknown)
		// What somebody waits for comes at once.
		s.createIn(t, nightHours, body+`, "ignoreQuietHours": true}`, push.CreateOptions{})
		s.wantNext(t, at, utc, dubai, unknown)

		s.clock.Advance(7*time.Hour - time.Second)
		s.wantNext(t, at)
		s.wantDue(t, morning)
		s.clock.Advance(time.Second)
		s.wantNext(t, at, dubai)
		// Until everybody's night has ended somebody may come.
		s.clock.Advance(24 * time.Hour)
		s.wantNext(t, at)
		for _, id := range []push.ID{short.ID, none.ID} {
			if got := s.status(t, id); got.State != wire.MessageSent || got.Counts != (push.Counts{Targeted: 3, Accepted: 2, Expired: 1}) {
				t.Errorf("got %+v", got)
			}
		}
		if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 3 {
			t.Errorf("got %+v", got)
		}
		at = s.goTo(21, 0)
		morning = at.Add(7 * time.Hour)
	}
	// All of a message may have to wait.
	s.goTo(23, 0)
	status, batches := s.createIn(t, nightHours, `{"audience": {"subscriptions": ["`+utc.String()+`"]}}`, push.CreateOptions{Lease: true})
	if len(batches) > 0 || status.Counts.Pending != 1 || len(s.claim(t)) > 0 {
		t.Errorf("got %+v with %d batches", status, len(batches))
	}
}

// A broadcast comes evenly, at each push service.
func testSpread(t *testing.T, s *store) {
	at := s.goTo(9, 0)
	const n = 120
	s.importMany(t, n, "https://fcm.googleapis.com/", `"channels": ["news"]`)
	s.importMany(t, n/2, "https://web.push.apple.com/", `"channels": ["news"]`)
	for _, audience := range []string{`{"all": true}`, `{"channels": ["news"]}`} {
		status, _ := s.createIn(t, push.Hours{}, `{"audience": `+audience+`, "spread": 3600, "ttl": 600}`, push.CreateOptions{})
		for minute := range 60 {
			deliveries := s.claim(t)
			// 2 and 1 a minute.
			if got := len(deliveries); got != 3 {
				t.Fatalf("%s: %d deliveries in minute %d, want 3", audience, got, minute)
			}
			for _, d := range deliveries {
				if want := at.Add(time.Duration(minute) * time.Minute); !d.TTLFrom.Equal(want) {
					t.Fatalf("%s: the TTL counts from %s in minute %d, want %s", audience, d.TTLFrom.UTC(), minute, want)
				}
			}
			s.finish(t, deliveries, push.DeliveryAccepted)
			// Nobody is targeted before their moment.
			if n := int64(3 * (minute + 1)); s.status(t, status.ID).Counts != (push.Counts{Targeted: n, Accepted: n}) {
				got := s.status(t, status.ID)
				t.Fatalf("got %+v", got)
			}
			s.clock.Advance(time.Minute)
		}
		s.wantNext(t, at)
		if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != n+n/2 {
			t.Errorf("got %+v", got)
		}
		at = s.clock.Now()
	}
}

// A spread broadcast rests at night, and goes on as evenly.
func testSpreadQuietHours(t *testing.T, s *store) {
	at := s.goTo(21, 30)
	const n = 60
	var utc, tokyo []push.ID
	for i := range n {
		utc = append(utc, s.put(t, fmt.Sprint("https://fcm.googleapis.com/utc", i), inZone("UTC")).ID)
		tokyo = append(tokyo, s.put(t, fmt.Sprint("https://fcm.googleapis.com/tokyo", i), inZone("Asia/Tokyo")).ID) // 06:30
	}
	status, _ := s.createIn(t, nightHours, `{"audience": {"all": true}, "spread": 3600}`, push.CreateOptions{})
	until := func(after time.Duration) (got []push.ID) {
		for end := at.Add(after); s.clock.Now().Before(end); {
			due, ok, err := s.NextDue(t.Context(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !ok || due.After(end) {
				due = end
			}
			s.clock.Advance(max(due.Sub(s.clock.Now()), 0))
			deliveries := s.claim(t)
			got = append(got, subscribers(deliveries)...)
			s.finish(t, deliveries, push.DeliveryAccepted)
		}
		return got
	}
	between := func(got []push.ID, of []push.ID, least, most int) {
		t.Helper()
		n := 0
		for _, id := range got {
			if slices.Contains(of, id) {
				n++
			}
		}
		if n < least || n > most || n != len(got) {
			t.Errorf("%d deliveries, %d of them to those whose turn it is, want %d to %d", len(got), n, least, most)
		}
	}
	between(until(29*time.Minute), utc, n/3, n*2/3)
	between(until(60*time.Minute), utc, 0, 2)
	between(until(89*time.Minute), tokyo, 0, 0)
	between(until(120*time.Minute), tokyo, n/3, n*2/3)
	between(until(155*time.Minute), tokyo, n/3, n*2/3)
	between(until(10*time.Hour+29*time.Minute), utc, 0, 0)
	between(until(11*time.Hour+5*time.Minute), utc, n/3, n*2/3)
	until(36 * time.Hour)
	if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Accepted != 2*n {
		t.Errorf("got %+v", got)
	}
}

// What has not been read is nobody's, what waits is cancelled.
func testCancelScheduled(t *testing.T, s *store) {
	at := s.goTo(6, 0)
	s.put(t, "https://fcm.googleapis.com/tokyo", inZone("Asia/Tokyo"))
	utc := s.put(t, "https://fcm.googleapis.com/utc", inZone("UTC")).ID
	local := `, "sendAt": {"local": "` + at.Format("2006-01-02") + `T09:00"}}`
	large, _ := s.createIn(t, push.Hours{}, `{"audience": {"all": true}`+local, push.CreateOptions{})
	small, _ := s.createIn(t, push.Hours{}, `{"audience": {"subscriptions": ["`+utc.String()+`"]}`+local, push.CreateOptions{})
	spread, _ := s.createIn(t, push.Hours{}, `{"audience": {"all": true}, "spread": 3600}`, push.CreateOptions{})
	s.finish(t, s.claim(t), push.DeliveryAccepted)
	for id, want := range map[push.ID]push.Counts{
		large.ID: {Targeted: 1, Accepted: 1}, small.ID: {Targeted: 1, Cancelled: 1}, spread.ID: {Targeted: 1, Accepted: 1},
	} {
		if got := s.cancel(t, id); got.Counts != want || got.State != wire.MessageCancelled {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	s.clock.Advance(24 * time.Hour)
	s.wantCancelled(t, large.ID, push.Counts{Targeted: 1, Accepted: 1})
}

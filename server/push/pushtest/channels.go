package pushtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// chosen are audiences of channels, with the names of those whom testChosenChannels
// puts into them: each is named for its channels.
var chosen = []struct{ audience, want string }{
	{`"allChannels": ["a"]`, "a ab abc ac"},
	{`"allChannels": ["a", "b"]`, "ab abc"},
	{`"allChannels": ["b", "a", "b"]`, "ab abc"},
	{`"allChannels": ["a", "b", "c"]`, "abc"},
	{`"allChannels": ["a", "unknown"]`, ""},
	{`"allChannels": ["unknown", "a"]`, ""},
	{`"allChannels": ["a", "b"], "noChannels": ["c"]`, "ab"},
	{`"allChannels": ["a"], "noChannels": ["a"]`, ""},
	{`"channels": ["a", "b"], "noChannels": ["c"]`, "a ab b"},
	{`"channels": ["a", "c"], "noChannels": ["b", "unknown"]`, "a ac c"},
	{`"all": true, "noChannels": ["a"]`, "b bc c none"},
	{`"all": true, "noChannels": ["a", "b", "c"]`, "none"},
	{`"all": true, "noChannels": ["unknown"]`, "a ab abc ac b bc c none"},
}

func testChosenChannels(t *testing.T, s *store) {
	ids := map[push.ID]string{}
	byName := map[string][]push.ID{}
	for _, service := range []string{"https://fcm.googleapis.com/", "https://web.push.apple.com/"} {
		for _, name := range []string{"a", "ab", "abc", "ac", "b", "bc", "c", "none"} {
			channels := ""
			if name != "none" {
				channels = `"` + strings.Join(strings.Split(name, ""), `", "`) + `"`
			}
			sub := s.put(t, service+name, `"channels": [`+channels+`]`)
			ids[sub.ID], byName[name] = name, append(byName[name], sub.ID)
		}
	}
	for _, c := range chosen {
		var want []push.ID
		for _, name := range strings.Fields(c.want) {
			want = append(want, byName[name]...)
		}
		for _, how := range []string{``, `, "spread": 1`} {
			status, _ := s.create(t, `{"audience": {`+c.audience+`}`+how+`}`, push.CreateOptions{})
			s.clock.Advance(2 * time.Second)
			got := s.claim(t)
			if !sameIDs(subscribers(got), want) {
				t.Errorf("%s%s: got %d deliveries, want those of %s", c.audience, how, len(got), c.want)
			}
			s.finish(t, got, push.DeliveryAccepted)
			if got := s.status(t, status.ID); got.State != wire.MessageSent || got.Counts.Targeted != int64(len(want)) {
				t.Errorf("%s%s: got %+v", c.audience, how, got)
			}
		}
		audience := Message(t, s.clock.Now(), `{"audience": {`+c.audience+`}}`).Audience
		if n, err := s.CountAudience(t.Context(), s.site.ID, audience); err != nil || n != int64(len(want)) {
			t.Errorf("%s: %d are counted, %v; want %d", c.audience, n, err, len(want))
		}
	}
}

// A few among many take as many steps as what is looked at needs, whole batches as
// many as there are.
func testFewAmongMany(t *testing.T, s *store) {
	const n = push.BatchSize + 50
	many := s.importMany(t, n, "https://fcm.googleapis.com/", `"channels": ["many"]`)
	few := s.putMany(t, 3, "https://fcm.googleapis.com/few", `"channels": ["many", "few"]`)
	for audience, want := range map[string][]push.ID{
		`{"allChannels": ["many", "few"]}`: few, `{"allChannels": ["few", "many"]}`: few, `{"channels": ["many"], "noChannels": ["few"]}`: many,
		`{"all": true, "noChannels": ["few"]}`: many, `{"all": true, "noChannels": ["many"]}`: nil,
	} {
		s.create(t, `{"audience": `+audience+`}`, push.CreateOptions{})
		steps := s.expand(t)
		if most := 2 + len(want)/push.BatchSize; steps > most {
			t.Errorf("%s is read in %d steps, want %d", audience, steps, most)
		}
		deliveries := s.claim(t)
		if !sameIDs(subscribers(deliveries), want) {
			t.Errorf("%s: %d deliveries, want %d", audience, len(deliveries), len(want))
		}
	}
}

// Each time zone of whoever is of the audience has it at its own nine o'clock.
func testLocalChosenChannels(t *testing.T, s *store) {
	at := s.goTo(6, 0)
	member := func(path, zone, channels string) push.ID {
		return s.put(t, "https://fcm.googleapis.com/"+path, inZone(zone)+`, "channels": `+channels).ID
	}
	utc, tokyo := member("utc", "UTC", `["news", "sport"]`), member("tokyo", "Asia/Tokyo", `["sport", "news"]`)
	member("no-sport", "UTC", `["news"]`)
	member("no-news", "Asia/Tokyo", `["sport"]`)
	member("muted", "UTC", `["news", "sport", "muted"]`)
	local := fmt.Sprintf(`"sendAt": {"local": "%sT09:00"}`, at.Format("2006-01-02"))
	s.createIn(t, push.Hours{}, `{"audience": {"allChannels": ["news", "sport"], "noChannels": ["muted"]}, `+local+`}`, push.CreateOptions{})
	s.wantNext(t, at, tokyo)
	s.clock.Advance(3 * time.Hour)
	s.wantNext(t, at.Add(3*time.Hour), utc)
	s.clock.Advance(24 * time.Hour)
	s.wantNext(t, at)
}

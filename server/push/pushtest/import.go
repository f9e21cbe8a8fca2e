package pushtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// item is a line of an operator's file.
func (s *store) item(t *testing.T, endpoint, members string) *push.Import {
	t.Helper()
	return &push.Import{Subscribe: *Subscribe(t, s.services, endpoint, members)}
}

// load imports items at once and checks what became of each.
func (s *store) load(t *testing.T, items []*push.Import, want ...push.ImportOutcome) []push.ImportResult {
	t.Helper()
	results, err := s.ImportSubscriptions(t.Context(), s.site.ID, items)
	if err != nil {
		t.Fatal(err)
	}
	var got []push.ImportOutcome
	for _, result := range results {
		got = append(got, result.Outcome)
		if (result.Err != nil) != (result.Outcome == push.ImportBad) {
			t.Errorf("outcome %d with the error %v", result.Outcome, result.Err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the outcomes are %v, want %v: %v", got, want, results)
	}
	return results
}

func (s *store) byEndpoint(t *testing.T, endpoint string) push.Subscription {
	t.Helper()
	sub, err := s.SubscriptionByEndpoint(t.Context(), s.site.ID, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func testImport(t *testing.T, s *store) {
	keys, err := s.VAPIDKeys(t.Context(), s.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	created, seen := s.clock.Now().Add(-48*time.Hour), s.clock.Now().Add(-time.Hour)
	full := func() *push.Import {
		item := s.item(t, someEndpoint, `"channels": ["b", "a"], "locale": "de", "timeZone": "Europe/Berlin", "applicationServerKey": "`+keys[0].Public()+`"`)
		item.User, item.CreatedAt, item.LastSeenAt = "u1", created, seen
		return item
	}
	first := full()
	first.ID = push.NewID()
	bare := func() *push.Import { return s.item(t, "https://web.push.apple.com/bare", "") }
	// One that comes twice at once is one.
	s.load(t, []*push.Import{first, bare(), bare(), s.item(t, "https://web.push.apple.com/bare", `"addChannels": ["news"]`)},
		push.ImportAdded, push.ImportAdded, push.ImportUnchanged, push.ImportRefreshed)
	s.reopen(t)
	got := s.byEndpoint(t, someEndpoint)
	if got.ID != first.ID || got.Service != "google" || got.Key != keys[0].ID || !slices.Equal(got.Channels, []string{"a", "b"}) || got.Locale != "de" ||
		got.TimeZone != "Europe/Berlin" || got.User != "u1" || !got.CreatedAt.Equal(created) || !got.LastSeenAt.Equal(seen) {
		t.Errorf("got %+v", got)
	}
	got = s.byEndpoint(t, "https://web.push.apple.com/bare")
	if now := s.clock.Now(); got.ID == (push.ID{}) || got.Key != keys[0].ID || !got.CreatedAt.Equal(now) || !got.LastSeenAt.Equal(now) || !slices.Equal(got.Channels, []string{"news"}) {
		t.Errorf("got %+v", got)
	}
	devices, _ := s.create(t, `{"audience": {"channels": ["a", "news"]}}`, push.CreateOptions{})
	if claimed := s.claim(t); !sameIDs(subscribers(claimed), []push.ID{first.ID, got.ID}) {
		t.Errorf("message %s goes to %v", devices.ID, subscribers(claimed))
	}

	// Again is harmless, also after the clock went on.
	s.clock.Advance(time.Hour)
	s.load(t, []*push.Import{full(), bare()}, push.ImportUnchanged, push.ImportUnchanged)
	// What the file says besides is taken.
	newer := full()
	newer.Channels, newer.Locale, newer.LastSeenAt = &[]string{"c"}, "fr", s.clock.Now()
	s.load(t, []*push.Import{newer}, push.ImportRefreshed)
	if got := s.byEndpoint(t, someEndpoint); got.ID != first.ID || !slices.Equal(got.Channels, []string{"c"}) || got.Locale != "fr" || !got.LastSeenAt.Equal(s.clock.Now()) {
		t.Errorf("got %+v", got)
	}
	// The browser has told of itself since the file was written.
	s.load(t, []*push.Import{full()}, push.ImportUnchanged)
	if got := s.byEndpoint(t, someEndpoint); !slices.Equal(got.Channels, []string{"c"}) {
		t.Errorf("an old file has taken back what the person chose since: %+v", got)
	}
	// Of one that comes twice at once the last word counts.
	add, remove := full(), full()
	for _, item := range []*push.Import{add, remove} {
		item.LastSeenAt, item.Channels = s.clock.Now(), nil
	}
	add.AddChannels, remove.RemoveChannels = []string{"d", "e"}, []string{"c", "d"}
	s.load(t, []*push.Import{add, remove}, push.ImportRefreshed, push.ImportRefreshed)
	if got := s.byEndpoint(t, someEndpoint); !slices.Equal(got.Channels, []string{"e"}) {
		t.Errorf("got %+v", got)
	}
	// One that does not say when it saw the browsers is as old as itself.
	old := full()
	old.LastSeenAt, old.WrittenAt = time.Time{}, s.clock.Now().Add(-time.Minute)
	s.load(t, []*push.Import{old}, push.ImportUnchanged)
	old.WrittenAt = s.clock.Now().Add(time.Minute)
	s.load(t, []*push.Import{old}, push.ImportRefreshed)
	if got := s.byEndpoint(t, someEndpoint); !slices.Equal(got.Channels, []string{"a", "b"}) || !got.LastSeenAt.Equal(s.clock.Now()) {
		t.Errorf("got %+v", got)
	}
}

func testBadImports(t *testing.T, s *store) {
	taken := s.put(t, someEndpoint, "")
	for _, endpoint := range []string{"https://fcm.googleapis.com/left", "https://fcm.googleapis.com/gone"} {
		s.put(t, endpoint, "")
	}
	if err := s.RemoveSubscription(t.Context(), s.site.ID, "https://fcm.googleapis.com/left"); err != nil {
		t.Fatal(err)
	}
	s.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	for _, d := range s.claim(t) {
		if d.Subscription.Endpoint() != someEndpoint {
			s.finish(t, []push.Delivery{d}, push.DeliveryGone)
		}
	}
	sameID := s.item(t, "https://web.push.apple.com/same", "")
	sameID.ID = taken.ID
	many := s.item(t, "https://web.push.apple.com/many", "")
	for i := range wire.MaxChannels + 1 {
		many.AddChannels = append(many.AddChannels, fmt.Sprint(i))
	}
	results := s.load(t, []*push.Import{
		s.item(t, "https://web.push.apple.com/good", ""),
		s.item(t, "https://fcm.googleapis.com/left", ""),
		s.item(t, "https://fcm.googleapis.com/gone", ""),
		s.item(t, someEndpoint, `"keys": {"auth": "AAAAAAAAAAAAAAAAAAAAAA"}`),
		s.item(t, "https://web.push.apple.com/key", `"applicationServerKey": "`+P256dh+`"`),
		sameID, many,
		s.item(t, "https://web.push.apple.com/too", `"channels": ["news"]`),
	}, push.ImportAdded, push.ImportBad, push.ImportBad, push.ImportBad, push.ImportBad, push.ImportBad, push.ImportBad, push.ImportAdded)
	for i, code := range []wire.Code{1: wire.EndpointGone, 2: wire.EndpointGone, 3: wire.EndpointTaken, 4: wire.InvalidField, 5: wire.InvalidField, 6: wire.InvalidField} {
		if i > 0 {
			wantCode(t, results[i].Err, code)
		}
	}
	page, _, err := s.ListSubscriptions(t.Context(), s.site.ID, "", 10)
	if err != nil || len(page) != 3 {
		t.Errorf("there are %d, want the one that was there and two: %v", len(page), err)
	}
}

package pushtest

import (
	"testing"

	"github.com/pushkit/pushkit/server/push"
)

// An audience is counted as it would be targeted.
func testCountAudience(t *testing.T, s *store) {
	a := s.put(t, someEndpoint, `"channels": ["news", "sport"]`)
	s.put(t, "https://web.push.apple.com/two", `"channels": ["news"]`)
	r := Subscribe(t, s.services, "https://fcm.googleapis.com/three", "")
	r.User = "u1"
	if _, _, err := s.PutSubscription(t.Context(), s.site.ID, r); err != nil {
		t.Fatal(err)
	}
	unknown := push.NewID()
	for _, c := range []struct {
		audience push.Audience
		want     int64
	}{
		{push.Audience{All: true}, 3},
		{push.Audience{Channels: []string{"news", "sport"}}, 2},
		{push.Audience{Channels: []string{"sport", "none"}}, 1},
		{push.Audience{Channels: []string{"none"}}, 0},
		{push.Audience{AllChannels: []string{"news"}}, 2},
		{push.Audience{AllChannels: []string{"news", "sport"}}, 1},
		{push.Audience{AllChannels: []string{"news", "none"}}, 0},
		{push.Audience{AllChannels: []string{"news"}, NoChannels: []string{"sport", "none"}}, 1},
		{push.Audience{Channels: []string{"news", "sport"}, NoChannels: []string{"sport"}}, 1},
		{push.Audience{All: true, NoChannels: []string{"sport"}}, 2},
		{push.Audience{All: true, NoChannels: []string{"news", "sport"}}, 1},
		{push.Audience{Users: []string{"u1", "u1", "u2"}}, 1},
		{push.Audience{Subscriptions: []push.ID{a.ID, unknown, a.ID}}, 1},
		{push.Audience{Subscriptions: []push.ID{unknown}}, 0},
	} {
		if n, err := s.CountAudience(t.Context(), s.site.ID, c.audience); err != nil || n != c.want {
			t.Errorf("%+v has %d, %v; want %d", c.audience, n, err, c.want)
		}
		if n, err := s.CountAudience(t.Context(), s.other, c.audience); err != nil || n != 0 {
			t.Errorf("%+v of another site has %d, %v", c.audience, n, err)
		}
	}
	if page, _, err := s.ListMessages(t.Context(), s.site.ID, "", 1); err != nil || len(page) > 0 {
		t.Errorf("counting made a message, %v", err)
	}
}

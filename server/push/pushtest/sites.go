package pushtest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// addSite adds a site with an origin.
func (s *store) addSite(t *testing.T, name string, origins ...string) push.Site {
	t.Helper()
	site := push.NewSite(name)
	site.Origins = origins
	site, err := s.CreateSite(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func (s *store) sites(t *testing.T) []push.Site {
	t.Helper()
	sites, err := s.ListSites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sites
}

func testSites(t *testing.T, s *store) {
	made := push.NewSite("shop")
	made.Origins = []string{"https://shop.example", "https://a.shop.example"}
	made.Hours = push.Hours{TimeZone: "Europe/Berlin", Quiet: push.QuietHours{From: 22 * 60, To: 8 * 60}}
	shop, err := s.CreateSite(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	made.ID = shop.ID
	if !reflect.DeepEqual(shop, made) || shop.ID == s.site.ID {
		t.Errorf("got %+v, want %+v", shop, made)
	}
	_, err = s.CreateSite(t.Context(), push.NewSite("shop"))
	wantCode(t, err, push.SiteExists)
	blog := s.addSite(t, "blog", "https://old.blog.example")
	s.reopen(t)
	if sites := s.sites(t); !reflect.DeepEqual(sites, []push.Site{s.site, shop, blog}) {
		t.Errorf("got %+v", sites)
	}
	if found, err := s.Site(t.Context(), "shop"); err != nil || !reflect.DeepEqual(found, shop) {
		t.Errorf("got %+v, %v", found, err)
	}

	// Each has a key of its own, and is changed alone.
	public := make(map[string]bool)
	for _, site := range s.sites(t) {
		keys, err := s.VAPIDKeys(t.Context(), site.ID)
		if err != nil || len(keys) != 1 || !keys[0].Current {
			t.Fatalf("%s has %d keys, %v", site.Name, len(keys), err)
		}
		public[keys[0].Public()] = true
	}
	if len(public) != 3 {
		t.Errorf("3 sites have %d keys", len(public))
	}
	blog.Hours = push.Hours{TimeZone: "Asia/Tokyo"}
	if err := s.SetHours(t.Context(), blog.ID, blog.Hours); err != nil {
		t.Fatal(err)
	}
	blog.Origins = []string{"https://blog.example"}
	if err := s.SetOrigins(t.Context(), blog.ID, blog.Origins); err != nil {
		t.Fatal(err)
	}
	if sites := s.sites(t); !reflect.DeepEqual(sites, []push.Site{s.site, shop, blog}) {
		t.Errorf("after a change: %+v", sites)
	}
}

func testOrigins(t *testing.T, s *store) {
	shop := s.addSite(t, "shop", "https://shop.example", "https://a.shop.example")
	_, err := s.CreateSite(t.Context(), push.Site{Name: "thief", Origins: []string{"https://new.example", "https://shop.example"}})
	wantCode(t, err, push.OriginTaken)
	if len(s.sites(t)) != 2 {
		t.Error("the site is there, which was refused")
	}
	if err := s.SetOrigins(t.Context(), s.site.ID, []string{"https://example.com"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.SetOrigins(t.Context(), s.site.ID, []string{"https://b.example", "https://a.shop.example"}), push.OriginTaken)
	// All stays as it was, and what is free again may be had.
	for _, site := range s.sites(t) {
		want := []string{"https://example.com"}
		if site.ID == shop.ID {
			want = shop.Origins
		}
		if !slices.Equal(site.Origins, want) {
			t.Errorf("%s has %v", site.Name, site.Origins)
		}
	}
	for site, origins := range map[push.SiteID][]string{shop.ID: {"https://shop.example", "https://shop.example"}} {
		if err := s.SetOrigins(t.Context(), site, origins); err != nil {
			t.Errorf("one that is there twice: %v", err)
		}
	}
	if err := s.SetOrigins(t.Context(), s.site.ID, []string{"https://a.shop.example"}); err != nil {
		t.Errorf("one that is free again: %v", err)
	}
	if sites := s.sites(t); !slices.Equal(sites[0].Origins, []string{"https://a.shop.example"}) || !slices.Equal(sites[1].Origins, []string{"https://shop.example"}) {
		t.Errorf("got %+v", sites)
	}
}

// Nothing of a site is found, changed or counted for another.
func testIsolation(t *testing.T, s *store) {
	ctx := t.Context()
	shop := s.addSite(t, "shop")
	ours := s.put(t, someEndpoint, `"channels": ["news"]`)
	theirs, created, err := s.PutSubscription(ctx, shop.ID, Subscribe(t, s.services, someEndpoint, `"channels": ["news"]`))
	if err != nil || !created || theirs.ID == ours.ID {
		t.Fatalf("the same endpoint at another site: %+v, %v", theirs, err)
	}
	sent, _, err := s.CreateMessage(ctx, shop.ID, Message(t, s.clock.Now(), `{"audience": {"all": true}}`), push.CreateOptions{IdempotencyKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	deliveries := s.claim(t)
	if len(deliveries) != 1 || deliveries[0].SubscriberID != theirs.ID || deliveries[0].Site != shop.ID {
		t.Fatalf("a message to all of the shop goes to %v", subscribers(deliveries))
	}
	if _, _, ok := s.site.Tokens.ParseToken(deliveries[0].Token); ok {
		t.Error("the token of another site's delivery is taken")
	}
	theirID, _, ok := shop.Tokens.ParseToken(deliveries[0].Token)
	if !ok {
		t.Fatal("the shop does not take its own token")
	}
	// Even whoever could make tokens of it.
	if err := s.RecordEvents(ctx, s.site.ID, []push.Event{{Delivery: theirID, Kind: push.EventClicked}}); err != nil {
		t.Fatal(err)
	}
	for id, audience := range map[push.SiteID]push.Audience{s.site.ID: {Subscriptions: []push.ID{theirs.ID}}, shop.ID: {Subscriptions: []push.ID{ours.ID}}} {
		if n, err := s.CountAudience(ctx, id, audience); err != nil || n != 0 {
			t.Errorf("the site %d reaches %d of another's, %v", id, n, err)
		}
	}
	_, err = s.MessageStatus(ctx, s.site.ID, sent.ID)
	wantCode(t, err, wire.MessageUnknown)
	_, err = s.CancelMessage(ctx, s.site.ID, sent.ID)
	wantCode(t, err, wire.MessageUnknown)
	if page, _, err := s.ListMessages(ctx, s.site.ID, "", 10); err != nil || len(page) != 0 {
		t.Errorf("%d messages are listed, %v", len(page), err)
	}
	s.finish(t, deliveries, push.DeliveryFailed)
	if page, _, err := s.ListDeliveries(ctx, s.site.ID, sent.ID, push.DeliveryFailed, "", 10); err != nil || len(page) != 0 {
		t.Errorf("%d deliveries are listed, %v", len(page), err)
	}
	// The same Idempotency-Key, and another message.
	again, _, err := s.CreateMessage(ctx, s.site.ID, Message(t, s.clock.Now(), `{"audience": {"channels": ["none"]}}`), push.CreateOptions{IdempotencyKey: "k"})
	if err != nil || again.ID == sent.ID {
		t.Errorf("got %v, %v", again.ID, err)
	}
	if err := s.EndSubscription(ctx, s.site.ID, theirs.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSubscription(ctx, s.site.ID, someEndpoint); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SubscriptionByEndpoint(ctx, shop.ID, someEndpoint); err != nil {
		t.Errorf("the shop's ended with another's: %v", err)
	}
	today := push.DayOf(s.clock.Now())
	if losses, err := s.Losses(ctx, shop.ID, today, today); err != nil || len(losses) != 0 {
		t.Errorf("the shop has lost %v, %v", losses, err)
	}
	if status, err := s.MessageStatus(ctx, shop.ID, sent.ID); err != nil || status.Counts.Clicked != 0 || status.Counts.Failed != 1 {
		t.Errorf("got %+v, %v", status.Counts, err)
	}
	if n, err := s.CountFailing(ctx, s.site.ID, s.clock.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("%d are failing, %v", n, err)
	}
}

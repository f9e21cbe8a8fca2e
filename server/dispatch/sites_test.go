package dispatch_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/webpush"
)

// A push service that refuses a site, whose key may be a bad one, is halted for that one
// alone: first attempts, further ones and what is handed over of the others go on.
func TestAPushServiceThatRefusesASiteTakesWhatOthersSend(t *testing.T) {
	t.Parallel()
	clock, log := pushtest.NewClock(), new(alarms)
	s := newServerAt(t, clock.Now)
	shop, err := s.CreateSite(t.Context(), push.NewSite("shop"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.VAPIDKeys(t.Context(), shop.ID)
	if err != nil {
		t.Fatal(err)
	}
	var mended, busy atomic.Bool
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		isShop := strings.Contains(r.Header.Get("Authorization"), keys[0].Public())
		switch {
		case isShop && !mended.Load():
			w.WriteHeader(http.StatusForbidden)
		case !isShop && busy.Swap(false):
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	const n = 900 // one batch
	s.subscribeAt(t, s.url, n)
	ours := s.site
	s.site = shop
	s.subscribeAt(t, s.url, n)
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(log))
	d.SetNow(clock.Now)
	r := s.run(t, d)
	refused := s.send(t, r, clock.Now(), `{"audience": {"all": true}}`)
	failed := s.await(t, refused, "a halt", s.isHandedBack(t)).Counts.Failed

	s.site = ours
	busy.Store(true) // one of these is tried again
	all := s.send(t, r, clock.Now(), `{"audience": {"all": true}}`)
	s.await(t, all, "all but one", func(status push.MessageStatus) bool { return status.Counts.Accepted >= n-1 })
	clock.Advance(10 * time.Second)
	r.Wake()
	if got := s.awaitSent(t, all); got.Accepted != n {
		t.Errorf("a broadcast of the other site: %+v", got)
	}
	if got := s.awaitSent(t, s.send(t, r, clock.Now(), to(s.subscribe(t, "/one"), ""))); got.Accepted != 1 {
		t.Errorf("a message of the other site to one: %+v", got)
	}

	// What it took of the other site mends nothing of this one.
	s.site = shop
	if status, err := s.MessageStatus(t.Context(), shop.ID, refused); err != nil || status.Counts.Failed != failed || status.Counts.Accepted > 0 {
		t.Errorf("the refused site's: %+v, %v", status.Counts, err)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "for a site") {
		t.Errorf("want one alarm, got:\n%s", text)
	}
	mended.Store(true)
	clock.Advance(time.Minute)
	r.Wake()
	if got := s.awaitSent(t, refused); got.Accepted != n-failed || got.Failed != failed {
		t.Errorf("after it was mended: %+v", got)
	}
}

package emulator

import (
	"strconv"
	"testing"
)

func TestStateIsToldAtTheNextChangeOfAnything(t *testing.T) {
	s := serve(t, Options{})
	keys := newVapidKeys(t)
	var before State
	s.api("GET", "/api/state", "", 200, &before)
	var b, another *testBrowser
	var sub testSubscription
	for _, step := range []struct {
		name string
		do   func()
		seen func(State) bool
	}{
		{"a browser comes", func() { b = connect(t, s, "") }, func(n State) bool {
			return n.Browser.Connected == 1 && len(n.Browser.Browsers) == 1 && n.Browser.Browsers[0].ID == b.uaid && n.Browser.Browsers[0].Kind == "firefox"
		}},
		{"another comes", func() { another = connect(t, s, "") }, func(n State) bool { return n.Browser.Connected == 2 }},
		{"and goes", func() { another.conn.CloseNow() }, func(n State) bool { return n.Browser.Connected == 1 }},
		{"it subscribes", func() { sub = b.register(keys.public) }, func(n State) bool {
			return len(n.Subscriptions) == 1 && n.Subscriptions[0].BrowserID == b.uaid && n.Subscriptions[0].LastPush.IsZero() && n.Browser.Browsers[0].Subscriptions == 1
		}},
		{"it subscribes once more", func() { b.register(keys.public) }, func(n State) bool { return len(n.Subscriptions) == 2 }},
		{"that ends", func() { s.api("DELETE", "/api/subscriptions/"+before.Subscriptions[1].ID, "", 204, nil) }, func(n State) bool {
			return n.Subscriptions[1].State == "ended" && n.Browser.Browsers[0].Subscriptions == 1
		}},
		{"a push", func() { keys.send(t, sub, "x", 60, "") }, func(n State) bool {
			return !n.Subscriptions[0].LastPush.IsZero() && n.Subscriptions[0].Waiting == 1 && n.Browser.Browsers[0].Waiting == 1
		}},
		{"a fault", func() { s.api("POST", "/api/faults", `{}`, 204, nil) }, func(n State) bool { return len(n.Faults) == 1 }},
		{"the browser goes", func() { b.leave(s) }, func(n State) bool { return n.Browser.Connected == 0 && !n.Browser.Browsers[0].Connected }},
		{"its subscription ends", func() { s.api("DELETE", "/api/subscriptions/"+before.Subscriptions[0].ID, "", 204, nil) }, func(n State) bool {
			return n.Subscriptions[0].State == "ended" && len(n.Browser.Browsers) == 0
		}},
		{"offline", func() { s.api("POST", "/api/browser", `{"online":false}`, 200, nil) }, func(n State) bool { return !n.Browser.Online }},
	} {
		step.do()
		// A change that is not counted would be told only when the wait is over,
		// which is later than the test's end. A step may be several changes.
		for told := false; !told; {
			var now State
			s.api("GET", "/api/state?wait=30&after="+strconv.Itoa(before.Next), "", 200, &now)
			before, told = now, step.seen(now)
		}
	}
}

func TestStateTellsTheSiteOfAChromium(t *testing.T) {
	s := serve(t, Options{})
	checkIn(t, s, 5).register(t, newVapidKeys(t).public)
	got := s.subscriptions()[0]
	if got.Browser != "chromium" || got.Site == "" || len(got.ChannelID) <= len("wp:"+got.Site) || got.ChannelID[:len("wp:"+got.Site)] != "wp:"+got.Site {
		t.Errorf("%q is the site of %q", got.Site, got.ChannelID)
	}
}

package client

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

// Sync restores what is wanted, whatever was lost.
func TestSyncRepairs(t *testing.T) {
	for name, test := range map[string]struct {
		lose     func(f *fake)
		made     int
		replaces bool
	}{
		"nothing lost":                        {lose: func(*fake) {}, made: 1},
		"the server forgot":                   {lose: func(f *fake) { clear(f.stored) }, made: 1},
		"the browser's subscription was lost": {lose: func(f *fake) { f.subscription = nil }, made: 2, replaces: true},
		"the endpoint died":                   {lose: func(f *fake) { f.gone[f.subscription.endpoint] = true }, made: 2, replaces: true},
		"the site cleared its storage":        {lose: func(f *fake) { f.record = nil }, made: 1},
		"the key was rotated":                 {lose: func(f *fake) { f.key = keyB }, made: 2, replaces: true},
		"the worker was unregistered":         {lose: func(f *fake) { f.script, f.subscription = "", nil }, made: 2, replaces: true},
		"the worker subscribed, the POST fell": {lose: func(f *fake) {
			f.subscription = &subscription{"https://service.example/new", keyA}
			f.record.Pending = true
		}, made: 1, replaces: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := subscribed(t)
			before := f.subscription.endpoint
			test.lose(f)
			state, err := New(f.browser()).Sync(t.Context(), options)
			f.check(state, err)
			if f.made != test.made || f.asked != 1 {
				t.Errorf("%d made, asked %d times", f.made, f.asked)
			}
			if replaces := f.stored[state.Endpoint].Replaces; (replaces == before) != test.replaces {
				t.Errorf("replaces %q", replaces)
			}
		})
	}
}

// A subscribe() while the server is away is finished by a later Sync, with the
// channels that it named.
func TestSyncFinishesSubscribe(t *testing.T) {
	f, o := newFake(t), options
	o.Channels = &[]string{"news"}
	o.ApplicationServerKey = keyA
	f.away = true
	c := New(f.browser())
	if _, err := c.Subscribe(t.Context(), o, Prompt{}); CodeOf(err) != wire.ServerUnreachable {
		t.Fatalf("error %v", err)
	}
	if _, err := c.Sync(t.Context(), options); CodeOf(err) != wire.ServerUnreachable {
		t.Fatalf("error %v", err)
	}
	f.away = false
	state, err := c.Sync(t.Context(), options)
	f.check(state, err)
	if !slices.Equal(state.Channels, []string{"news"}) || f.made != 1 {
		t.Errorf("channels %v, %d made", state.Channels, f.made)
	}
}

// Who comes back is not subscribed before the server has heard of it.
func TestSubscribeAgainIsPendingUntilTheServerHears(t *testing.T) {
	f, o := unsubscribed(t), options
	o.ApplicationServerKey, f.away = keyA, true
	if _, err := New(f.browser()).Subscribe(t.Context(), o, Prompt{}); CodeOf(err) != wire.ServerUnreachable || !f.record.Pending {
		t.Fatalf("error %v, record %+v", err, f.record)
	}
}

// What subscribe() said of the person is the server's: a repair must not put the
// browser's own in its place. A server that never had it is told.
func TestSyncKeepsWhatSubscribeNamed(t *testing.T) {
	browsers := options
	browsers.Locale, browsers.TimeZone = "en-US", "Europe/Zurich"
	for name, test := range map[string]struct {
		lose   func(f *fake)
		locale string
	}{
		"confirmed":        {lose: func(f *fake) { f.subscription = nil }},
		"never confirmed":  {lose: func(f *fake) { *f.record = wire.Record{Server: server, Wanted: true, Pending: true} }, locale: "en-US"},
		"another server's": {lose: func(f *fake) { f.record.Server = "https://old.example.com" }, locale: "en-US"},
	} {
		t.Run(name, func(t *testing.T) {
			f := subscribed(t)
			test.lose(f)
			state, err := New(f.browser()).Sync(t.Context(), browsers)
			f.check(state, err)
			if sent := f.stored[state.Endpoint]; sent.Locale != test.locale || (sent.TimeZone == "") != (test.locale == "") {
				t.Errorf("sent locale %q, time zone %q", sent.Locale, sent.TimeZone)
			}
		})
	}
}

// What an unsubscribe left is finished also where the person came back and then
// blocked notifications; else each page would load the client for nothing.
func TestSyncFinishesRemovingWithoutPermission(t *testing.T) {
	f := subscribed(t)
	f.permission = notification.Denied
	f.record.Removing, f.record.Pending = f.record.Endpoint, true
	state, err := New(f.browser()).Sync(t.Context(), options)
	if err != nil || state.Subscribed || f.record.Removing != "" || len(f.stored) > 0 {
		t.Errorf("state %+v, error %v, record %+v, server %v", state, err, f.record, f.stored)
	}
}

// Sync does nothing, and calls nobody, for a person who does not want it.
func TestSyncLeavesOthersAlone(t *testing.T) {
	for name, f := range map[string]*fake{
		"never subscribed": newFake(t),
		"unsubscribed": func() *fake {
			f := subscribed(t)
			if _, err := New(f.browser()).Unsubscribe(t.Context(), options); err != nil {
				t.Fatal(err)
			}
			return f
		}(),
		"permission denied": func() *fake {
			f := subscribed(t)
			f.permission, f.subscription = notification.Denied, nil
			return f
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			f.calls = nil
			asked := f.asked
			state, err := New(f.browser()).Sync(t.Context(), options)
			if err != nil || state.Subscribed || len(f.calls) > 0 || f.subscription != nil || f.asked != asked {
				t.Errorf("state %+v, error %v, calls %v", state, err, f.calls)
			}
		})
	}
}

// A subscription whose worker does not answer in time is left alone, but not for
// good: the next visit takes it up.
func TestSyncAsksASlowWorkerAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.permission, f.script = notification.Granted, "https://site.example/own-sw.js"
		f.subscription = &subscription{"https://service.example/old", keyA}
		c := New(f.browser())
		if state, err := c.Sync(t.Context(), options); err != nil || state.Subscribed || len(f.stored) > 0 {
			t.Fatalf("state %+v, error %v, server %v", state, err, f.stored)
		}
		f.pong = true
		state, err := c.Sync(t.Context(), options)
		f.check(state, err)
	})
}

// A subscription that another has made is left alone, and judged once only where
// its key tells.
func TestSyncLeavesAnothersSubscriptionAlone(t *testing.T) {
	for name, test := range map[string]struct {
		arrange func(f *fake)
		judged  bool
	}{
		"another key":                          {func(f *fake) { f.subscription.key = keyB }, true},
		"another worker":                       {func(f *fake) { f.script = "https://site.example/theirs.js" }, false},
		"another key and its worker":           {func(f *fake) { f.subscription.key, f.script = keyB, "https://site.example/theirs.js" }, true},
		"a key that the browser does not tell": {func(f *fake) { f.subscription.key = "" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.permission, f.script = notification.Granted, script
				f.subscription = &subscription{"https://service.example/theirs", keyA}
				test.arrange(f)
				for range 2 {
					if state, err := New(f.browser()).Sync(t.Context(), options); err != nil || state.Subscribed {
						t.Fatalf("state %+v, error %v", state, err)
					}
				}
				if f.subscription == nil || len(f.stored) > 0 || (f.record != nil) != test.judged || f.record != nil && f.record.Wanted ||
					test.judged && len(f.calls) > 1 {
					t.Errorf("browser %v, server %v, calls %v, record %v", f.subscription, f.stored, f.calls, f.record)
				}
			})
		})
	}
}

// Unsubscribe ends the subscription on both sides and forgets all but the
// server's address, and may be called again.
func TestUnsubscribe(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	for range 2 {
		state, err := c.Unsubscribe(t.Context(), options)
		if err != nil || state.Subscribed || f.subscription != nil || len(f.stored) > 0 {
			t.Fatalf("state %+v, error %v, server %v", state, err, f.stored)
		}
		if r := *f.record; r.Server != server || r.Wanted || r.Pending || r.Endpoint != "" || r.ID != "" || r.Removing != "" {
			t.Fatalf("record %+v", r)
		}
	}
	state, err := c.Subscribe(t.Context(), options, Prompt{})
	f.check(state, err)
	if replaces := f.stored[state.Endpoint].Replaces; replaces != "" {
		t.Errorf("what the person ended lives on: replaces %q", replaces)
	}
}

// A person who never subscribed leaves no trace by unsubscribing.
func TestUnsubscribeWithoutSubscription(t *testing.T) {
	f := newFake(t)
	if _, err := New(f.browser()).Unsubscribe(t.Context(), options); err != nil || f.record != nil || len(f.calls) > 0 {
		t.Errorf("error %v, record %v, calls %v", err, f.record, f.calls)
	}
}

// Unsubscribe succeeds without the server, which the next Sync tells.
func TestUnsubscribeWhileServerIsAway(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	endpoint := f.subscription.endpoint
	f.away = true
	if _, err := c.Unsubscribe(t.Context(), options); err != nil || f.subscription != nil {
		t.Fatalf("error %v, subscription %v", err, f.subscription)
	}
	if f.record.Removing != endpoint || f.record.Wanted {
		t.Fatalf("record %+v", f.record)
	}
	if _, err := c.Sync(t.Context(), options); CodeOf(err) != wire.ServerUnreachable || f.record.Removing != endpoint {
		t.Fatalf("error %v, record %+v", err, f.record)
	}
	f.away = false
	if _, err := c.Sync(t.Context(), options); err != nil || len(f.stored) > 0 || f.record.Removing != "" {
		t.Fatalf("error %v, server %v, record %+v", err, f.stored, f.record)
	}
}

// Where the browser fails to unsubscribe, the server's word is enough; where
// both fail, the person is told and Sync does both.
func TestUnsubscribeWhileBrowserFails(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	f.unsubscribe = &dom.Exception{Name: dom.AbortError}
	f.away = true
	if _, err := c.Unsubscribe(t.Context(), options); CodeOf(err) != wire.PushServiceUnreachable {
		t.Fatalf("error %v", err)
	}
	f.away = false
	if _, err := c.Unsubscribe(t.Context(), options); err != nil || len(f.stored) > 0 {
		t.Fatalf("error %v, server %v", err, f.stored)
	}

	f = subscribed(t)
	c = New(f.browser())
	f.unsubscribe, f.away = &dom.Exception{Name: dom.AbortError}, true
	_, _ = c.Unsubscribe(t.Context(), options)
	f.unsubscribe, f.away = nil, false
	if _, err := c.Sync(t.Context(), options); err != nil || f.subscription != nil || len(f.stored) > 0 {
		t.Fatalf("error %v, browser %v, server %v", err, f.subscription, f.stored)
	}
}

// A person who could not unsubscribe and changes their mind keeps what they
// have.
func TestSubscribeAfterFailedUnsubscribe(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	f.unsubscribe, f.away = &dom.Exception{Name: dom.AbortError}, true
	_, _ = c.Unsubscribe(t.Context(), options)
	f.unsubscribe, f.away = nil, false
	state, err := c.Subscribe(t.Context(), options, Prompt{})
	f.check(state, err)
	if f.made != 1 {
		t.Errorf("%d made", f.made)
	}
}

// A person who unsubscribed while the server was away and comes back keeps the
// new subscription, and the server loses the old one.
func TestSubscribeAfterUnfinishedUnsubscribe(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	f.away = true
	_, _ = c.Unsubscribe(t.Context(), options)
	f.away = false
	state, err := c.Subscribe(t.Context(), options, Prompt{})
	f.check(state, err)
	if len(f.stored) != 1 {
		t.Errorf("server has %v", f.stored)
	}
}

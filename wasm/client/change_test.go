package client

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

func TestChangeChangesTheChannels(t *testing.T) {
	for name, test := range map[string]struct {
		change func(o *Options)
		want   []string
	}{
		"set":             {func(o *Options) { o.Channels = &[]string{"c"} }, []string{"c"}},
		"set none":        {func(o *Options) { o.Channels = &[]string{} }, []string{}},
		"add":             {func(o *Options) { o.AddChannels = []string{"c", "a", "c"} }, []string{"a", "b", "c"}},
		"remove":          {func(o *Options) { o.RemoveChannels = []string{"a", "x"} }, []string{"b"}},
		"remove the last": {func(o *Options) { o.RemoveChannels = []string{"a", "b"} }, []string{}},
		"add nothing":     {func(o *Options) { o.AddChannels = []string{} }, []string{"a", "b"}},
		"set, add, remove": {func(o *Options) {
			o.Channels, o.AddChannels, o.RemoveChannels = &[]string{"c"}, []string{"d"}, []string{"c"}
		}, []string{"d"}},
		"say whose this is": {func(o *Options) { o.UserToken = "token" }, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, o := subscribed(t), options
			c := New(f.browser())
			o.Channels = &[]string{"a", "b"}
			if _, err := c.Change(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			o = options
			o.Locale = "de"
			test.change(&o)
			state, err := c.Change(t.Context(), o)
			f.check(state, err)
			sent := f.stored[state.Endpoint]
			if !slices.Equal(state.Channels, test.want) || !slices.Equal(f.record.Channels, test.want) {
				t.Errorf("channels %v, record %v", state.Channels, f.record.Channels)
			}
			if sent.UserToken != o.UserToken || sent.Locale != "" {
				t.Errorf("sent %+v", sent)
			}
			if f.made != 1 || f.asked != 1 {
				t.Errorf("%d made, asked %d times", f.made, f.asked)
			}
		})
	}
}

// A change does not subscribe anybody, and asks nobody.
func TestChangeOfWhoHasNoSubscription(t *testing.T) {
	for name, arrange := range map[string]func(t *testing.T) *fake{
		"never subscribed": newFake,
		"unsubscribed": func(t *testing.T) *fake {
			f := subscribed(t)
			if _, err := New(f.browser()).Unsubscribe(t.Context(), options); err != nil {
				t.Fatal(err)
			}
			return f
		},
		"permission denied": func(t *testing.T) *fake {
			f := subscribed(t)
			f.permission = notification.Denied
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, o := arrange(t), options
			f.calls, f.asked = nil, 0
			o.AddChannels = []string{"news"}
			if _, err := New(f.browser()).Change(t.Context(), o); CodeOf(err) != wire.NotSubscribed {
				t.Errorf("error %v", err)
			}
			if len(f.calls) > 0 || f.asked > 0 {
				t.Errorf("calls %v, asked %d times", f.calls, f.asked)
			}
		})
	}
}

func TestChangeRefusesMoreChannelsThanTheServerTakes(t *testing.T) {
	f, o := subscribed(t), options
	for _, o.AddChannels = range [][]string{
		{""}, {strings.Repeat("x", wire.MaxChannelLength+1)},
		strings.Split(strings.Repeat("x", wire.MaxChannels+1), ""),
	} {
		if len(o.AddChannels) > 1 {
			for i := range o.AddChannels {
				o.AddChannels[i] += string(rune('A' + i))
			}
		}
		if _, err := New(f.browser()).Change(t.Context(), o); CodeOf(err) != wire.InvalidOption {
			t.Errorf("%d channels: error %v", len(o.AddChannels), err)
		}
	}
	if f.record.WantedChannels != nil {
		t.Errorf("record %+v", f.record)
	}
}

// What was changed while the server was away is told by Sync, change upon
// change, and the subscription is no less confirmed meanwhile.
func TestChangeWhileServerIsAway(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	f.away = true
	for _, add := range []string{"a", "b"} {
		o := options
		o.AddChannels = []string{add}
		if _, err := c.Change(t.Context(), o); CodeOf(err) != wire.ServerUnreachable {
			t.Fatalf("error %v", err)
		}
	}
	if f.record.Pending || !slices.Equal(*f.record.WantedChannels, []string{"a", "b"}) {
		t.Fatalf("record %+v", f.record)
	}
	f.away = false
	state, err := c.Sync(t.Context(), options)
	f.check(state, err)
	if !slices.Equal(state.Channels, []string{"a", "b"}) {
		t.Errorf("channels %v", state.Channels)
	}
}

// Forgetting must not undo itself: what a browser still has, with nothing stored
// that says it is not wanted, the next page would take up as one that was lost.
func TestForgetIsNotUndoneByTheNextPage(t *testing.T) {
	theirs := func(f *fake) { f.script = "https://site.example/theirs.js" }
	for name, test := range map[string]struct {
		arrange func(f *fake)
		mend    func(f *fake)
		code    wire.Code // of forget()
		ends    bool      // the next page, what forget() could not
	}{
		"the browser fails to unsubscribe": {
			arrange: func(f *fake) { f.unsubscribe = &dom.Exception{Name: dom.AbortError} },
			mend:    func(f *fake) { f.unsubscribe = nil },
			code:    wire.PushServiceUnreachable, ends: true,
		},
		"the browser never unsubscribes": {
			arrange: func(f *fake) { f.unsubscribe = context.DeadlineExceeded },
			code:    wire.PushServiceUnreachable,
		},
		"the browser has another one, of a worker that does not answer in time": {
			arrange: func(f *fake) { theirs(f); f.subscription.endpoint = "https://service.example/moved" },
			mend:    func(f *fake) { f.pong = true },
		},
		"nothing is stored, and the worker does not answer in time": {
			arrange: func(f *fake) { theirs(f); f.record = nil },
			mend:    func(f *fake) { f.pong = true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := subscribed(t)
				test.arrange(f)
				c := New(f.browser())
				if _, err := c.Forget(t.Context(), options); (err != nil || test.code != "") && CodeOf(err) != test.code {
					t.Fatalf("error %v", err)
				}
				clear(f.stored)
				if test.mend != nil {
					test.mend(f)
				}
				state, _ := c.Sync(t.Context(), options)
				if state.Subscribed || len(f.stored) > 0 || test.ends && f.subscription != nil {
					t.Errorf("state %+v, browser %v, server %v", state, f.subscription, f.stored)
				}
			})
		})
	}
}

func TestForgetLeavesNothing(t *testing.T) {
	f := subscribed(t)
	c := New(f.browser())
	f.away = true
	if _, err := c.Forget(t.Context(), options); CodeOf(err) != wire.ServerUnreachable || f.subscription != nil {
		t.Fatalf("error %v, browser %v", err, f.subscription)
	}
	if f.record == nil || f.record.Removing == "" {
		t.Fatalf("the server would never be told: record %+v", f.record)
	}
	f.away = false
	for range 2 {
		state, err := c.Forget(t.Context(), options)
		if err != nil || state.Subscribed || f.record != nil || len(f.stored) > 0 {
			t.Fatalf("error %v, record %+v, server %v", err, f.record, f.stored)
		}
	}
}

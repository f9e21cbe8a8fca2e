package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

// Each way to a subscription ends with browser, server and record in agreement.
func TestSubscribeEndsSubscribed(t *testing.T) {
	removed := "https://" + wire.PermanentlyRemovedHost + "/"
	for name, test := range map[string]struct {
		arrange  func(f *fake)
		options  func(o *Options)
		replaces string
		channels []string
		made     int
	}{
		"the first time":    {made: 1},
		"already permitted": {arrange: func(f *fake) { f.permission = notification.Granted }, made: 1},
		"with channels": {
			options:  func(o *Options) { o.Channels = &[]string{"news"} },
			channels: []string{"news"}, made: 1,
		},
		"with the key given": {options: func(o *Options) { o.ApplicationServerKey = keyA + "=" }, made: 1},
		"with a subscription that the server lacks": {
			arrange: func(f *fake) {
				f.script = script
				f.subscription = &subscription{"https://service.example/old", keyA}
			},
		},
		"with a subscription of another key": {
			arrange: func(f *fake) {
				f.script = script
				f.subscription = &subscription{"https://service.example/old", keyB}
			},
			replaces: "https://service.example/old", made: 1,
		},
		"with a subscription of a key that the browser does not tell": {
			arrange: func(f *fake) {
				f.script = script
				f.subscription = &subscription{"https://service.example/old", ""}
			},
			replaces: "https://service.example/old", made: 1,
		},
		"with an endpoint that the server knows to be dead": {
			arrange: func(f *fake) {
				f.script = script
				f.subscription = &subscription{"https://service.example/dead", keyA}
				f.gone["https://service.example/dead"] = true
			},
			replaces: "https://service.example/dead", made: 1,
		},
		"with endpoints of the removed host first": {
			arrange: func(f *fake) { f.endpoints = []string{removed + "1", removed + "2"} }, made: 3,
		},
		"with a present endpoint of the removed host": {
			arrange: func(f *fake) {
				f.script = script
				f.subscription = &subscription{removed + "1", keyA}
			},
			made: 1,
		},
		"with another worker that imports ours": {
			arrange: func(f *fake) { f.script, f.pong = "https://site.example/theirs.js", true }, made: 1,
		},
		"with another worker on a wider scope": {
			arrange: func(f *fake) { f.script, f.scope = "https://site.example/theirs.js", "https://site" }, made: 1,
		},
		"with the channels that the record holds": {
			arrange: func(f *fake) {
				f.record = &wire.Record{Endpoint: "https://service.example/lost", ID: "1", Channels: []string{"a", "b"}}
			},
			channels: []string{"a", "b"}, replaces: "https://service.example/lost", made: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, o := newFake(t), options
				if test.arrange != nil {
					test.arrange(f)
				}
				if test.options != nil {
					test.options(&o)
				}
				state, err := New(f.browser()).Subscribe(t.Context(), o, Prompt{})
				f.check(state, err)
				request := f.stored[state.Endpoint]
				if request.Replaces != test.replaces || f.made != test.made {
					t.Errorf("replaces %q, %d made", request.Replaces, f.made)
				}
				if !slices.Equal(state.Channels, test.channels) || (request.Channels != nil) != (test.channels != nil) {
					t.Errorf("channels %v, sent %v", state.Channels, request.Channels)
				}
			})
		})
	}
}

// Each failure has its code, and leaves the wish for the next Sync only once
// the person has agreed.
func TestSubscribeFailsWithCode(t *testing.T) {
	for name, test := range map[string]struct {
		arrange func(f *fake)
		options func(o *Options)
		prompt  Prompt
		code    wire.Code
		detail  string
		kept    bool
	}{
		"denied":     {arrange: func(f *fake) { f.answer = notification.Denied }, code: wire.PermissionDenied},
		"dismissed":  {arrange: func(f *fake) { f.answer = notification.Default }, code: wire.PermissionDismissed},
		"no gesture": {arrange: func(f *fake) { f.answer = notification.Default }, prompt: Prompt{NoGesture: true}, code: wire.NoUserGesture},
		"foreign worker": {
			arrange: func(f *fake) { f.script = "https://site.example/theirs.js" },
			code:    wire.ForeignServiceWorker, detail: "https://site.example/theirs.js", kept: true,
		},
		"our worker's file without the line": {
			arrange: func(f *fake) { f.mute = true },
			code:    wire.ForeignServiceWorker, detail: script, kept: true,
		},
		"worker's file missing": {
			arrange: func(f *fake) { f.install = &dom.Exception{Name: dom.TypeError} },
			code:    wire.ServiceWorkerFailed, detail: script, kept: true,
		},
		"another vendor's worker": {
			arrange: func(f *fake) { f.script = "https://site.example/push/OneSignalSDKWorker.js?appId=1" },
			code:    wire.ForeignServiceWorker, kept: true,
			detail: "https://site.example/push/OneSignalSDKWorker.js?appId=1 is of OneSignal.",
		},
		"worker's scope above its folder": {
			arrange: func(f *fake) { f.install = &dom.Exception{Name: dom.SecurityError} },
			options: func(o *Options) { o.ServiceWorker = "https://site.example/push/sw.js" },
			code:    wire.ServiceWorkerFailed, kept: true,
			detail: "https://site.example/push/sw.js may serve the pages under its folder alone. For https://site.example/ " +
				"it has to be answered with the header Service-Worker-Allowed: /",
		},
		"worker refused under its folder": {
			arrange: func(f *fake) { f.install = &dom.Exception{Name: dom.SecurityError} },
			code:    wire.ServiceWorkerFailed, detail: script, kept: true,
		},
		"push service away": {
			arrange: func(f *fake) { f.subscribe = []error{&dom.Exception{Name: dom.AbortError}} },
			code:    wire.PushServiceUnreachable, kept: true,
		},
		"push service silent": {
			arrange: func(f *fake) { f.subscribe = []error{never} },
			code:    wire.PushServiceUnreachable, kept: true,
		},
		"removed host for ever": {
			arrange: func(f *fake) {
				f.endpoints = slices.Repeat([]string{"https://" + wire.PermanentlyRemovedHost + "/x"}, 9)
			},
			code: wire.PushServiceUnreachable, kept: true,
		},
		"permission revoked meanwhile": {
			arrange: func(f *fake) { f.subscribe = []error{&dom.Exception{Name: dom.NotAllowedError}} },
			code:    wire.PermissionDenied, kept: true,
		},
		"server away": {
			arrange: func(f *fake) { f.away = true }, code: wire.ServerUnreachable, kept: true,
			detail: "GET https://push.example.com/v1/config got no answer.",
		},
		"server's key malformed": {
			arrange: func(f *fake) { f.key = "x" }, code: wire.Unexpected, kept: true,
		},
		"server refuses": {
			arrange: func(f *fake) {
				f.status, f.refuse = 403, map[string]any{"code": "origin-not-allowed", "detail": "set --allowed-origins"}
			},
			code: wire.OriginNotAllowed, detail: "set --allowed-origins", kept: true,
		},
		"a proxy answers": {
			arrange: func(f *fake) { f.status = 502 }, code: wire.ServerUnreachable, kept: true,
		},
		"another server answers": {
			arrange: func(f *fake) { f.status, f.refuse = 404, map[string]any{"error": "no such page"} },
			code:    wire.ServerUnreachable, detail: "HTTP status 404 without an answer of pushkit's", kept: true,
		},
		"storage refused": {
			arrange: func(f *fake) { f.store = &dom.Exception{Name: dom.SecurityError} }, code: wire.StorageFailed,
		},
		"no server": {options: func(o *Options) { o.Server = "" }, code: wire.InvalidOption, detail: "server is missing"},
		"long channel": {
			options: func(o *Options) { o.Channels = &[]string{"ok", strings.Repeat("ä", wire.MaxChannelLength+1)} },
			code:    wire.InvalidOption, detail: "channels[1] must have 1 to 64 characters",
		},
		"short key": {
			options: func(o *Options) { o.ApplicationServerKey = keyA[:80] },
			code:    wire.InvalidOption, detail: "applicationServerKey",
		},
		"malformed key": {
			options: func(o *Options) { o.ApplicationServerKey = keyA[1:] },
			code:    wire.InvalidOption, detail: "applicationServerKey",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, o := newFake(t), options
				if test.arrange != nil {
					test.arrange(f)
				}
				if test.options != nil {
					test.options(&o)
				}
				start := time.Now()
				state, err := New(f.browser()).Subscribe(t.Context(), o, test.prompt)
				if CodeOf(err) != test.code || state.Subscribed {
					t.Fatalf("state %+v, error %v", state, err)
				}
				if test.detail != "" && DetailOf(err) != test.detail {
					t.Errorf("detail %q", DetailOf(err))
				}
				if took := time.Since(start); took > 30*time.Second {
					t.Errorf("took %v", took)
				}
				if kept := f.record != nil && f.record.Wanted && f.record.Pending; kept != test.kept {
					t.Errorf("record %+v", f.record)
				}
			})
		})
	}
}

// The header is for whoever can set it: it names the path, and is named only where
// it would help.
func TestScopeHintNamesTheHeader(t *testing.T) {
	refused := &dom.Exception{Name: dom.SecurityError}
	for _, test := range []struct {
		script, scope string
		err           error
		header        string
	}{
		{"/push/sw.js", "/app/", refused, "Service-Worker-Allowed: /app/"},
		{"/push/sw.js?for=/app/", "/app/", refused, "Service-Worker-Allowed: /app/"},
		{"/push/sw.js", "/pushy/", refused, "Service-Worker-Allowed: /pushy/"},
		{"/push/sw.js", "/push/news/", refused, ""},
		{"/sw.js", "/", refused, ""},
		{"/sw.js?for=/app/", "/", refused, ""},
		{"/push/sw.js", "/", &dom.Exception{Name: dom.TypeError}, ""},
	} {
		const site = "https://site.example"
		got := scopeHint(&Options{ServiceWorker: site + test.script, Scope: site + test.scope}, test.err)
		if (got == "") != (test.header == "") || !strings.HasSuffix(got, test.header) {
			t.Errorf("%s for %s, %v: %q, want %q at its end", test.script, test.scope, test.err, got, test.header)
		}
	}
}

// On a first visit the worker takes its time, for which PushManager.subscribe does
// not wait.
func TestSubscribeWaitsForTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		activated := false
		f.active = func(dom.Context) error {
			time.Sleep(3 * time.Second)
			activated = true
			return nil
		}
		f.answered = func() {
			if !activated {
				t.Error("subscribed without an active worker")
			}
		}
		state, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{})
		f.check(state, err)
	})
}

// Firefox leaves open what it is asked before its push service is up.
func TestSubscribeAsksAgainForTheSubscription(t *testing.T) {
	for unsettled, code := range map[int]wire.Code{3: "", 100: wire.PushServiceUnreachable} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.unsettled = unsettled
			start := time.Now()
			var got wire.Code
			if _, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{}); err != nil {
				got = CodeOf(err)
			}
			if got != code {
				t.Errorf("with %d calls that do not settle: %q, not %q", unsettled, got, code)
			}
			if took := time.Since(start); took > wire.SubscribeTimeout*time.Millisecond {
				t.Errorf("with %d calls that do not settle it took %s", unsettled, took)
			}
		})
	}
}

// A worker that is not ours keeps its registration, also when ours is asked for
// again and again.
func TestForeignWorkerIsNotReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.script = "https://site.example/theirs.js"
		f.subscription = &subscription{"https://other.example/1", keyB}
		c := New(f.browser())
		_, _ = c.Subscribe(t.Context(), options, Prompt{})
		_, _ = c.Unsubscribe(t.Context(), options)
		if f.script != "https://site.example/theirs.js" || f.subscription == nil {
			t.Errorf("script %s, subscription %v", f.script, f.subscription)
		}
	})
}

// WebKit answers "denied" where there was no gesture, and leaves the question
// open.
func TestDeniedWithoutGestureIsNoGesture(t *testing.T) {
	f := newFake(t)
	answer := func(dom.Context) (notification.Permission, error) { return notification.Denied, nil }
	_, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{Answer: answer, NoGesture: true})
	if CodeOf(err) != wire.NoUserGesture {
		t.Errorf("got %v", err)
	}
	f.permission = notification.Denied
	_, err = New(f.browser()).Subscribe(t.Context(), options, Prompt{Answer: answer, NoGesture: true})
	if CodeOf(err) != wire.PermissionDenied {
		t.Errorf("got %v, for a permission that was denied before", err)
	}
}

// The question that the loader has put within the click is not put again.
func TestSubscribeTakesTheLoadersAnswer(t *testing.T) {
	f := newFake(t)
	answer := func(dom.Context) (notification.Permission, error) {
		f.permission = notification.Granted
		return notification.Granted, nil
	}
	state, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{Answer: answer})
	f.check(state, err)
	if f.asked != 0 {
		t.Error("asked twice")
	}
}

// Whatever comes between, a new subscription follows the one that the call has
// found: by it the server carries id, channels and user over.
func TestRepairsUponRepairsFollowTheFirst(t *testing.T) {
	const old = "https://service.example/old"
	removed := []string{"https://" + wire.PermanentlyRemovedHost + "/1", "https://" + wire.PermanentlyRemovedHost + "/2"}
	for name, arrange := range map[string]func(f *fake){
		"gone, then of the removed host": func(f *fake) {
			f.gone[old], f.endpoints = true, removed
		},
		"of another key, then of the removed host": func(f *fake) {
			f.subscription.key, f.endpoints = keyB, removed
		},
		"gone, then of another tab's key": func(f *fake) {
			f.gone[old] = true
			f.subscribing = func() {
				f.subscription, f.subscribing = &subscription{"https://service.example/tab", keyB}, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.permission, f.script = notification.Granted, script
				f.subscription = &subscription{old, keyA}
				arrange(f)
				state, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{})
				f.check(state, err)
				if replaces := f.stored[state.Endpoint].Replaces; replaces != old {
					t.Errorf("replaces %q", replaces)
				}
			})
		})
	}
}

// Calls at the same time make one subscription between them.
func TestConcurrentSubscribesMakeOneSubscription(t *testing.T) {
	f := newFake(t)
	f.permission = notification.Granted
	c := New(f.browser())
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if _, err := c.Subscribe(t.Context(), options, Prompt{}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if f.made != 1 || len(f.stored) != 1 {
		t.Errorf("%d made, server has %v", f.made, f.stored)
	}
}

// Calls come one after the other: the last one's is what stays.
func TestUnsubscribeComesAfterTheSubscribeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.hold = make(chan struct{})
		c := New(f.browser())
		var first, last error
		var wait sync.WaitGroup
		wait.Go(func() { _, first = c.Subscribe(t.Context(), options, Prompt{}) })
		synctest.Wait()
		wait.Go(func() { _, last = c.Unsubscribe(t.Context(), options) })
		synctest.Wait()
		close(f.hold)
		wait.Wait()
		if first != nil || last != nil || len(f.stored) > 0 || f.subscription != nil || f.record.Wanted {
			t.Errorf("errors %v, %v, server %v, browser %v, record %+v", first, last, f.stored, f.subscription, f.record)
		}
	})
}

// Without Web Locks two tabs meet in the middle: what the first one made is what
// the second one tells.
func TestTabsWithoutALockMakeOneSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		hold := make(chan struct{})
		f.permission, f.hold = notification.Granted, hold
		var first error
		var wait sync.WaitGroup
		wait.Go(func() { _, first = New(f.browser()).Subscribe(t.Context(), options, Prompt{}) })
		synctest.Wait()
		f.hold = nil
		_, second := New(f.browser()).Subscribe(t.Context(), options, Prompt{})
		close(hold)
		wait.Wait()
		if first != nil || second != nil || f.made != 1 || len(f.stored) != 1 {
			t.Errorf("errors %v, %v, %d made, server has %v", first, second, f.made, f.stored)
		}
	})
}

// A tab that never finishes does not hold the others up for ever.
func TestAnotherTabCannotBlockForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := subscribed(t)
		browser := f.browser()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			_ = browser.Request(ctx, "pushkit:"+scope, func(ctx dom.Context) error { <-ctx.Done(); return nil })
		}()
		synctest.Wait()
		start := time.Now()
		_, err := New(browser).Sync(t.Context(), options)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != wire.LockTimeout*time.Millisecond {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

// Channels that the site does not have are not asked for again at every visit.
func TestRefusedChannelsAreForgotten(t *testing.T) {
	f := newFake(t)
	f.status, f.refuse = 400, map[string]any{"code": "invalid-field", "detail": "no such channel", "field": "channels[0]"}
	o := options
	o.Channels = &[]string{"nosuch"}
	c := New(f.browser())
	if _, err := c.Subscribe(t.Context(), o, Prompt{}); CodeOf(err) != wire.InvalidField {
		t.Fatalf("error %v", err)
	}
	f.status = 0
	state, err := c.Sync(t.Context(), options)
	f.check(state, err)
	if sent := f.stored[state.Endpoint].Channels; sent != nil {
		t.Errorf("channels %v", *sent)
	}
}

package client

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

var names = map[State]string{
	Default: "Default", Asking: "Asking", Granted: "Granted", Matching: "Matching", Subscribing: "Subscribing",
	Syncing: "Syncing", Resuming: "Resuming", Ending: "Ending", Removing: "Removing", Forgetting: "Forgetting",
	Lost: "Lost", Moved: "Moved", KeyChanged: "KeyChanged", KeyRefused: "KeyRefused",
	EndpointRemoved: "EndpointRemoved", EndpointGone: "EndpointGone", Unrecorded: "Unrecorded",
	Unsupported: "Unsupported", Denied: "Denied", Dismissed: "Dismissed", Subscribed: "Subscribed",
	Unsubscribed: "Unsubscribed", Revoked: "Revoked", Pending: "Pending", Untold: "Untold",
}

// follow returns a client that writes down which states its calls pass.
func follow(f *fake) (c *Client, path *[]string) {
	c, path = New(f.browser()), new([]string)
	c.passed = func(from, to State) {
		if len(*path) == 0 {
			*path = append(*path, names[from])
		}
		if last := (*path)[len(*path)-1]; last != names[from] {
			f.t.Errorf("from %s, having come to %s", names[from], last)
		}
		*path = append(*path, names[to])
	}
	return c, path
}

// The calls by their names; nobody's click is needed, and no options.
var calls = map[string]func(*Client, dom.Context) error{
	"subscribe": func(c *Client, ctx dom.Context) error {
		_, err := c.Subscribe(ctx, options, Prompt{})
		return err
	},
	"change": func(c *Client, ctx dom.Context) error {
		o := options
		o.AddChannels = []string{""}
		_, err := c.Change(ctx, o)
		return err
	},
	"sync":        func(c *Client, ctx dom.Context) error { _, err := c.Sync(ctx, options); return err },
	"unsubscribe": func(c *Client, ctx dom.Context) error { _, err := c.Unsubscribe(ctx, options); return err },
	"forget":      func(c *Client, ctx dom.Context) error { _, err := c.Forget(ctx, options); return err },
}

// Each call goes the way that is written here, and together they go every way
// that there is.
func TestEveryTransition(t *testing.T) {
	aborted, refused := &dom.Exception{Name: dom.AbortError}, &dom.Exception{Name: dom.SecurityError}
	removed := "https://" + wire.PermanentlyRemovedHost + "/"
	const old = "https://service.example/old"
	granted := func(f *fake) { f.permission = notification.Granted }
	// has is a browser that has a subscription of which no record tells.
	has := func(endpoint, key string) func(f *fake) {
		return func(f *fake) {
			granted(f)
			f.script, f.subscription = script, &subscription{endpoint, key}
		}
	}
	walked := map[string]bool{}
	for _, test := range []struct {
		call string
		// from is newFake unless told.
		from    func(t *testing.T) *fake
		arrange func(f *fake)
		path    string
	}{
		{"subscribe", nil, nil, "Default Asking Granted Matching Subscribing Syncing Subscribed"},
		{"subscribe", nil, func(f *fake) { f.answer = notification.Denied }, "Default Asking Denied"},
		{"subscribe", nil, func(f *fake) { f.answer = notification.Default }, "Default Asking Dismissed"},
		{"subscribe", nil, func(f *fake) { f.permission = notification.Denied }, "Default Denied"},
		{"subscribe", nil, func(f *fake) { f.look = refused }, "Default Unsupported"},
		{"subscribe", nil, func(f *fake) { granted(f); f.install = refused }, "Default Granted Unsupported"},
		{"subscribe", nil, func(f *fake) { granted(f); f.away = true }, "Default Granted Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.get = aborted }, "Default Granted Matching Pending"},
		{"subscribe", nil, has(old, keyA), "Default Granted Matching Syncing Subscribed"},
		{"subscribe", nil, has(old, keyB), "Default Granted Matching KeyChanged Subscribing Syncing Subscribed"},
		{"subscribe", nil, func(f *fake) { has(old, keyB)(f); f.unsubscribe = aborted }, "Default Granted Matching KeyChanged Pending"},
		{"subscribe", nil, has(old, ""), "Default Granted Matching Subscribing KeyRefused Subscribing Syncing Subscribed"},
		{"subscribe", nil, func(f *fake) { has(old, "")(f); f.unsubscribe = aborted }, "Default Granted Matching Subscribing KeyRefused Pending"},
		{"subscribe", nil, func(f *fake) {
			granted(f)
			refused := &dom.Exception{Name: dom.InvalidStateError}
			f.subscribe = []error{refused, refused}
		}, "Default Granted Matching Subscribing KeyRefused Subscribing Pending"},
		{"subscribe", nil, has(removed, keyA), "Default Granted Matching EndpointRemoved Subscribing Syncing Subscribed"},
		{"subscribe", nil, func(f *fake) { has(removed, keyA)(f); f.unsubscribe = aborted }, "Default Granted Matching EndpointRemoved Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.endpoints = []string{removed, removed, removed} },
			"Default Granted Matching Subscribing EndpointRemoved Subscribing EndpointRemoved Subscribing Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.subscribe = []error{never} }, "Default Granted Matching Subscribing Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.subscribe = []error{&dom.Exception{Name: dom.NotAllowedError}} },
			"Default Granted Matching Subscribing Denied"},
		{"subscribe", nil, func(f *fake) { has(old, keyA)(f); f.gone[old] = true },
			"Default Granted Matching Syncing EndpointGone Subscribing Syncing Subscribed"},
		{"subscribe", nil, func(f *fake) {
			has(old, keyA)(f)
			f.gone[old], f.gone["https://service.example/1"] = true, true
		}, "Default Granted Matching Syncing EndpointGone Subscribing Syncing Pending"},
		{"subscribe", nil, func(f *fake) { has(old, keyA)(f); f.gone[old], f.unsubscribe = true, aborted },
			"Default Granted Matching Syncing EndpointGone Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.status = 502 }, "Default Granted Matching Subscribing Syncing Pending"},
		{"subscribe", nil, func(f *fake) { granted(f); f.answered = func() { f.store = refused } },
			"Default Granted Matching Subscribing Syncing Unsupported"},

		{"sync", nil, nil, "Resuming Unsubscribed"},
		{"sync", nil, func(f *fake) { f.store = refused }, "Resuming Unsupported"},
		{"sync", nil, has(old, keyA), "Resuming Unrecorded Granted Matching Syncing Subscribed"},
		{"sync", nil, has(old, keyB), "Resuming Unrecorded Unsubscribed"},
		{"sync", nil, func(f *fake) { has(old, keyA)(f); f.script += "?theirs" }, "Resuming Unrecorded Unsubscribed"},
		{"sync", nil, func(f *fake) { has(old, keyA)(f); f.away = true }, "Resuming Unrecorded Pending"},
		{"sync", subscribed, nil, "Resuming Granted Matching Syncing Subscribed"},
		{"sync", subscribed, func(f *fake) { f.subscription = nil }, "Resuming Granted Matching Lost Subscribing Syncing Subscribed"},
		{"sync", subscribed, func(f *fake) { f.subscription.endpoint = old }, "Resuming Granted Matching Moved Subscribing Syncing Subscribed"},
		{"sync", subscribed, func(f *fake) { f.permission = notification.Denied }, "Resuming Revoked"},
		{"change", subscribed, nil, "Resuming Pending"},

		{"unsubscribe", nil, nil, "Ending Unsubscribed"},
		{"unsubscribe", nil, func(f *fake) { f.lookup = refused }, "Ending Unsupported"},
		{"unsubscribe", subscribed, nil, "Ending Removing Unsubscribed"},
		{"unsubscribe", subscribed, func(f *fake) { f.get = aborted }, "Ending Pending"},
		{"unsubscribe", subscribed, func(f *fake) { f.away = true }, "Ending Removing Untold"},
		{"unsubscribe", subscribed, func(f *fake) { f.away, f.unsubscribe = true, aborted }, "Ending Removing Pending"},
		{"sync", ended, nil, "Resuming Removing Unsubscribed"},
		{"sync", ended, func(f *fake) { f.away, f.lookup = true, refused }, "Resuming Removing Unsupported"},
		{"subscribe", ended, nil, "Default Granted Matching Subscribing Syncing Removing Subscribed"},
		{"sync", subscribed, func(f *fake) { f.permission, f.record.Removing = notification.Denied, old }, "Resuming Removing Revoked"},

		{"forget", subscribed, nil, "Ending Removing Forgetting Unsubscribed"},
		{"forget", unsubscribed, nil, "Ending Forgetting Unsubscribed"},
		{"forget", subscribed, func(f *fake) { f.unsubscribe = aborted }, "Ending Removing Pending"},
		{"forget", nil, func(f *fake) { has(old, keyB)(f); f.script += "?theirs" }, "Ending Forgetting Unsubscribed"},
		{"forget", unsubscribed, func(f *fake) { f.deleted = refused }, "Ending Forgetting Unsupported"},
	} {
		t.Run(test.call+": "+test.path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newFake
				if test.from != nil {
					from = test.from
				}
				f := from(t)
				if test.arrange != nil {
					test.arrange(f)
				}
				c, path := follow(f)
				err := calls[test.call](c, t.Context())
				if got := strings.Join(*path, " "); got != test.path {
					t.Errorf("%s: %s, error %v", test.call, got, err)
				}
				for i, to := range (*path)[1:] {
					walked[(*path)[i]+" to "+to] = true
				}
			})
		})
	}
	for _, m := range machine {
		for next := Default; next <= Untold; next <<= 1 {
			way := names[m.state] + " to " + names[next]
			if m.next&next != 0 && !walked[way] {
				t.Errorf("nothing goes from %s", way)
			}
			delete(walked, way)
		}
	}
	for way := range walked {
		t.Errorf("the machine has no way from %s", way)
	}
}

// A step that leads where the machine does not is an error, not a surprise.
func TestAnImpossibleTransitionIsAnError(t *testing.T) {
	before := machine[0]
	defer func() { machine[0] = before }()
	machine[0].next = Asking
	f := newFake(t)
	f.permission = notification.Granted
	_, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{})
	if CodeOf(err) != wire.Unexpected || f.record != nil || f.made > 0 {
		t.Errorf("error %v, record %v, %d made", err, f.record, f.made)
	}
}

// Whatever a server answers, the call ends with that code.
func TestAStrangeCodeOfTheServerIsPassedOn(t *testing.T) {
	f := newFake(t)
	f.status, f.refuse = 400, map[string]any{"code": string(wire.PermissionDismissed)}
	c, path := follow(f)
	_, err := c.Subscribe(t.Context(), options, Prompt{})
	if CodeOf(err) != wire.PermissionDismissed || !strings.HasSuffix(strings.Join(*path, " "), "Syncing Pending") {
		t.Errorf("error %v, path %v", err, *path)
	}
}

// ended is a fake whose server has not heard yet that a person unsubscribed.
func ended(t *testing.T) *fake {
	f := subscribed(t)
	f.away = true
	if _, err := New(f.browser()).Unsubscribe(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	f.away = false
	return f
}

func unsubscribed(t *testing.T) *fake {
	f := subscribed(t)
	if _, err := New(f.browser()).Unsubscribe(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	return f
}

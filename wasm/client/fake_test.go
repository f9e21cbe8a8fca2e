package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
)

const (
	server = "https://push.example.com"
	script = "https://site.example/pushkit-sw.js"
	scope  = "https://site.example/"
)

// Application server keys: the first byte says that the point is uncompressed.
var keyA, keyB = key('A'), key('B')

func key(fill byte) string {
	bytes := append([]byte{4}, make([]byte, 64)...)
	for i := range 64 {
		bytes[1+i] = fill
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

var options = Options{Server: server, ServiceWorker: script, Scope: scope}

// A fake is a browser and a server whose parts can be made to fail. No browser
// runs natively; the real one is tested by the tests of the bindings and of js.
type fake struct {
	t *testing.T

	permission notification.Permission
	look       error // what reading the permission fails with
	answer     notification.Permission
	asked      int

	script  string // the registered worker's, "" where there is none
	scope   string
	pong    bool // whether a worker of another file answers that it imports ours
	mute    bool // whether the worker of our file does not
	install error
	active  func(ctx dom.Context) error // when the worker is, at once without it
	lookup  error                       // what getRegistration() fails with

	subscription *subscription
	get          error // what getSubscription() fails with
	unsettled    int   // how many of its next calls do not settle
	made         int
	subscribe    []error  // what the next calls of subscribe() do; nil works
	endpoints    []string // what the next subscriptions' endpoints are
	subscribing  func()   // what happens before each of them
	unsubscribe  error

	record  *wire.Record
	store   error
	deleted error // what deleting the record fails with

	key    string
	stored map[string]wire.SubscribeRequest // by endpoint
	gone   map[string]bool
	away   bool
	status int // what the server answers to subscriptions, 0 is right
	refuse any
	calls  []string

	hold     chan struct{} // until it is closed the server hears of no subscription
	answered func()        // what happens once it has stored one
}

type subscription struct {
	endpoint, key string
}

// never is what a call that does not settle "fails" with.
var never = errors.New("never")

func newFake(t *testing.T) *fake {
	return &fake{
		t: t, permission: notification.Default, answer: notification.Granted, scope: scope,
		key: keyA, stored: map[string]wire.SubscribeRequest{}, gone: map[string]bool{},
	}
}

// subscribed is a fake where everything is in order.
func subscribed(t *testing.T) *fake {
	f := newFake(t)
	if _, err := New(f.browser()).Subscribe(t.Context(), options, Prompt{}); err != nil {
		t.Fatal(err)
	}
	f.calls = nil
	return f
}

func (f *fake) browser() *Browser {
	lock := make(chan struct{}, 1)
	return &Browser{
		Permission: func() (notification.Permission, error) { return f.permission, f.look },
		RequestPermission: func(dom.Context) (notification.Permission, error) {
			f.asked++
			f.permission = f.answer
			return f.answer, nil
		},
		Register: func(_ dom.Context, scriptURL, scope string) (*Registration, error) {
			if f.install != nil {
				return nil, f.install
			}
			f.script, f.scope = scriptURL, scope
			return f.registration(), nil
		},
		GetRegistration: func(_ dom.Context, url string) (*Registration, error) {
			if f.lookup != nil {
				return nil, f.lookup
			}
			if f.script == "" || !strings.HasPrefix(url, f.scope) {
				return nil, nil
			}
			return f.registration(), nil
		},
		Request: func(ctx dom.Context, name string, do func(dom.Context) error) error {
			if name != "pushkit:"+scope {
				f.t.Errorf("lock %q", name)
			}
			select {
			case lock <- struct{}{}:
				defer func() { <-lock }()
				return do(ctx)
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		Fetch: f.fetch,
		Record: func(dom.Context, string) (*wire.Record, error) {
			return f.record, f.store
		},
		UpdateRecord: func(_ dom.Context, _ string, change func(*wire.Record)) (wire.Record, error) {
			if f.store != nil {
				return wire.Record{}, f.store
			}
			record := wire.Record{}
			if f.record != nil {
				record = *f.record
			}
			change(&record)
			f.record = &record
			return record, nil
		},
		DeleteRecord: func(dom.Context, string) error {
			if f.deleted != nil {
				return f.deleted
			}
			f.record = nil
			return f.store
		},
	}
}

func (f *fake) registration() *Registration {
	return &Registration{
		Scope: f.scope,
		Workers: func() []Worker {
			return []Worker{{ScriptURL: f.script, Ask: func(ctx dom.Context, _ wire.WorkerMessage) (wire.WorkerMessage, error) {
				if f.script == script && !f.mute || f.script != script && f.pong {
					return wire.WorkerMessage{Type: wire.WorkerPong}, nil
				}
				<-ctx.Done()
				return wire.WorkerMessage{}, ctx.Err()
			}}}
		},
		AwaitActive: func(ctx dom.Context) error {
			if f.active == nil {
				return nil
			}
			return f.active(ctx)
		},
		PushManager: func() (*PushManager, error) {
			return &PushManager{
				GetSubscription: func(ctx dom.Context) (*PushSubscription, error) {
					if f.unsettled > 0 {
						f.unsettled--
						<-ctx.Done()
						return nil, ctx.Err()
					}
					return f.present(), f.get
				},
				Subscribe: f.pushSubscribe,
			}, nil
		},
	}
}

func (f *fake) present() *PushSubscription {
	s := f.subscription
	if s == nil {
		return nil
	}
	return &PushSubscription{
		Endpoint: s.endpoint,
		ApplicationServerKey: func() ([]byte, error) {
			if s.key == "" {
				return nil, nil
			}
			return base64.RawURLEncoding.DecodeString(s.key)
		},
		ToJSON: func() (push.SubscriptionJSON, error) {
			return push.SubscriptionJSON{Endpoint: s.endpoint, Keys: push.Keys{P256dh: "p", Auth: "a"}}, nil
		},
		Unsubscribe: func(dom.Context) (bool, error) {
			if f.unsubscribe != nil {
				return false, f.unsubscribe
			}
			if f.subscription == s {
				f.subscription = nil
			}
			return true, nil
		},
	}
}

func (f *fake) pushSubscribe(ctx dom.Context, options push.SubscriptionOptionsInit) (*PushSubscription, error) {
	if !options.UserVisibleOnly {
		f.t.Error("subscribe without userVisibleOnly")
	}
	if f.record == nil || f.record.Server == "" {
		f.t.Error("the browser was subscribed before the worker could know the server")
	}
	if f.subscribing != nil {
		f.subscribing()
	}
	if len(f.subscribe) > 0 {
		err := f.subscribe[0]
		f.subscribe = f.subscribe[1:]
		if err == never {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
	if f.subscription == nil {
		f.made++
		endpoint := fmt.Sprintf("https://service.example/%d", f.made)
		if len(f.endpoints) > 0 {
			endpoint, f.endpoints = f.endpoints[0], f.endpoints[1:]
		}
		f.subscription = &subscription{endpoint, options.ApplicationServerKey}
	} else if f.subscription.key != options.ApplicationServerKey {
		return nil, &dom.Exception{Name: dom.InvalidStateError}
	}
	return f.present(), nil
}

// fetch is the server, as DESIGN's table of calls has it.
func (f *fake) fetch(_ dom.Context, method, url string, body any) (int, any, error) {
	path, ok := strings.CutPrefix(url, server)
	if !ok {
		f.t.Errorf("call of %s", url)
	}
	f.calls = append(f.calls, method+" "+path)
	if f.away {
		return 0, nil, &dom.Exception{Name: dom.TypeError, Message: "NetworkError when attempting to fetch resource."}
	}
	switch path {
	case wire.PathConfig:
		return 200, map[string]any{"applicationServerKey": f.key}, nil
	case wire.PathSubscriptions:
		if f.hold != nil {
			<-f.hold
		}
		if f.status != 0 {
			return f.status, f.refuse, nil
		}
		var request wire.SubscribeRequest
		f.remarshal(body, &request)
		if f.gone[request.Endpoint] {
			return 410, map[string]any{"code": "endpoint-gone", "detail": "dead"}, nil
		}
		f.stored[request.Endpoint] = request
		if f.answered != nil {
			f.answered()
		}
		channels := []any{}
		if request.Channels != nil {
			for _, channel := range *request.Channels {
				channels = append(channels, channel)
			}
		}
		return 201, map[string]any{"id": "id-" + request.Endpoint, "channels": channels}, nil
	case wire.PathSubscriptionsRemove:
		var request wire.RemoveRequest
		f.remarshal(body, &request)
		delete(f.stored, request.Endpoint)
		return 204, nil, nil
	}
	return 404, nil, nil
}

func (f *fake) remarshal(tree, dst any) {
	text, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(text, dst)
	}
	if err != nil {
		f.t.Error(err)
	}
}

// check compares what browser, server and record agree on.
func (f *fake) check(state Subscription, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("error %v", err)
	}
	if !state.Subscribed || f.subscription == nil || state.Endpoint != f.subscription.endpoint {
		f.t.Fatalf("state %+v, browser %+v", state, f.subscription)
	}
	request, ok := f.stored[state.Endpoint]
	if !ok || request.ApplicationServerKey != f.subscription.key || request.Keys.Auth != "a" || request.Keys.P256dh != "p" {
		f.t.Fatalf("the server has %+v", f.stored)
	}
	r := f.record
	if r.Endpoint != state.Endpoint || r.ApplicationServerKey != f.subscription.key || r.ID != state.ID ||
		!r.Wanted || r.Pending || r.WantedChannels != nil || r.Removing != "" || r.Server != server {
		f.t.Fatalf("record %+v", *r)
	}
}

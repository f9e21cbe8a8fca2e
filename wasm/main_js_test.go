package main

import (
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/client"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

// page starts the program as the loader does and returns what it hands over.
func page(t *testing.T) safejs.Value {
	t.Helper()
	eval(t, "globalThis.pushkitClient = (client) => { globalThis.handedOver = client }")
	if err := start(); err != nil {
		t.Fatal(err)
	}
	handed := eval(t, "globalThis.handedOver")
	eval(t, "delete globalThis.pushkitClient, delete globalThis.handedOver")
	return handed
}

// rejectedWith calls a method and returns code and detail of its rejection.
func rejectedWith(t *testing.T, handed safejs.Value, method, args string) (code wire.Code, detail string) {
	t.Helper()
	_, err := dom.CallAsync(limit(t), handed, method, eval(t, args))
	reason, ok := dom.Thrown(err)
	if !ok {
		t.Fatalf("%s(%s): error %v", method, args, err)
	}
	return wire.Code(dom.StringMember(reason, "code")), dom.StringMember(reason, "detail")
}

// Whatever the page passes, the promise is rejected with a code of the list.
func TestMethodsRejectWithCode(t *testing.T) {
	handed := page(t)
	for args, detail := range map[string]string{
		"undefined":                      "server is missing",
		"({})":                           "server is missing",
		"({server: 7})":                  "server must be a string, not the number 7",
		"({server: 's', channels: {}})":  "channels must be a list, not an object",
		"({get server() { throw 'a' }})": "Error: a",
		"({server: 1n})":                 "",
	} {
		for _, method := range []string{"subscribe", "change", "unsubscribe", "forget", "sync"} {
			code, got := rejectedWith(t, handed, method, args)
			if code != wire.InvalidOption || detail != "" && got != detail {
				t.Errorf("%s(%s): code %s, detail %q", method, args, code, got)
			}
		}
	}
}

// The loader's promise of the permission decides, also where it is rejected.
func TestSubscribeAwaitsThePermission(t *testing.T) {
	handed := page(t)
	granted := eval(t, "Object.getOwnPropertyDescriptor(Notification, 'permission')")
	eval(t, "Object.defineProperty(Notification, 'permission', {value: 'default'})")
	t.Cleanup(func() {
		_, _ = dom.CallGlobal("Object", "defineProperty", eval(t, "Notification"), "permission", granted)
	})
	const base = "({server: 'https://push.example.com', serviceWorker: location.origin + '/sw.js', scope: location.origin + '/p/', "
	for args, want := range map[string]wire.Code{
		"permission: Promise.resolve('denied')})":                  wire.PermissionDenied,
		"permission: Promise.resolve('default')})":                 wire.PermissionDismissed,
		"permission: Promise.resolve('default'), gesture: false})": wire.NoUserGesture,
		"permission: Promise.reject(new TypeError('x'))})":         wire.Unexpected,
	} {
		if code, _ := rejectedWith(t, handed, "subscribe", base+args); code != want {
			t.Errorf("%s: code %s", args, code)
		}
	}
}

// With a real browser and no server, the browser is subscribed, the wish is
// kept, and the error says what is away.
func TestSubscribeWithoutServer(t *testing.T) {
	needPushService(t)
	handed := page(t)
	scope := origin(t) + "/offline/"
	// Port 9 is one that browsers refuse.
	args := "({server: 'http://localhost:9', serviceWorker: location.origin + '/testdata/pong-sw.js', scope: '" + scope +
		"', applicationServerKey: '" + applicationServerKey + "', channels: ['news']})"
	code, _ := rejectedWith(t, handed, "subscribe", args)
	if code != wire.ServerUnreachable {
		t.Errorf("code %s", code)
	}
	registration, err := serviceworker.GetRegistration(limit(t), scope)
	if err != nil || registration == nil || registration.Scope() != scope {
		t.Fatalf("registration %v, error %v", registration, err)
	}
	manager, err := registration.PushManager()
	if err != nil {
		t.Fatal(err)
	}
	if subscription, err := manager.GetSubscription(limit(t)); err != nil || subscription == nil {
		t.Errorf("subscription %v, error %v", subscription, err)
	}
	record, err := client.NewBrowser().Record(limit(t), scope)
	if err != nil || record == nil || !record.Wanted || !record.Pending || (*record.WantedChannels)[0] != "news" {
		t.Errorf("record %+v, error %v", record, err)
	}

	state, err := dom.CallAsync(limit(t), handed, "unsubscribe", eval(t, args))
	if err != nil {
		t.Fatal(err)
	}
	if subscribed, _ := dom.Member(state, "subscribed"); subscribed.Type() != safejs.TypeBoolean {
		t.Errorf("subscribed is a %v", subscribed.Type())
	}
	if subscription, err := manager.GetSubscription(limit(t)); err != nil || subscription != nil {
		t.Errorf("after unsubscribe: subscription %v, error %v", subscription, err)
	}
	if _, err := registration.Unregister(limit(t)); err != nil {
		t.Error(err)
	}
}

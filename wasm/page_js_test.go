package main

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/permissions"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

// What a registration shows is listed with all its members, until it is closed.
func TestNotificationOfARegistration(t *testing.T) {
	registration := register(t, "/sw.js", "/notifications/")
	silent := true
	options := notification.Options{
		Dir: notification.RightToLeft, Lang: "ar", Body: "body", Tag: "tag", Icon: "/icon.png", Silent: &silent,
		Renotify: true, RequireInteraction: true, Timestamp: 1700000000000, Data: map[string]any{"n": 7.0},
		Actions: []notification.Action{{Action: "a", Title: "A"}},
	}
	if err := registration.ShowNotification(limit(t), "title", options); err != nil {
		t.Fatal(err)
	}
	if err := registration.ShowNotification(limit(t), "other", notification.Options{}); err != nil {
		t.Fatal(err)
	}
	if all, err := registration.GetNotifications(limit(t), ""); err != nil || len(all) != 2 {
		t.Errorf("%d notifications, error %v", len(all), err)
	}
	shown, err := registration.GetNotifications(limit(t), "tag")
	if err != nil || len(shown) != 1 {
		t.Fatalf("%d notifications of the tag, error %v", len(shown), err)
	}
	n := shown[0]
	if n.Title() != "title" || n.Body() != "body" || n.Tag() != "tag" || n.Lang() != "ar" || n.Dir() != notification.RightToLeft ||
		n.Icon() != origin(t)+"/icon.png" || !n.RequireInteraction() {
		t.Errorf("title %q, body %q, tag %q, lang %q, dir %q, icon %q", n.Title(), n.Body(), n.Tag(), n.Lang(), n.Dir(), n.Icon())
	}
	if silent := n.Silent(); silent == nil || !*silent {
		t.Errorf("silent %v", silent)
	}
	data, err := n.Data()
	if object, ok := data.(map[string]any); err != nil || !ok || object["n"] != 7.0 {
		t.Errorf("data %v, error %v", data, err)
	}
	// A browser that shows no actions keeps none.
	actions, err := n.Actions()
	if err != nil || len(actions) > 0 && actions[0] != options.Actions[0] || len(actions) > notification.MaxActions() {
		t.Errorf("actions %v of %d, error %v", actions, notification.MaxActions(), err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	// Firefox lists it until the system has taken it away.
	for ctx := limit(t); ; {
		left, err := registration.GetNotifications(ctx, "tag")
		if err != nil {
			t.Fatalf("%d notifications after close, error %v", len(left), err)
		}
		if len(left) == 0 {
			return
		}
	}
}

// A page's own notification tells when it is shown and when it is closed.
func TestNotificationOfThePage(t *testing.T) {
	n, err := notification.New("title", notification.Options{Body: "body"})
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 8)
	for name, on := range map[string]func(func()) (func(), error){"show": n.OnShow, "close": n.OnClose, "error": n.OnError, "click": n.OnClick} {
		remove, err := on(func() { events <- name })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(remove)
	}
	await := func(want string) {
		t.Helper()
		select {
		case got := <-events:
			if got != want {
				t.Errorf("event %s, want %s", got, want)
			}
		case <-limit(t).Done():
			t.Errorf("no event %s", want)
		}
	}
	await("show")
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	await("close")
}

// A permission's name and state are told, and a listener for its changes comes
// and goes.
func TestPermissionStatus(t *testing.T) {
	// The person cannot be made to decide anew here: the page does it.
	eval(t, `(() => {
		const query = Permissions.prototype.query;
		Permissions.prototype.query = async function (...args) {
			Permissions.prototype.query = query;
			return (globalThis.queried = await query.apply(this, args));
		};
	})()`)
	status, err := permissions.QueryStatus(limit(t), permissions.Descriptor{Name: "notifications"})
	if err != nil || status.State() != permissions.Granted || status.Name() != "notifications" {
		t.Fatalf("status %v, error %v", status, err)
	}
	changes := 0
	remove, err := status.OnChange(func() { changes++ })
	if err != nil {
		t.Fatal(err)
	}
	eval(t, "queried.dispatchEvent(new Event('change'))")
	remove()
	eval(t, "queried.dispatchEvent(new Event('change')), delete globalThis.queried")
	if changes != 1 {
		t.Errorf("%d changes", changes)
	}
}

// The container lists what is registered, and hears its workers.
func TestContainer(t *testing.T) {
	registration, err := serviceworker.RegisterWithOptions(limit(t), "/testdata/pong-sw.js", serviceworker.RegistrationOptions{
		Scope: "/container/", UpdateViaCache: serviceworker.None,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = registration.Unregister(context.Background()) })
	states := make(chan serviceworker.State, 8)
	worker := registration.Installing()
	if worker != nil {
		remove, err := worker.OnStateChange(func() { states <- worker.State() })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(remove)
	}
	if _, err := registration.AwaitActive(limit(t)); err != nil {
		t.Fatal(err)
	}
	if worker != nil {
		if state := <-states; state != serviceworker.Installed && state != serviceworker.Activating && state != serviceworker.Activated {
			t.Errorf("state %s", state)
		}
	}
	if registration.UpdateViaCache() != serviceworker.None {
		t.Errorf("updateViaCache %s", registration.UpdateViaCache())
	}
	if err := registration.Update(limit(t)); err != nil {
		t.Error(err)
	}
	all, err := serviceworker.GetRegistrations(limit(t))
	if err != nil || !slices.ContainsFunc(all, func(r *serviceworker.Registration) bool { return r.Scope() == registration.Scope() }) {
		t.Errorf("%d registrations, error %v", len(all), err)
	}
	// This page is in no registration's scope.
	if controller := serviceworker.Controller(); controller != nil {
		t.Errorf("controller %s", controller.ScriptURL())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := serviceworker.Ready(ctx); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	if err := serviceworker.StartMessages(); err != nil {
		t.Error(err)
	}
}

// A worker's message arrives with its sender.
func TestMessageOfAWorker(t *testing.T) {
	worker := register(t, "/testdata/echo-sw.js", "/echo/").Active()
	type message struct {
		text   string
		source *serviceworker.Worker
	}
	messages := make(chan message, 1)
	remove, err := serviceworker.OnMessage(func(data safejs.Value, source *serviceworker.Worker) {
		messages <- message{dom.StringMember(data, "echo"), source}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	if err := worker.PostMessage(map[string]any{"echo": "hello"}); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-messages:
		if m.text != "hello" || m.source == nil || m.source.ScriptURL() != worker.ScriptURL() {
			t.Errorf("message %+v", m)
		}
	case <-limit(t).Done():
		t.Error("no message")
	}
}

// What is new in Declarative Web Push is an error with a name elsewhere.
func TestPushManagerOfTheWindow(t *testing.T) {
	if !slices.Contains(push.SupportedContentEncodings(), "aes128gcm") {
		t.Errorf("encodings %v", push.SupportedContentEncodings())
	}
	manager, err := push.WindowManager()
	if manager == nil && !errors.Is(err, dom.NotSupportedError) {
		t.Errorf("error %v", err)
	}
}

package serviceworker

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Registration is a ServiceWorkerRegistration. See
// https://www.w3.org/TR/service-workers/#serviceworkerregistration-interface.
type Registration struct {
	value safejs.Value
}

// Scope returns the URL that every page which the worker controls begins with.
func (r *Registration) Scope() string { return dom.StringMember(r.value, "scope") }

// Installing returns the worker that is being installed, or nil.
func (r *Registration) Installing() *Worker { return r.worker("installing") }

// Waiting returns the worker that is installed and waits for the active one's
// pages to close, or nil.
func (r *Registration) Waiting() *Worker { return r.worker("waiting") }

// Active returns the worker that gets events, or nil.
func (r *Registration) Active() *Worker { return r.worker("active") }

// PushManager returns the registration's push manager, or a
// [dom.NotSupportedError] where the browser has no Push API. See
// https://www.w3.org/TR/push-api/#extensions-to-the-serviceworkerregistration-interface.
func (r *Registration) PushManager() (*push.Manager, error) {
	value, ok := dom.Member(r.value, "pushManager")
	if !ok {
		return nil, dom.Unsupported("PushManager")
	}
	return push.NewManager(value), nil
}

// UpdateViaCache returns where the HTTP cache may answer.
func (r *Registration) UpdateViaCache() UpdateViaCache {
	return UpdateViaCache(dom.StringMember(r.value, "updateViaCache"))
}

// Update lets the browser look for a new version of the worker's script now. A
// script that cannot be loaded is a [dom.TypeError]. See
// https://www.w3.org/TR/service-workers/#service-worker-registration-update.
func (r *Registration) Update(ctx dom.Context) error {
	_, err := dom.CallAsync(ctx, r.value, "update")
	return err
}

// OnUpdateFound calls handle when a new version is being installed, until remove
// is called; handle must not block. See
// https://www.w3.org/TR/service-workers/#dom-serviceworkerregistration-onupdatefound.
func (r *Registration) OnUpdateFound(handle func()) (remove func(), err error) {
	return dom.Listen(r.value, "updatefound", func(safejs.Value) { handle() })
}

// ShowNotification shows a notification whose events the worker hears, also
// when the page is gone. It is a [dom.TypeError] without the permission or an
// active worker. See
// https://notifications.spec.whatwg.org/#dom-serviceworkerregistration-shownotification.
func (r *Registration) ShowNotification(ctx dom.Context, title string, options notification.Options) error {
	dictionary, err := webidl.ToJS(options)
	if err != nil {
		return err
	}
	_, err = dom.CallAsync(ctx, r.value, "showNotification", title, dictionary)
	return err
}

// GetNotifications returns the registration's notifications that are shown, in
// the order in which they were: all, or those of one tag if tag is not empty.
// See
// https://notifications.spec.whatwg.org/#dom-serviceworkerregistration-getnotifications.
func (r *Registration) GetNotifications(ctx dom.Context, tag string) ([]*notification.Notification, error) {
	filter := map[string]any{}
	if tag != "" {
		filter["tag"] = tag
	}
	value, err := dom.CallAsync(ctx, r.value, "getNotifications", filter)
	if err != nil {
		return nil, err
	}
	var shown []*notification.Notification
	err = each(value, func(one safejs.Value) { shown = append(shown, notification.FromJS(one)) })
	return shown, err
}

// Unregister ends the registration and its push subscription. See
// https://www.w3.org/TR/service-workers/#navigator-service-worker-unregister.
func (r *Registration) Unregister(ctx dom.Context) (bool, error) {
	value, err := dom.CallAsync(ctx, r.value, "unregister")
	if err != nil {
		return false, err
	}
	return value.Bool()
}

// AwaitActive returns the active worker, which it waits for while one is being
// installed. If none is, or if the last one fails, that is a
// [dom.InvalidStateError]. It is not part of the API, whose ready promise
// belongs to the page's own scope and never settles where an installation
// fails.
func (r *Registration) AwaitActive(ctx dom.Context) (*Worker, error) {
	changed := make(chan struct{}, 1)
	for {
		if active := r.Active(); active != nil {
			return active, nil
		}
		next := r.Waiting()
		if next == nil {
			next = r.Installing()
		}
		if next == nil {
			return nil, &dom.Exception{Name: dom.InvalidStateError, Message: "no service worker could be installed for " + r.Scope()}
		}
		remove, err := dom.Listen(next.value, "statechange", func(safejs.Value) {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		remove()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func (r *Registration) worker(member string) *Worker {
	value, ok := dom.Member(r.value, member)
	if !ok {
		return nil
	}
	return &Worker{value}
}

// Package client brings a browser to a push subscription that the server has,
// and keeps it so: it asks for permission, registers the service worker,
// subscribes, tells the server, and repairs what was lost.
//
// What is wanted is written down first, in the [wire.Record] that page and
// service worker share in IndexedDB, so that whatever is interrupted is finished
// by the next Sync. All methods may be called again at any time, from any
// number of tabs.
//
// The package knows the browser through [Browser] only.
package client

import (
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

// A Client acts for one page.
type Client struct {
	browser *Browser
}

// New returns the client of a browser's page.
func New(browser *Browser) *Client { return &Client{browser} }

// State is how a call left the subscription.
type State struct {
	// Subscribed is true if the server has confirmed the browser's
	// subscription; the other members are then as it confirmed them, and
	// otherwise empty.
	Subscribed bool     `json:"subscribed"`
	Endpoint   string   `json:"endpoint"`
	ID         string   `json:"id"`
	Channels   []string `json:"channels"`
}

// Subscribe ends in a subscription that the server has, or in an *[Error]. It
// asks for permission where that was not given yet, for which it must be called
// within a click. If the server cannot be reached, the wish is kept: Sync
// fulfils it later.
func (c *Client) Subscribe(ctx dom.Context, options Options, prompt Prompt) (State, error) {
	if err := options.validate(); err != nil {
		return State{}, err
	}
	// Before anything else is awaited, for the click's sake, and outside the
	// lock, since a person may take any time.
	if err := c.askPermission(ctx, prompt); err != nil {
		return State{}, err
	}
	return c.exclusively(ctx, options, func(ctx dom.Context) (State, error) {
		return c.establish(ctx, &options)
	})
}

// Change changes a subscription that the person has: its channels, and by
// UserToken whose it is. It asks nobody; where there is no subscription it fails
// with wire.NotSubscribed. If the server cannot be reached, channels are kept:
// Sync tells them later. A user token is not, since it lives for an hour.
func (c *Client) Change(ctx dom.Context, options Options) (State, error) {
	return c.resume(ctx, options, &Error{Code: wire.NotSubscribed})
}

// Unsubscribe ends the subscription in the browser and on the server. If the
// server cannot be reached, that is not an error: nothing can be sent any more,
// and Sync tells it later.
func (c *Client) Unsubscribe(ctx dom.Context, options Options) (State, error) {
	return c.exclusively(ctx, options, func(ctx dom.Context) (State, error) {
		return State{}, c.end(ctx, &options)
	})
}

// Forget ends the subscription as Unsubscribe does, and then removes what is
// stored in the browser. If the server cannot be told, it fails with
// wire.ServerUnreachable: what is left is the endpoint that Sync, or Forget once
// more, tells it.
func (c *Client) Forget(ctx dom.Context, options Options) (State, error) {
	return c.exclusively(ctx, options, func(ctx dom.Context) (State, error) {
		if err := c.end(ctx, &options); err != nil {
			return State{}, err
		}
		record, err := c.record(ctx, options.Scope)
		if err != nil || record == nil {
			return State{}, err
		}
		if record.Removing != "" {
			return State{}, &Error{Code: wire.ServerUnreachable}
		}
		ctx, cancel := within(ctx, wire.StorageTimeout)
		defer cancel()
		return State{}, coded(wire.StorageFailed, c.browser.DeleteRecord(ctx, options.Scope))
	})
}

// Sync finishes what an earlier call or the service worker could not: it tells
// the server of a subscription that ended, and restores one that is wanted and
// missing in the browser or on the server. It asks the person nothing and does
// nothing for one who never subscribed.
func (c *Client) Sync(ctx dom.Context, options Options) (State, error) {
	return c.resume(ctx, options, nil)
}

// resume goes on with what the person wants; unwanted is the error for one who
// wants nothing.
func (c *Client) resume(ctx dom.Context, options Options, unwanted error) (State, error) {
	return c.exclusively(ctx, options, func(ctx dom.Context) (State, error) {
		record, err := c.record(ctx, options.Scope)
		if err != nil || record == nil {
			if err == nil {
				err = unwanted
			}
			return State{}, err
		}
		permission, err := c.browser.Permission()
		if err != nil {
			return State{}, coded(wire.NoPushManager, err)
		}
		if !record.Wanted || permission != notification.Granted {
			if unwanted != nil {
				return State{}, unwanted
			}
			return State{}, c.finishRemoving(ctx, options.Scope, record)
		}
		options.keep(record)
		if err := options.change(record); err != nil {
			return State{}, err
		}
		return c.establish(ctx, &options)
	})
}

// exclusively runs do, if the options are valid, while no other call on the same scope runs, in this tab
// or another.
func (c *Client) exclusively(ctx dom.Context, options Options, do func(dom.Context) (State, error)) (State, error) {
	if err := options.validate(); err != nil {
		return State{}, err
	}
	waiting, cancel := within(ctx, wire.LockTimeout)
	defer cancel()
	var state State
	err := c.browser.Request(waiting, "pushkit:"+options.Scope, func(dom.Context) error {
		cancel()
		var err error
		state, err = do(ctx)
		return err
	})
	if err != nil {
		return State{}, coded(wire.Unexpected, err)
	}
	return state, nil
}

func (c *Client) askPermission(ctx dom.Context, prompt Prompt) error {
	permission, err := c.browser.Permission()
	if err != nil {
		return coded(wire.NoPushManager, err)
	}
	if permission != notification.Granted && prompt.Answer != nil {
		if permission, err = prompt.Answer(ctx); err != nil {
			return coded(wire.Unexpected, err)
		}
	} else if permission == notification.Default {
		if permission, err = c.browser.RequestPermission(ctx); err != nil {
			return coded(wire.Unexpected, err)
		}
	}
	if permission == notification.Denied && prompt.NoGesture {
		// WebKit answers so without a gesture, though nobody was asked and the
		// question stays open.
		if now, err := c.browser.Permission(); err == nil && now == notification.Default {
			permission = now
		}
	}
	switch {
	case permission == notification.Granted:
		return nil
	case permission == notification.Denied:
		return &Error{Code: wire.PermissionDenied}
	case prompt.NoGesture:
		return &Error{Code: wire.NoUserGesture}
	default:
		return &Error{Code: wire.PermissionDismissed}
	}
}

func (c *Client) record(ctx dom.Context, scope string) (*wire.Record, error) {
	ctx, cancel := within(ctx, wire.StorageTimeout)
	defer cancel()
	record, err := c.browser.Record(ctx, scope)
	return record, coded(wire.StorageFailed, err)
}

func (c *Client) update(ctx dom.Context, scope string, change func(*wire.Record)) (wire.Record, error) {
	ctx, cancel := within(ctx, wire.StorageTimeout)
	defer cancel()
	record, err := c.browser.UpdateRecord(ctx, scope, change)
	return record, coded(wire.StorageFailed, err)
}

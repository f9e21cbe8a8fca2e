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
)

// A Client acts for one page.
type Client struct {
	browser *Browser
	// passed hears of each step from a state to the next; nil: nobody does.
	passed func(from, to State)
}

// New returns the client of a browser's page.
func New(browser *Browser) *Client { return &Client{browser: browser} }

// A Subscription is the browser's as the server has confirmed it.
type Subscription struct {
	// Subscribed is true if there is one; the other members are empty otherwise.
	Subscribed bool     `json:"subscribed"`
	Endpoint   string   `json:"endpoint"`
	ID         string   `json:"id"`
	Channels   []string `json:"channels"`
}

// Subscribe ends in a subscription that the server has, or in an *[Error]. It
// asks for permission where that was not given yet, for which it must be called
// within a click. If the server cannot be reached, the wish is kept: Sync
// fulfils it later.
func (c *Client) Subscribe(ctx dom.Context, options Options, prompt Prompt) (Subscription, error) {
	if err := options.validate(); err != nil {
		return Subscription{}, err
	}
	call := &call{Client: c, options: options, prompt: prompt}
	// Before anything else is awaited, for the click's sake, and outside the
	// lock, since a person may take any time.
	if _, err := call.walk(ctx, Default, Granted); err != nil {
		return Subscription{}, err
	}
	_, err := call.exclusively(ctx, Granted)
	return call.confirmed, err
}

// Change changes a subscription that the person has: its channels, and by
// UserToken whose it is. It asks nobody; where there is no subscription it fails
// with wire.NotSubscribed. If the server cannot be reached, channels are kept:
// Sync tells them later. A user token is not, since it lives for an hour.
func (c *Client) Change(ctx dom.Context, options Options) (Subscription, error) {
	call := &call{Client: c, options: options}
	at, err := call.exclusively(ctx, Resuming)
	if at&(Unsubscribed|Revoked|Untold) != 0 {
		err = &Error{Code: wire.NotSubscribed}
	}
	return call.confirmed, err
}

// Sync finishes what an earlier call or the service worker could not: it tells
// the server of a subscription that ended, and restores one that is wanted and
// missing in the browser or on the server. It asks the person nothing and does
// nothing for one who never subscribed.
func (c *Client) Sync(ctx dom.Context, options Options) (Subscription, error) {
	call := &call{Client: c, options: options}
	_, err := call.exclusively(ctx, Resuming)
	return call.confirmed, err
}

// Unsubscribe ends the subscription in the browser and on the server. If the
// server cannot be reached, that is not an error: nothing can be sent any more,
// and Sync tells it later.
func (c *Client) Unsubscribe(ctx dom.Context, options Options) (Subscription, error) {
	call := &call{Client: c, options: options}
	at, err := call.exclusively(ctx, Ending)
	if at == Untold {
		err = nil
	}
	return call.confirmed, err
}

// Forget ends the subscription as Unsubscribe does, and then removes what is
// stored in the browser. If the server cannot be told, it fails with
// wire.ServerUnreachable: what is left is the endpoint that Sync, or Forget once
// more, tells it. Likewise where the browser does not end its own, with the
// browser's error; and of one that may be another's it is left that none is wanted.
func (c *Client) Forget(ctx dom.Context, options Options) (Subscription, error) {
	call := &call{Client: c, options: options, forgets: true}
	at, err := call.exclusively(ctx, Ending)
	if at == Untold {
		err = &Error{Code: wire.ServerUnreachable}
	}
	return call.confirmed, err
}

// exclusively goes from a state to where the call rests, if the options are
// valid, while no other call on the same scope runs, in this tab or another.
func (c *call) exclusively(ctx dom.Context, from State) (at State, err error) {
	if err := c.options.validate(); err != nil {
		return 0, err
	}
	waiting, cancel := within(ctx, wire.LockTimeout)
	defer cancel()
	err = c.browser.Request(waiting, "pushkit:"+c.options.Scope, func(dom.Context) error {
		cancel()
		var err error
		at, err = c.walk(ctx, from, 0)
		return err
	})
	return at, coded(wire.Unexpected, err)
}

func (c *call) read(ctx dom.Context) (*wire.Record, error) {
	ctx, cancel := within(ctx, wire.StorageTimeout)
	defer cancel()
	record, err := c.browser.Record(ctx, c.options.Scope)
	return record, coded(wire.StorageFailed, err)
}

// update changes what is stored and reads it anew.
func (c *call) update(ctx dom.Context, change func(*wire.Record)) error {
	ctx, cancel := within(ctx, wire.StorageTimeout)
	defer cancel()
	record, err := c.browser.UpdateRecord(ctx, c.options.Scope, change)
	c.record = record
	return coded(wire.StorageFailed, err)
}

package client

import (
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
)

// end is Ending's.
func (c *call) end(ctx dom.Context) (State, error) {
	ours, err := c.ours(ctx)
	if err != nil {
		return 0, err
	}
	record, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	if record == nil && c.subscription == nil {
		return Unsubscribed, nil
	}
	err = c.update(ctx, func(record *wire.Record) {
		removing := record.Endpoint
		if ours {
			removing = c.subscription.Endpoint
		}
		if removing == "" {
			removing = record.Removing
		}
		if record.Server == "" {
			record.Server = c.options.Server
		}
		// The server's address stays: notifications that are still shown report
		// their clicks to it.
		*record = wire.Record{Server: record.Server, Removing: removing}
	})
	if err != nil {
		return 0, err
	}
	return c.rest()
}

// rest returns what is left to do, or where a call rests that has done all.
func (c *call) rest() (State, error) {
	switch {
	case c.record.Removing != "":
		return Removing, nil
	case c.confirmed.Subscribed:
		return Subscribed, nil
	case c.record.Wanted:
		return Revoked, nil
	case c.forgets:
		return Forgetting, nil
	}
	return Unsubscribed, nil
}

// remove is Removing's: it does what an Unsubscribe has left in the browser,
// which may have failed to, and on the server.
func (c *call) remove(ctx dom.Context) (State, error) {
	removing := c.record.Removing
	inBrowser := c.endInBrowser(ctx, removing)
	err := c.speak(ctx, "POST", c.record.Server+wire.PathSubscriptionsRemove, wire.RemoveRequest{Endpoint: removing}, nil)
	if err == nil && c.forgets && inBrowser != nil {
		return 0, inBrowser
	}
	if err == nil {
		err = c.update(ctx, func(record *wire.Record) {
			if record.Removing == removing {
				record.Removing = ""
			}
		})
	}
	// One of the two is enough for nothing to be shown any more. Forgetting needs
	// the browser's: what it has and nothing tells of would be taken up again.
	switch {
	case err == nil:
		return c.rest()
	case c.confirmed.Subscribed:
		// What the server cannot be told now, the next Sync tells it.
		return Subscribed, nil
	case inBrowser != nil:
		return 0, inBrowser
	}
	return Untold, err
}

func (c *call) endInBrowser(ctx dom.Context, endpoint string) error {
	if _, err := c.present(ctx); err != nil || c.subscription == nil || c.subscription.Endpoint != endpoint {
		return err
	}
	if err := c.unsubscribe(ctx); err != nil {
		return err
	}
	c.subscription = nil
	return nil
}

// ours finds the browser's subscription and reports whether there is one that
// does not belong to another's service worker.
func (c *call) ours(ctx dom.Context) (bool, error) {
	registration, err := c.present(ctx)
	if err != nil || c.subscription == nil {
		return false, err
	}
	record, err := c.read(ctx)
	if err != nil {
		return false, err
	}
	endpoint := c.subscription.Endpoint
	return record != nil && (record.Endpoint == endpoint || record.Removing == endpoint) || c.isOurs(ctx, registration), nil
}

// present finds registration and subscription as they are, nil where there is
// none.
func (c *call) present(ctx dom.Context) (*Registration, error) {
	registration, err := c.registration(ctx)
	if err != nil || registration == nil {
		return nil, err
	}
	if c.manager, err = registration.PushManager(); err != nil {
		return nil, coded(wire.NoPushManager, err)
	}
	return registration, c.find(ctx)
}

// forget is Forgetting's. Where the browser still has a subscription, which may be
// another's, there stays what Ending has written: that none is wanted.
func (c *call) forget(ctx dom.Context) (State, error) {
	if c.subscription != nil {
		return Unsubscribed, nil
	}
	ctx, cancel := within(ctx, wire.StorageTimeout)
	defer cancel()
	if err := c.browser.DeleteRecord(ctx, c.options.Scope); err != nil {
		return 0, coded(wire.StorageFailed, err)
	}
	return Unsubscribed, nil
}

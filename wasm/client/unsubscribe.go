package client

import (
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
)

// end unsubscribes the browser and tells the server.
func (c *Client) end(ctx dom.Context, options *Options) error {
	subscription, err := c.ourSubscription(ctx, options)
	if err != nil {
		return err
	}
	record, err := c.record(ctx, options.Scope)
	if err != nil || record == nil && subscription == nil {
		return err
	}
	ended, err := c.update(ctx, options.Scope, func(record *wire.Record) {
		removing := record.Endpoint
		if subscription != nil {
			removing = subscription.Endpoint
		}
		if removing == "" {
			removing = record.Removing
		}
		if record.Server == "" {
			record.Server = options.Server
		}
		// The server's address stays: notifications that are still shown report
		// their clicks to it.
		*record = wire.Record{Server: record.Server, Removing: removing}
	})
	if err != nil {
		return err
	}
	var browserErr error
	if subscription != nil {
		browserErr = unsubscribe(ctx, subscription)
	}
	// One of the two is enough for nothing to be shown any more.
	if c.remove(ctx, options.Scope, &ended) != nil {
		return browserErr
	}
	return nil
}

// ourSubscription returns the browser's subscription on our scope, or nil where
// there is none or it belongs to another's service worker.
func (c *Client) ourSubscription(ctx dom.Context, options *Options) (*PushSubscription, error) {
	registration, err := c.registration(ctx, options)
	if err != nil || registration == nil || len(registration.Workers()) == 0 {
		return nil, err
	}
	manager, err := registration.PushManager()
	if err != nil {
		return nil, coded(wire.NoPushManager, err)
	}
	s := &subscriber{manager: manager}
	if err := s.find(ctx); err != nil || s.subscription == nil {
		return nil, err
	}
	record, err := c.record(ctx, options.Scope)
	if err != nil {
		return nil, err
	}
	endpoint := s.subscription.Endpoint
	if record != nil && (record.Endpoint == endpoint || record.Removing == endpoint) ||
		c.isOurs(ctx, registration, options) {
		return s.subscription, nil
	}
	return nil, nil
}

// finishRemoving does what an Unsubscribe has left: in the browser, which may
// have failed to, and on the server.
func (c *Client) finishRemoving(ctx dom.Context, scope string, record *wire.Record) error {
	if record.Removing == "" {
		return nil
	}
	if err := c.endInBrowser(ctx, scope, record.Removing); err != nil {
		return err
	}
	return c.remove(ctx, scope, record)
}

func (c *Client) endInBrowser(ctx dom.Context, scope, endpoint string) error {
	registration, err := c.registration(ctx, &Options{Scope: scope})
	if err != nil || registration == nil {
		return err
	}
	manager, err := registration.PushManager()
	if err != nil {
		return coded(wire.NoPushManager, err)
	}
	s := &subscriber{manager: manager}
	if err := s.find(ctx); err != nil || s.subscription == nil || s.subscription.Endpoint != endpoint {
		return err
	}
	return s.unsubscribe(ctx)
}

// remove tells the server that record.Removing has ended, and forgets it.
func (c *Client) remove(ctx dom.Context, scope string, record *wire.Record) error {
	if record.Removing == "" {
		return nil
	}
	removing := record.Removing
	request := wire.RemoveRequest{Endpoint: removing}
	if err := c.call(ctx, "POST", record.Server+wire.PathSubscriptionsRemove, request, nil); err != nil {
		return err
	}
	_, err := c.update(ctx, scope, func(record *wire.Record) {
		if record.Removing == removing {
			record.Removing = ""
		}
	})
	return err
}

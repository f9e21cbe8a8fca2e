package client

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
)

// resume is Resuming's.
func (c *call) resume(ctx dom.Context) (State, error) {
	record, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	permission, err := c.permission()
	if err != nil {
		return 0, err
	}
	if record == nil {
		if _, err := c.present(ctx); err != nil {
			return 0, err
		}
		if c.subscription == nil || permission != notification.Granted {
			return Unsubscribed, nil
		}
		return Unrecorded, nil
	}
	c.record = *record
	if !record.Wanted || permission != notification.Granted {
		return c.rest()
	}
	c.options.keep(record)
	return Granted, c.options.change(record)
}

// prepare is Granted's.
func (c *call) prepare(ctx dom.Context) (State, error) {
	// First of all: the worker learns the server's address from the record, and
	// whatever is interrupted from here on is pending. A subscription that was
	// confirmed stays so, also while the server has other channels of it.
	err := c.update(ctx, func(record *wire.Record) {
		record.Pending = !record.Wanted || record.Pending || record.Server != c.options.Server
		record.Server = c.options.Server
		record.Wanted = true
		if c.options.Channels != nil {
			record.WantedChannels = c.options.Channels
		}
	})
	if err != nil {
		return 0, err
	}

	// The key is fetched while the worker is installed.
	fetched := make(chan error, 1)
	go func() { fetched <- c.fetchKey(ctx) }()
	registration, err := c.ensureWorker(ctx)
	if err != nil {
		return 0, err
	}
	if c.manager, err = registration.PushManager(); err != nil {
		return 0, coded(wire.NoPushManager, err)
	}
	return Matching, <-fetched
}

// adopt is Unrecorded's.
func (c *call) adopt(ctx dom.Context) (State, error) {
	key, err := c.subscription.ApplicationServerKey()
	if key != nil && err == nil {
		if err := c.fetchKey(ctx); err != nil {
			return 0, err
		}
		if formatKey(key) == c.key {
			ours, err := c.ours(ctx)
			if err != nil {
				return 0, err
			}
			if ours {
				return Granted, nil
			}
			// Its worker, which may be slow today, is asked again at the next visit.
			return Unsubscribed, nil
		}
	}
	// It is another's. Without a word of it the next visit would look again.
	return Unsubscribed, c.update(ctx, func(record *wire.Record) { record.Server = c.options.Server })
}

// match is Matching's.
func (c *call) match(ctx dom.Context) (State, error) {
	if err := c.find(ctx); err != nil {
		return 0, err
	}
	if c.subscription == nil {
		if c.record.Endpoint != "" {
			return Lost, nil
		}
		return Subscribing, nil
	}
	key, err := c.subscription.ApplicationServerKey()
	switch {
	case err != nil:
		return 0, coded(wire.Unexpected, err)
	case isPermanentlyRemoved(c.subscription):
		return EndpointRemoved, nil
	case key != nil && formatKey(key) != c.key:
		return KeyChanged, nil
	case c.record.Endpoint != "" && c.record.Endpoint != c.subscription.Endpoint:
		return Moved, nil
	case key == nil:
		// A browser that does not tell the key finds out by itself.
		return Subscribing, nil
	}
	return Syncing, nil
}

// follow is that of Lost and Moved.
func (c *call) follow(dom.Context) (State, error) {
	c.replaces = c.record.Endpoint
	return Subscribing, nil
}

// makeRoom is KeyChanged's. What an earlier repair has found is followed still.
func (c *call) makeRoom(ctx dom.Context) (State, error) {
	c.replaces = cmp.Or(c.replaces, c.record.Endpoint, c.subscription.Endpoint)
	return Subscribing, c.unsubscribe(ctx)
}

// findAndMakeRoom is KeyRefused's.
func (c *call) findAndMakeRoom(ctx dom.Context) (State, error) {
	if err := c.find(ctx); err != nil || c.subscription == nil {
		return Subscribing, err
	}
	return c.makeRoom(ctx)
}

// waitForAnother is EndpointRemoved's. Chrome hands such endpoints out for a
// moment after an unsubscribe, such as an earlier repair's.
func (c *call) waitForAnother(ctx dom.Context) (State, error) {
	c.replaces = cmp.Or(c.replaces, c.record.Endpoint)
	if err := c.unsubscribe(ctx); err != nil {
		return 0, err
	}
	delay, cancel := within(ctx, wire.SubscribeDelay)
	defer cancel()
	<-delay.Done()
	return Subscribing, nil
}

// replace is EndpointGone's.
func (c *call) replace(ctx dom.Context) (State, error) {
	c.replaces = c.subscription.Endpoint
	return Subscribing, c.unsubscribe(ctx)
}

// subscribe is Subscribing's.
func (c *call) subscribe(ctx dom.Context) (State, error) {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	subscription, err := c.manager.Subscribe(ctx, push.SubscriptionOptionsInit{
		UserVisibleOnly:      true,
		ApplicationServerKey: c.key,
	})
	c.subscription = subscription
	if errors.Is(err, dom.InvalidStateError) {
		return KeyRefused, subscribeError(err)
	}
	if err != nil {
		return 0, subscribeError(err)
	}
	if isPermanentlyRemoved(subscription) {
		if c.attempts++; c.attempts >= wire.SubscribeAttempts {
			return 0, &Error{Code: wire.PushServiceUnreachable, Detail: "the browser gives endpoints of " + wire.PermanentlyRemovedHost}
		}
		return EndpointRemoved, nil
	}
	return Syncing, nil
}

// tell is Syncing's: it posts the browser's subscription and writes down what the
// server answered.
func (c *call) tell(ctx dom.Context) (State, error) {
	response, err := c.post(ctx)
	if CodeOf(err) == wire.EndpointGone {
		return EndpointGone, err
	}
	if err != nil {
		if refuses(err, "channels") {
			// Or every Sync from now on would fail on them.
			_ = c.update(ctx, func(record *wire.Record) { record.WantedChannels = nil })
		}
		return 0, err
	}
	endpoint := c.subscription.Endpoint
	err = c.update(ctx, func(record *wire.Record) {
		record.Endpoint = endpoint
		record.ApplicationServerKey = c.key
		record.ID = response.ID
		record.Channels = response.Channels
		record.WantedChannels = nil
		record.Pending = false
		if record.Removing == endpoint {
			// A person came back before the server had heard of their going.
			record.Removing = ""
		}
	})
	if err != nil {
		return 0, err
	}
	c.confirmed = Subscription{Subscribed: true, Endpoint: endpoint, ID: response.ID, Channels: response.Channels}
	return c.rest()
}

func (c *call) post(ctx dom.Context) (wire.SubscribeResponse, error) {
	var response wire.SubscribeResponse
	subscription, err := c.subscription.ToJSON()
	if err != nil {
		return response, coded(wire.Unexpected, err)
	}
	replaces := c.replaces
	if replaces == subscription.Endpoint {
		replaces = ""
	}
	channels := c.record.WantedChannels
	if channels == nil && c.record.ID != "" {
		// A server that lost the subscription learns the channels from us.
		channels = &c.record.Channels
	}
	err = c.speak(ctx, "POST", c.options.Server+wire.PathSubscriptions, wire.SubscribeRequest{
		Endpoint:             subscription.Endpoint,
		ExpirationTime:       subscription.ExpirationTime,
		Keys:                 wire.Keys{P256dh: subscription.Keys.P256dh, Auth: subscription.Keys.Auth},
		ApplicationServerKey: c.key,
		Channels:             channels,
		Locale:               c.options.Locale,
		TimeZone:             c.options.TimeZone,
		UserToken:            c.options.UserToken,
		Replaces:             replaces,
	}, &response)
	return response, err
}

// find takes the browser's subscription, nil where there is none.
func (c *call) find(ctx dom.Context) error {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	for patience := wire.LookAgain; ; patience *= 2 {
		subscription, err := c.getSubscription(ctx, patience)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue
		}
		c.subscription = subscription
		return subscribeError(err)
	}
}

// getSubscription asks the browser for its subscription and waits for so many milliseconds.
func (c *call) getSubscription(ctx dom.Context, patience int) (*PushSubscription, error) {
	ctx, cancel := within(ctx, patience)
	defer cancel()
	return c.manager.GetSubscription(ctx)
}

// unsubscribe ends the browser's subscription. One that has ended already is no
// error.
func (c *call) unsubscribe(ctx dom.Context) error {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	_, err := c.subscription.Unsubscribe(ctx)
	return subscribeError(err)
}

func subscribeError(err error) error {
	for _, name := range []error{dom.AbortError, dom.NetworkError, context.DeadlineExceeded} {
		if errors.Is(err, name) {
			return &Error{Code: wire.PushServiceUnreachable, Err: err}
		}
	}
	if errors.Is(err, dom.NotAllowedError) {
		return &Error{Code: wire.PermissionDenied, Err: err}
	}
	return coded(wire.Unexpected, err)
}

func isPermanentlyRemoved(subscription *PushSubscription) bool {
	return strings.HasPrefix(subscription.Endpoint, "https://"+wire.PermanentlyRemovedHost+"/")
}

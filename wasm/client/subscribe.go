package client

import (
	"context"
	"errors"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/push"
)

// establish makes browser and server agree on a subscription, whatever stands
// at its start.
func (c *Client) establish(ctx dom.Context, options *Options) (State, error) {
	// First of all: the worker learns the server's address from the record, and
	// whatever is interrupted from here on is pending. A subscription that was
	// confirmed stays so, also while the server has other channels of it.
	record, err := c.update(ctx, options.Scope, func(record *wire.Record) {
		record.Pending = !record.Wanted || record.Pending || record.Server != options.Server
		record.Server = options.Server
		record.Wanted = true
		if options.Channels != nil {
			record.WantedChannels = options.Channels
		}
	})
	if err != nil {
		return State{}, err
	}

	// The key is fetched while the worker is installed.
	type config struct {
		key string
		err error
	}
	fetched := make(chan config, 1)
	go func() {
		key, err := options.ApplicationServerKey, error(nil)
		if key == "" {
			key, err = c.applicationServerKey(ctx, options.Server)
		}
		fetched <- config{key, err}
	}()
	registration, err := c.ensureWorker(ctx, options)
	if err != nil {
		return State{}, err
	}
	manager, err := registration.PushManager()
	if err != nil {
		return State{}, coded(wire.NoPushManager, err)
	}
	server := <-fetched
	if server.err != nil {
		return State{}, server.err
	}

	s := &subscriber{manager: manager, key: server.key}
	if err := s.subscribe(ctx); err != nil {
		return State{}, err
	}
	return c.tell(ctx, options, record, s)
}

// tell posts the browser's subscription and writes down what the server
// answered. An endpoint that the server knows to be dead, as browsers do not, is
// replaced once.
func (c *Client) tell(ctx dom.Context, options *Options, record wire.Record, s *subscriber) (State, error) {
	replaces := record.Endpoint
	if replaces == "" {
		replaces = s.ended
	}
	response, err := c.post(ctx, options, record, s, replaces)
	if CodeOf(err) == wire.EndpointGone {
		dead := s.subscription.Endpoint
		if err := s.renew(ctx); err != nil {
			return State{}, err
		}
		response, err = c.post(ctx, options, record, s, dead)
	}
	if err != nil {
		if refuses(err, "channels") {
			// Or every Sync from now on would fail on them.
			_, _ = c.update(ctx, options.Scope, func(record *wire.Record) { record.WantedChannels = nil })
		}
		return State{}, err
	}

	endpoint := s.subscription.Endpoint
	record, err = c.update(ctx, options.Scope, func(record *wire.Record) {
		record.Endpoint = endpoint
		record.ApplicationServerKey = s.key
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
		return State{}, err
	}
	// What the server cannot be told now, the next Sync tells it.
	_ = c.finishRemoving(ctx, options.Scope, &record)
	return State{Subscribed: true, Endpoint: endpoint, ID: response.ID, Channels: response.Channels}, nil
}

func (c *Client) post(ctx dom.Context, options *Options, record wire.Record, s *subscriber, replaces string) (wire.SubscribeResponse, error) {
	var response wire.SubscribeResponse
	subscription, err := s.subscription.ToJSON()
	if err != nil {
		return response, coded(wire.Unexpected, err)
	}
	if replaces == subscription.Endpoint {
		replaces = ""
	}
	channels := record.WantedChannels
	if channels == nil && record.ID != "" {
		// A server that lost the subscription learns the channels from us.
		channels = &record.Channels
	}
	err = c.call(ctx, "POST", options.Server+wire.PathSubscriptions, wire.SubscribeRequest{
		Endpoint:             subscription.Endpoint,
		ExpirationTime:       subscription.ExpirationTime,
		Keys:                 wire.Keys{P256dh: subscription.Keys.P256dh, Auth: subscription.Keys.Auth},
		ApplicationServerKey: s.key,
		Channels:             channels,
		Locale:               options.Locale,
		TimeZone:             options.TimeZone,
		UserToken:            options.UserToken,
		Replaces:             replaces,
	}, &response)
	return response, err
}

// A subscriber brings a registration to a subscription with a key.
type subscriber struct {
	manager *PushManager
	key     string
	// subscription is the present one; ended is the endpoint of one with
	// another key that made room for it.
	subscription *PushSubscription
	ended        string
}

// subscribe takes the browser's subscription if it has our key, and makes one
// otherwise.
func (s *subscriber) subscribe(ctx dom.Context) error {
	if err := s.find(ctx); err != nil {
		return err
	}
	if s.subscription == nil {
		return s.make(ctx)
	}
	key, err := s.subscription.ApplicationServerKey()
	if err != nil {
		return coded(wire.Unexpected, err)
	}
	// A browser that does not tell the key finds out by itself: InvalidStateError.
	if key != nil && formatKey(key) != s.key || isPermanentlyRemoved(s.subscription) {
		return s.renew(ctx)
	}
	if key == nil {
		return s.make(ctx)
	}
	return nil
}

// renew ends the subscription and makes another.
func (s *subscriber) renew(ctx dom.Context) error {
	s.ended = s.subscription.Endpoint
	if err := s.unsubscribe(ctx); err != nil {
		return err
	}
	return s.make(ctx)
}

func (s *subscriber) make(ctx dom.Context) error {
	replaced := false
	for attempt := 1; ; attempt++ {
		err := s.request(ctx)
		if errors.Is(err, dom.InvalidStateError) && !replaced {
			// There is a subscription with another key, which getSubscription
			// did not show or another tab has just made.
			replaced = true
			if err := s.find(ctx); err != nil {
				return err
			}
			if s.subscription == nil {
				return subscribeError(err)
			}
			s.ended = s.subscription.Endpoint
			if err := s.unsubscribe(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return subscribeError(err)
		}
		if !isPermanentlyRemoved(s.subscription) {
			return nil
		}
		// Chrome hands this out for a moment after an unsubscribe.
		if err := s.unsubscribe(ctx); err != nil {
			return err
		}
		if attempt >= wire.SubscribeAttempts {
			return &Error{Code: wire.PushServiceUnreachable, Detail: "the browser gives endpoints of " + wire.PermanentlyRemovedHost}
		}
		delay, cancel := within(ctx, wire.SubscribeDelay)
		<-delay.Done()
		cancel()
	}
}

func (s *subscriber) request(ctx dom.Context) error {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	subscription, err := s.manager.Subscribe(ctx, push.SubscriptionOptionsInit{
		UserVisibleOnly:      true,
		ApplicationServerKey: s.key,
	})
	s.subscription = subscription
	return err
}

func (s *subscriber) find(ctx dom.Context) error {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	subscription, err := s.manager.GetSubscription(ctx)
	s.subscription = subscription
	if err != nil {
		return subscribeError(err)
	}
	return nil
}

func (s *subscriber) unsubscribe(ctx dom.Context) error {
	return unsubscribe(ctx, s.subscription)
}

// unsubscribe ends a subscription in the browser. One that has ended already is
// no error.
func unsubscribe(ctx dom.Context, subscription *PushSubscription) error {
	ctx, cancel := within(ctx, wire.SubscribeTimeout)
	defer cancel()
	if _, err := subscription.Unsubscribe(ctx); err != nil {
		return subscribeError(err)
	}
	return nil
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

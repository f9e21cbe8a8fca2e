package client

import (
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
)

// look is Default's.
func (c *call) look(dom.Context) (State, error) {
	permission, err := c.permission()
	switch {
	case err != nil:
		return 0, err
	case permission == notification.Granted:
		return Granted, nil
	case permission == notification.Denied && c.prompt.Answer == nil:
		return Denied, &Error{Code: wire.PermissionDenied}
	}
	return Asking, nil
}

// ask is Asking's.
func (c *call) ask(ctx dom.Context) (State, error) {
	answer := c.prompt.Answer
	if answer == nil {
		answer = c.browser.RequestPermission
	}
	permission, err := answer(ctx)
	if err != nil {
		return Dismissed, coded(wire.Unexpected, err)
	}
	if permission == notification.Denied && c.prompt.NoGesture {
		// WebKit answers so without a gesture, though nobody was asked and the
		// question stays open.
		if now, err := c.browser.Permission(); err == nil && now == notification.Default {
			permission = now
		}
	}
	switch {
	case permission == notification.Granted:
		return Granted, nil
	case permission == notification.Denied:
		return Denied, &Error{Code: wire.PermissionDenied}
	case c.prompt.NoGesture:
		return Dismissed, &Error{Code: wire.NoUserGesture}
	}
	return Dismissed, &Error{Code: wire.PermissionDismissed}
}

func (c *call) permission() (notification.Permission, error) {
	permission, err := c.browser.Permission()
	return permission, coded(wire.NoPushManager, err)
}

package push_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

// Once the person has allowed notifications; the key is the server's.
func ExampleManager_Subscribe() {
	// A browser that does not reach its push service may never answer.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	registration, err := serviceworker.Register(ctx, "/sw.js", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := registration.AwaitActive(ctx); err != nil {
		fmt.Println(err)
		return
	}
	manager, err := registration.PushManager()
	if err != nil {
		fmt.Println(err)
		return
	}
	subscription, err := manager.Subscribe(ctx, push.SubscriptionOptionsInit{
		UserVisibleOnly:      true,
		ApplicationServerKey: "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
	})
	switch {
	case errors.Is(err, dom.NotAllowedError):
		fmt.Println("the person has not allowed it")
		return
	case errors.Is(err, dom.InvalidStateError):
		fmt.Println("there is a subscription with another key: end that first")
		return
	case err != nil:
		fmt.Println("the push service cannot be reached:", err)
		return
	}
	details, err := subscription.ToJSON()
	fmt.Println(details.Endpoint == subscription.Endpoint(), len(details.Keys.Auth), err)
	// To whoever sends, details go as JSON.
}

// Which browsers take a push without a service worker.
func ExampleWindowManager() {
	_, err := push.WindowManager()
	fmt.Println(errors.Is(err, dom.NotSupportedError))
	// Output: true
}

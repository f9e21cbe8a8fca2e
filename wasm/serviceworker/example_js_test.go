package serviceworker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

func ExampleRegister() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	registration, err := serviceworker.Register(ctx, "/sw.js", "/example/")
	if err != nil {
		fmt.Println(err)
		return
	}
	worker, err := registration.AwaitActive(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(worker.State() == serviceworker.Activating || worker.State() == serviceworker.Activated)
	ended, err := registration.Unregister(ctx)
	fmt.Println(ended, err)
	// Output:
	// true
	// true <nil>
}

// The page may show what the service worker then hears the click of.
func ExampleRegistration_ShowNotification() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	registration, err := serviceworker.Register(ctx, "/sw.js", "/shown/")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := registration.AwaitActive(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := registration.ShowNotification(ctx, "Goal!", notification.Options{Body: "2:1", Tag: "match-42"}); err != nil {
		fmt.Println(err)
		return
	}
	shown, err := registration.GetNotifications(ctx, "match-42")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range shown {
		fmt.Println(n.Title(), n.Body())
	}
	// Output: Goal! 2:1
}

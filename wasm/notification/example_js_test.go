package notification_test

import (
	"context"
	"fmt"

	"github.com/pushkit/pushkit/wasm/notification"
)

// In a click's handler: the browser asks the person only there.
func ExampleRequestPermission() {
	if !notification.Supported() {
		fmt.Println("this browser has no notifications")
		return
	}
	permission, err := notification.RequestPermission(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	switch permission {
	case notification.Granted:
		fmt.Println("may show notifications")
	case notification.Denied:
		fmt.Println("the person has said no, for good")
	case notification.Default:
		fmt.Println("the person has not answered: ask again later")
	}
	// Output: may show notifications
}

func ExampleNew() {
	shown, err := notification.New("Goal!", notification.Options{Body: "2:1", Tag: "match-42"})
	if err != nil {
		// On mobile devices: the service worker shows it there.
		fmt.Println(err)
		return
	}
	fmt.Println(shown.Title(), shown.Body(), shown.Tag())
	if err := shown.Close(); err != nil {
		fmt.Println(err)
	}
	// Output: Goal! 2:1 match-42
}

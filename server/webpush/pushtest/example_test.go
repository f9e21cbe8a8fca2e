package pushtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

// A sender is tested against a push service that fails once, and reads what
// arrives.
func Example() {
	arrived := make(chan pushtest.Push, 1)
	service, err := pushtest.Start(pushtest.Options{Handle: func(p pushtest.Push) { arrived <- p }})
	if err != nil {
		panic(err)
	}
	defer service.Close()
	service.Fail(pushtest.Fault{Status: 503, RetryAfter: 2 * time.Second, Count: 1})

	services, err := webpush.ParseServices([]string{service.Rule()})
	if err != nil {
		panic(err)
	}
	client := webpush.NewClient(webpush.Options{Services: services, Subject: "mailto:push@example.com", TLS: service.TLS()})
	defer client.Close()
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		panic(err)
	}
	browser := service.Subscription(0)
	var json webpush.SubscriptionJSON
	json.Endpoint, json.Keys.P256dh, json.Keys.Auth = browser.Endpoint, browser.P256dh, browser.Auth
	s, err := webpush.ParseSubscription(json)
	if err != nil {
		panic(err)
	}
	message := webpush.Message{Subscription: s, Payload: []byte("hello"), TTL: webpush.KeepFor(time.Minute), Key: key}

	r := client.Send(context.Background(), message)
	fmt.Println(r.Outcome, r.Status, r.RetryAfter)
	r = client.Send(context.Background(), message)
	fmt.Println(r.Outcome, r.Status)
	p := <-arrived
	fmt.Println(p.Subscription, p.TTL, string(p.Text))
	fmt.Printf("%+v\n", service.Counts())
	// Output:
	// unavailable 503 2s
	// accepted 201
	// 0 60 hello
	// {Accepted:1 Decrypted:1 Refused:0 Failed:1 Gone:0}
}

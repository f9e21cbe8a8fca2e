package webpush_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/webpush"
)

// pushService stands in for a browser vendor's. The subscription is what the page
// got from PushSubscription.toJSON().
func pushService() (services *webpush.Services, s webpush.Subscription, stop func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ended" {
			http.Error(w, "push subscription has unsubscribed or expired.", http.StatusGone)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	services, err := webpush.ParseServices([]string{"push.example.com=" + server.URL})
	if err != nil {
		panic(err)
	}
	return services, subscription("https://push.example.com/wpush/v2/gAAAAABn"), server.Close
}

func subscription(endpoint string) webpush.Subscription {
	var json webpush.SubscriptionJSON
	json.Endpoint = endpoint
	json.Keys.P256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	json.Keys.Auth = "BTBZMqHH6r4Tts7J_aSIgg"
	s, err := webpush.ParseSubscription(json)
	if err != nil {
		panic(err)
	}
	return s
}

func ExampleClient_Send() {
	services, s, stop := pushService()
	defer stop()
	key, err := webpush.GenerateVAPIDKey() // once; the page subscribes with key.Public()
	if err != nil {
		panic(err)
	}
	// Without Services, those of the browser vendors.
	client := webpush.NewClient(webpush.Options{Services: services, Subject: "mailto:push@example.com"})
	defer client.Close()

	r := client.Send(context.Background(), webpush.Message{
		Subscription: s,
		Payload:      []byte(`{"web_push": 8030, "notification": {"title": "Goal!", "navigate": "https://example.com/live"}}`),
		TTL:          webpush.KeepFor(time.Hour),
		Urgency:      webpush.UrgencyHigh,
		Topic:        "match 42",
		Key:          key,
	})
	fmt.Println(r.Outcome, r.Status)

	// Of all outcomes only this one ends a subscription.
	r = client.Send(context.Background(), webpush.Message{Subscription: subscription("https://push.example.com/ended"), Key: key})
	fmt.Println(r.Outcome, r.Status, r.Reason)
	// Output:
	// accepted 201
	// gone 410 push subscription has unsubscribed or expired.
}

// A broadcast shares its payload, in which each subscription has a part of its
// own, and is handed over in batches.
func ExampleClient_SendBatch() {
	services, s, stop := pushService()
	defer stop()
	key, err := webpush.GenerateVAPIDKey()
	if err != nil {
		panic(err)
	}
	client := webpush.NewClient(webpush.Options{Services: services, Subject: "mailto:push@example.com"})
	defer client.Close()

	payload := []byte("Hello, you are number ####.")
	messages := make([]webpush.Message, 100)
	for i := range messages {
		messages[i] = webpush.Message{Subscription: s, Payload: payload, Own: fmt.Sprintf("%04d", i), OwnAt: 22, Key: key}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	outcomes := map[webpush.Outcome]int{}
	all.Add(len(messages))
	client.SendBatch(context.Background(), messages, func(i int, r webpush.Result) {
		defer all.Done()
		mu.Lock()
		defer mu.Unlock()
		outcomes[r.Outcome]++
	})
	all.Wait()
	fmt.Println(outcomes)
	// Output: map[accepted:100]
}

// Bad input is refused before anything is sent, and the error names the member.
func ExampleParseSubscription() {
	var json webpush.SubscriptionJSON
	json.Endpoint = "https://fcm.googleapis.com/fcm/send/abc"
	json.Keys.P256dh, json.Keys.Auth = "BCVxsr7N", "BTBZMqHH6r4Tts7J_aSIgg"
	_, err := webpush.ParseSubscription(json)
	fmt.Println(err)
	// Output: keys.p256dh: has 6 bytes, a P-256 point has 65
}

// Only known push services are called; names are compared label by label.
func ExampleServices_Check() {
	services, err := webpush.ParseServices(webpush.VendorServices)
	if err != nil {
		panic(err)
	}
	for _, endpoint := range []string{
		"https://web.push.apple.com/QGuQyavXutnMH",
		"https://evil-push.apple.com.evil.net/x",
		"https://169.254.169.254/latest/meta-data",
	} {
		fmt.Println(services.Check(endpoint))
	}
	// Output:
	// apple <nil>
	//  endpoint: belongs to no push service that this server knows
	//  endpoint: is at an address, where push services have names
}

//go:build js && wasm

// Command go subscribes a browser to push from Go alone, without pushkit's
// JavaScript: index.html runs it in a click, with the server's address.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/fetch"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/push"
	"github.com/pushkit/pushkit/wasm/serviceworker"
)

func main() {
	ctx, server := context.Background(), os.Args[1]
	must(notification.RequestPermission(ctx)) // first: a click does not last
	registration := must(serviceworker.Register(ctx, "pushkit-sw.js", ""))
	must(registration.AwaitActive(ctx))
	config := must(must(fetch.Fetch(ctx, server+"/v1/config", fetch.Init{})).JSON(ctx))
	options := push.SubscriptionOptionsInit{UserVisibleOnly: true, ApplicationServerKey: dom.StringMember(config, "applicationServerKey")}
	subscription := must(must(registration.PushManager()).Subscribe(ctx, options))
	body := string(must(json.Marshal(must(subscription.ToJSON()))))
	headers := map[string]string{"Content-Type": "application/json"}
	must(fetch.Fetch(ctx, server+"/v1/subscriptions", fetch.Init{Method: "POST", Headers: headers, Body: &body}))
}

// must ends the program where something failed; the browser's console says why.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

//go:build js && wasm

// Command wasm is the WebAssembly half of pushkit's client: it puts package
// client on the page.
//
// The loader sets globalThis.pushkitClient to a function before it starts this
// program, which calls it once with an object of functions, each of which
// takes one object of arguments and returns a promise:
//
//	{ subscribe(args), change(args), unsubscribe(args), forget(args), sync(args) }
//
// args has the members of [client.Options] by their JSON names, and for
// subscribe also permission, the promise of a Notification.requestPermission()
// that the loader has called within the click, and gesture, false if there was
// none. The promise is fulfilled with a [client.Subscription] and rejected with {code,
// detail, cause}: code is one of package wire's, cause the browser's exception
// where there is one.
package main

import (
	"context"
	"fmt"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/client"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/notification"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// entry is the name of the function that the loader leaves for this program.
const entry = "pushkitClient"

func main() {
	if err := start(); err != nil {
		fmt.Println("pushkit:", err)
		return
	}
	select {}
}

func start() error {
	c := client.New(client.NewBrowser())
	methods := map[string]any{}
	for name, call := range map[string]method{
		"subscribe": func(ctx dom.Context, options client.Options, args safejs.Value) (client.Subscription, error) {
			return c.Subscribe(ctx, options, newPrompt(args))
		},
		"change":      quietly(c.Change),
		"unsubscribe": quietly(c.Unsubscribe),
		"forget":      quietly(c.Forget),
		"sync":        quietly(c.Sync),
	} {
		function, err := safejs.FuncOf(call.promise)
		if err != nil {
			return dom.Error(err)
		}
		methods[name] = function
	}
	_, err := safejs.Global().Call(entry, methods)
	return dom.Error(err)
}

// A method is one of the client's. args is what options were read from.
type method func(ctx dom.Context, options client.Options, args safejs.Value) (client.Subscription, error)

// quietly makes a method of one that asks nobody.
func quietly(call func(dom.Context, client.Options) (client.Subscription, error)) method {
	return func(ctx dom.Context, options client.Options, _ safejs.Value) (client.Subscription, error) {
		return call(ctx, options)
	}
}

// promise is the method as JavaScript sees it.
func (m method) promise(_ safejs.Value, args []safejs.Value) any {
	promise, err := dom.NewPromise(func() (value, reason any, ok bool) {
		// A panic would end this program, and every later call with it.
		defer func() {
			if r := recover(); r != nil {
				value, reason, ok = nil, rejection(fmt.Errorf("panic: %v", r)), false
			}
		}()
		var options client.Options
		object := safejs.Undefined()
		if len(args) > 0 {
			object = args[0]
		}
		if err := webidl.FromJS(object, &options); err != nil {
			return nil, rejection(&client.Error{Code: wire.InvalidOption, Err: err}), false
		}
		state, err := m(context.Background(), options, object)
		if err != nil {
			return nil, rejection(err), false
		}
		tree, err := webidl.Encode(state)
		if err != nil {
			return nil, rejection(err), false
		}
		return tree, nil, true
	})
	if err != nil {
		return nil
	}
	return promise
}

// newPrompt reads what the loader has done about the permission.
func newPrompt(args safejs.Value) client.Prompt {
	var prompt client.Prompt
	if gesture, ok := dom.Member(args, "gesture"); ok {
		truthy, err := gesture.Truthy()
		prompt.NoGesture = err == nil && !truthy
	}
	if permission, ok := dom.Member(args, "permission"); ok {
		prompt.Answer = func(ctx dom.Context) (notification.Permission, error) {
			answer, err := dom.Await(ctx, permission)
			if err != nil {
				return "", err
			}
			text, err := answer.String()
			return notification.Permission(text), err
		}
	}
	return prompt
}

// rejection is what a promise is rejected with. Detail is ours or the server's,
// or else the cause's text.
func rejection(err error) map[string]any {
	reason := map[string]any{"code": string(client.CodeOf(err)), "detail": client.DetailOf(err)}
	if thrown, ok := dom.Thrown(err); ok {
		reason["cause"] = thrown
	}
	return reason
}

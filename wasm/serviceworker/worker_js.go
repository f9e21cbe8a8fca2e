package serviceworker

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Worker is a ServiceWorker. See
// https://www.w3.org/TR/service-workers/#serviceworker-interface.
type Worker struct {
	value safejs.Value
}

// ScriptURL returns the absolute URL of the worker's script.
func (w *Worker) ScriptURL() string { return dom.StringMember(w.value, "scriptURL") }

// State returns where the worker stands in its life.
func (w *Worker) State() State { return State(dom.StringMember(w.value, "state")) }

// OnStateChange calls handle when the worker's state has changed, until remove is
// called; handle must not block. See
// https://www.w3.org/TR/service-workers/#dom-serviceworker-onstatechange.
func (w *Worker) OnStateChange(handle func()) (remove func(), err error) {
	return dom.Listen(w.value, "statechange", func(safejs.Value) { handle() })
}

// PostMessage sends message, which package webidl converts, to the worker as a
// message event. See
// https://www.w3.org/TR/service-workers/#service-worker-postmessage.
func (w *Worker) PostMessage(message any) error {
	return w.post(message, nil)
}

// Ask sends message with the port of a new MessageChannel and returns the first
// message that the worker sends to the port. Give it a ctx with a deadline: a
// worker that does not know the message says nothing. See
// https://html.spec.whatwg.org/multipage/web-messaging.html#message-channels.
func (w *Worker) Ask(ctx dom.Context, message any) (safejs.Value, error) {
	channel, err := dom.New("MessageChannel")
	if err != nil {
		return channel, err
	}
	ours, _ := dom.Member(channel, "port1")
	theirs, _ := dom.Member(channel, "port2")
	defer func() { _, _ = dom.Call(ours, "close") }()

	answers := make(chan safejs.Value, 1)
	remove, err := dom.Listen(ours, "message", func(event safejs.Value) {
		data, _ := dom.Member(event, "data")
		select {
		case answers <- data:
		default:
		}
	})
	if err != nil {
		return channel, err
	}
	defer remove()
	// A port that is listened to by addEventListener does not start by itself.
	if started, err := dom.Call(ours, "start"); err != nil {
		return started, err
	}
	if err := w.post(message, []any{theirs}); err != nil {
		return safejs.Value{}, err
	}
	select {
	case answer := <-answers:
		return answer, nil
	case <-ctx.Done():
		return safejs.Value{}, ctx.Err()
	}
}

func (w *Worker) post(message any, transfer []any) error {
	value, err := webidl.ToJS(message)
	if err != nil {
		return err
	}
	_, err = dom.Call(w.value, "postMessage", value, transfer)
	return err
}

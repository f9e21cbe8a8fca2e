package dom

import "github.com/hack-pad/safejs"

// Listen calls handle for each event of the given type at target, an
// EventTarget, until remove is called. handle runs within the event's dispatch
// and must not block; an IndexedDB transaction, for example, is active only
// then. See https://dom.spec.whatwg.org/#dom-eventtarget-addeventlistener.
func Listen(target safejs.Value, eventType string, handle func(event safejs.Value)) (remove func(), err error) {
	listener, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		handle(first(args))
		return nil
	})
	if err != nil {
		return nil, Error(err)
	}
	if _, err := target.Call("addEventListener", eventType, listener); err != nil {
		listener.Release()
		return nil, Error(err)
	}
	return func() {
		_, _ = target.Call("removeEventListener", eventType, listener)
		listener.Release()
	}, nil
}

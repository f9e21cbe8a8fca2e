package indexeddb

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// An ObjectStore is an IDBObjectStore within a transaction. See
// https://www.w3.org/TR/IndexedDB/#object-store-interface.
type ObjectStore struct {
	value safejs.Value
}

// Get returns the value under key, or undefined where there is none. See
// https://www.w3.org/TR/IndexedDB/#dom-idbobjectstore-get.
func (s *ObjectStore) Get(ctx dom.Context, key any) (safejs.Value, error) {
	return s.request(ctx, "get", key)
}

// Put stores value under key, in place of what is there. A key of nil is for
// stores that find or generate it. See
// https://www.w3.org/TR/IndexedDB/#dom-idbobjectstore-put.
func (s *ObjectStore) Put(ctx dom.Context, value safejs.Value, key any) error {
	args := []any{value}
	if key != nil {
		args = append(args, key)
	}
	_, err := s.request(ctx, "put", args...)
	return err
}

// Delete removes what is under key, if anything. See
// https://www.w3.org/TR/IndexedDB/#dom-idbobjectstore-delete.
func (s *ObjectStore) Delete(ctx dom.Context, key any) error {
	_, err := s.request(ctx, "delete", key)
	return err
}

// Count returns how many values there are. See
// https://www.w3.org/TR/IndexedDB/#dom-idbobjectstore-count.
func (s *ObjectStore) Count(ctx dom.Context) (int, error) {
	count, err := s.request(ctx, "count")
	if err != nil {
		return 0, err
	}
	return count.Int()
}

func (s *ObjectStore) request(ctx dom.Context, method string, args ...any) (safejs.Value, error) {
	request, err := dom.Call(s.value, method, args...)
	if err != nil {
		return request, err
	}
	return await(ctx, request)
}

// await returns an IDBRequest's result. The goroutine that awaits goes on
// within the success event, while the request's transaction is active.
func await(ctx dom.Context, request safejs.Value) (result safejs.Value, err error) {
	// Room for both, should ctx have ended before.
	done := make(chan error, 2)
	removeSuccess, err := dom.Listen(request, "success", func(safejs.Value) { done <- nil })
	if err != nil {
		return result, err
	}
	defer removeSuccess()
	removeError, err := dom.Listen(request, "error", func(event safejs.Value) {
		// Otherwise Firefox reports the failure to window.onerror too.
		_, _ = dom.Call(event, "preventDefault")
		reason, _ := dom.Member(request, "error")
		done <- dom.NewException(reason)
	})
	if err != nil {
		return result, err
	}
	defer removeError()
	select {
	case err = <-done:
		if err == nil {
			result, _ = dom.Member(request, "result")
		}
		return result, err
	case <-ctx.Done():
		return result, ctx.Err()
	}
}

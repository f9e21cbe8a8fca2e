package indexeddb

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// A Transaction is an IDBTransaction. It commits by itself as soon as none of
// its requests is pending and the goroutine that made the last one waits for
// something else: between its requests nothing else may be awaited. See
// https://www.w3.org/TR/IndexedDB/#transaction.
type Transaction struct {
	value safejs.Value
	ended chan error
}

// Transaction begins a transaction on the given stores. A store that does not
// exist is a [dom.NotFoundError], a connection that was closed a
// [dom.InvalidStateError]. See
// https://www.w3.org/TR/IndexedDB/#dom-idbdatabase-transaction.
func (d *Database) Transaction(mode Mode, stores ...string) (*Transaction, error) {
	names := make([]any, len(stores))
	for i, store := range stores {
		names[i] = store
	}
	value, err := dom.Call(d.value, "transaction", names, string(mode))
	if err != nil {
		return nil, err
	}
	t := &Transaction{value: value, ended: make(chan error, 1)}
	var removes []func()
	end := func(err error) {
		for _, remove := range removes {
			remove()
		}
		t.ended <- err
	}
	// Of complete and abort exactly one comes, and an error that matters is
	// followed by abort.
	removeComplete, err := dom.Listen(value, "complete", func(safejs.Value) { end(nil) })
	if err != nil {
		return nil, err
	}
	removeAbort, err := dom.Listen(value, "abort", func(safejs.Value) { end(t.abortError()) })
	if err != nil {
		removeComplete()
		return nil, err
	}
	removes = []func(){removeComplete, removeAbort}
	return t, nil
}

// ObjectStore returns a store of the transaction. See
// https://www.w3.org/TR/IndexedDB/#dom-idbtransaction-objectstore.
func (t *Transaction) ObjectStore(name string) (*ObjectStore, error) {
	value, err := dom.Call(t.value, "objectStore", name)
	if err != nil {
		return nil, err
	}
	return &ObjectStore{value}, nil
}

// Abort undoes the transaction. See
// https://www.w3.org/TR/IndexedDB/#dom-idbtransaction-abort.
func (t *Transaction) Abort() error {
	_, err := dom.Call(t.value, "abort")
	return err
}

// Await waits until the transaction has ended. It returns nil if it is
// committed and the reason if it was aborted: a [dom.QuotaExceededError] where
// the disk is full, a [dom.AbortError] after Abort. Call it once.
func (t *Transaction) Await(ctx dom.Context) error {
	select {
	case err := <-t.ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Transaction) abortError() error {
	if reason, ok := dom.Member(t.value, "error"); ok {
		return dom.NewException(reason)
	}
	return &dom.Exception{Name: dom.AbortError, Message: "the transaction was aborted"}
}

package client

import (
	"errors"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/indexeddb"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// storage keeps a connection to the database that page and service worker
// share.
type storage struct {
	database *indexeddb.Database
}

func (s *storage) record(ctx dom.Context, scope string) (*wire.Record, error) {
	var record *wire.Record
	err := s.transact(ctx, indexeddb.ReadOnly, func(store *indexeddb.ObjectStore) error {
		var err error
		record, err = get(ctx, store, scope)
		return err
	})
	return record, err
}

func (s *storage) update(ctx dom.Context, scope string, change func(*wire.Record)) (wire.Record, error) {
	var updated wire.Record
	err := s.transact(ctx, indexeddb.ReadWrite, func(store *indexeddb.ObjectStore) error {
		record, err := get(ctx, store, scope)
		if err != nil {
			return err
		}
		if record == nil {
			record = &wire.Record{}
		}
		change(record)
		updated = *record
		value, err := webidl.ToJS(updated)
		if err != nil {
			return err
		}
		return store.Put(ctx, value, scope)
	})
	return updated, err
}

func (s *storage) delete(ctx dom.Context, scope string) error {
	var left int
	err := s.transact(ctx, indexeddb.ReadWrite, func(store *indexeddb.ObjectStore) error {
		err := store.Delete(ctx, scope)
		if err == nil {
			left, err = store.Count(ctx)
		}
		return err
	})
	if err != nil || left > 0 {
		return err
	}
	// The events that wait for the server go with it. Our own connection, and
	// those of other tabs, are closed by the browser's versionchange event.
	return indexeddb.Delete(ctx, wire.DatabaseName)
}

func get(ctx dom.Context, store *indexeddb.ObjectStore, scope string) (*wire.Record, error) {
	value, err := store.Get(ctx, scope)
	if err != nil || value.IsUndefined() {
		return nil, err
	}
	record := new(wire.Record)
	if webidl.FromJS(value, record) != nil {
		return nil, nil
	}
	return record, nil
}

// transact runs do on the registrations in a transaction, which it undoes if do
// fails. A connection that the browser has closed meanwhile is opened anew.
func (s *storage) transact(ctx dom.Context, mode indexeddb.Mode, do func(*indexeddb.ObjectStore) error) error {
	transaction, err := s.begin(ctx, mode)
	if errors.Is(err, dom.InvalidStateError) {
		s.database = nil
		transaction, err = s.begin(ctx, mode)
	}
	if err != nil {
		return err
	}
	store, err := transaction.ObjectStore(wire.StoreRegistrations)
	if err != nil {
		return err
	}
	if err := do(store); err != nil {
		_ = transaction.Abort()
		return err
	}
	return transaction.Await(ctx)
}

func (s *storage) begin(ctx dom.Context, mode indexeddb.Mode) (*indexeddb.Transaction, error) {
	database := s.database
	if database == nil {
		var err error
		database, err = indexeddb.Open(ctx, wire.DatabaseName, wire.DatabaseVersion, createStores)
		if err != nil {
			return nil, err
		}
		s.database = database
		err = database.OnClose(func() {
			if s.database == database {
				s.database = nil
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return database.Transaction(mode, wire.StoreRegistrations)
}

func createStores(database *indexeddb.Database, _ int) error {
	if err := database.CreateObjectStore(wire.StoreRegistrations, indexeddb.StoreParameters{}); err != nil {
		return err
	}
	return database.CreateObjectStore(wire.StoreEvents, indexeddb.StoreParameters{AutoIncrement: true})
}

package indexeddb

import (
	"context"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// A Database is an IDBDatabase, a connection to a database. See
// https://www.w3.org/TR/IndexedDB/#database-interface.
type Database struct {
	value  safejs.Value
	remove []func()
}

// Supported reports whether this browser, in this context, has IndexedDB.
func Supported() bool {
	_, ok := dom.Member(safejs.Global(), "indexedDB")
	return ok
}

// Open connects to the database, which it makes where there is none. upgrade is
// called, with the version before (0 for a new one), where that is below
// version; only there stores can be made. Another connection of a lower version
// keeps Open waiting until it is closed, so give it a ctx with a deadline. A
// database of a higher version is a [dom.VersionError]; a browser that stores
// nothing for this page answers with [dom.SecurityError],
// [dom.InvalidStateError] or [dom.UnknownError]. See
// https://www.w3.org/TR/IndexedDB/#dom-idbfactory-open.
func Open(ctx dom.Context, name string, version int, upgrade func(db *Database, oldVersion int) error) (*Database, error) {
	request, err := dom.CallGlobal("indexedDB", "open", name, version)
	if err != nil {
		return nil, err
	}
	var upgradeErr error
	remove, err := dom.Listen(request, "upgradeneeded", func(event safejs.Value) {
		upgradeErr = upgradeNeeded(request, event, upgrade)
	})
	if err != nil {
		return nil, err
	}
	defer remove()
	value, err := await(ctx, request)
	if upgradeErr != nil {
		return nil, upgradeErr
	}
	if err != nil {
		closeLate(ctx, request)
		return nil, err
	}
	return &Database{value: value}, nil
}

// upgradeNeeded runs upgrade within the versionchange transaction, which it
// aborts where upgrade fails.
func upgradeNeeded(request, event safejs.Value, upgrade func(*Database, int) error) error {
	value, _ := dom.Member(request, "result")
	oldVersion, _ := dom.Member(event, "oldVersion")
	old, err := oldVersion.Int()
	if err == nil {
		err = upgrade(&Database{value: value}, old)
	}
	if err != nil {
		transaction, _ := dom.Member(request, "transaction")
		_, _ = dom.Call(transaction, "abort")
	}
	return err
}

// closeLate closes the connection that a request which nobody awaits any more
// may still give: open, it would keep others from upgrading.
func closeLate(ctx dom.Context, request safejs.Value) {
	if ctx.Err() == nil {
		return
	}
	go func() {
		if value, err := await(context.Background(), request); err == nil {
			_, _ = dom.Call(value, "close")
		}
	}()
}

// CreateObjectStore makes a store; within Open's upgrade only. See
// https://www.w3.org/TR/IndexedDB/#dom-idbdatabase-createobjectstore.
func (d *Database) CreateObjectStore(name string, parameters StoreParameters) error {
	options, err := webidl.ToJS(parameters)
	if err != nil {
		return err
	}
	_, err = dom.Call(d.value, "createObjectStore", name, options)
	return err
}

// OnClose calls closed once the connection is of no more use: another one wants
// to upgrade or delete the database, which this one is closed for, or the
// browser closed it. See
// https://www.w3.org/TR/IndexedDB/#dom-idbdatabase-onversionchange.
func (d *Database) OnClose(closed func()) error {
	for _, event := range []string{"versionchange", "close"} {
		remove, err := dom.Listen(d.value, event, func(safejs.Value) {
			d.Close()
			closed()
		})
		if err != nil {
			return err
		}
		d.remove = append(d.remove, remove)
	}
	return nil
}

// Close ends the connection once its transactions are done. See
// https://www.w3.org/TR/IndexedDB/#dom-idbdatabase-close.
func (d *Database) Close() {
	_, _ = dom.Call(d.value, "close")
	for _, remove := range d.remove {
		remove()
	}
	d.remove = nil
}

// Delete deletes a database with all that it holds, once nobody is connected to
// it. See https://www.w3.org/TR/IndexedDB/#dom-idbfactory-deletedatabase.
func Delete(ctx dom.Context, name string) error {
	request, err := dom.CallGlobal("indexedDB", "deleteDatabase", name)
	if err != nil {
		return err
	}
	_, err = await(ctx, request)
	return err
}

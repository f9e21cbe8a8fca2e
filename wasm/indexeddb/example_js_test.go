package indexeddb_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/indexeddb"
)

// Writes a value and reads it, each in a transaction of its own.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	db, err := indexeddb.Open(ctx, "example", 1, func(db *indexeddb.Database, _ int) error {
		return db.CreateObjectStore("scores", indexeddb.StoreParameters{})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	in := func(mode indexeddb.Mode, use func(*indexeddb.ObjectStore) error) error {
		transaction, err := db.Transaction(mode, "scores")
		if err != nil {
			return err
		}
		store, err := transaction.ObjectStore("scores")
		if err != nil {
			return err
		}
		if err := use(store); err != nil {
			return err
		}
		// Kept only once this says so.
		return transaction.Await(ctx)
	}
	err = in(indexeddb.ReadWrite, func(store *indexeddb.ObjectStore) error {
		score, err := safejs.ValueOf("2:1")
		if err != nil {
			return err
		}
		return store.Put(ctx, score, "match-42")
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = in(indexeddb.ReadOnly, func(store *indexeddb.ObjectStore) error {
		score, err := store.Get(ctx, "match-42")
		if err != nil {
			return err
		}
		text, err := score.String()
		fmt.Println(text)
		return err
	})
	fmt.Println(err)
	// Output:
	// 2:1
	// <nil>
}

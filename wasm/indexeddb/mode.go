// Package indexeddb binds what pushkit needs of the Indexed Database API: open
// a database with its stores, and get, put and delete in one transaction.
//
// See https://www.w3.org/TR/IndexedDB/.
package indexeddb

// A Mode is what a transaction may do. See
// https://www.w3.org/TR/IndexedDB/#enumdef-idbtransactionmode.
type Mode string

// Transactions that only read run side by side; one that writes excludes all
// others that share a store with it.
const (
	ReadOnly  Mode = "readonly"
	ReadWrite Mode = "readwrite"
)

// StoreParameters say how a store's records get their keys. See
// https://www.w3.org/TR/IndexedDB/#dictdef-idbobjectstoreparameters.
type StoreParameters struct {
	// KeyPath names the member that is the key; empty: the key is given apart.
	KeyPath string `json:"keyPath,omitempty"`
	// AutoIncrement generates a key where none is given.
	AutoIncrement bool `json:"autoIncrement,omitempty"`
}

// Package wire is the one home of what server, client and worker say to each
// other: paths, codes with their sentences, limits, JSON bodies, the push
// payload and the names in IndexedDB.
//
// The server encodes these structs with encoding/json, the WebAssembly client
// through the browser's own JSON, and [gen] writes js/src/wire.gen.ts from
// them, so that no name or limit is written twice. The package therefore holds
// plain structs and constants and imports nothing.
//
// [gen]: https://pkg.go.dev/github.com/pushkit/pushkit/server/wire/gen
package wire

//go:generate go run ./gen -out ../../js/src/wire.gen.ts

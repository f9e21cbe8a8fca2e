//go:build js && wasm

// Command smallest is the smallest Go program that imports safejs and calls
// one function: what the client's WebAssembly is measured against.
package main

import "github.com/hack-pad/safejs"

func main() {
	_, _ = safejs.Global().Call("pushkitClient")
}

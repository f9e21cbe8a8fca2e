// Package js holds the client's built files, which `make client` (js/build)
// makes and the server serves: the loader, the elements, the service worker, what the
// npm package loads and Go's wasm_exec.js, each with its brotli form (".br") beside, and the WebAssembly in
// brotli alone.
package js

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pushkit/pushkit/server/wire"
)

// A fresh clone compiles because dist always holds its .gitignore.
//
//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that this program was compiled without the client's files.
var ErrNotBuilt = errors.New("the client's files were not built before this program was: run go run ./js/build, or make build")

// Files returns the client's files by their names at the server's root, for
// example "pushkit.js" and "pushkit.js.br". The error is ErrNotBuilt, wrapped
// with the name of the file that is missing.
func Files() (fs.FS, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return files, built(files)
}

func built(files fs.FS) error {
	patterns := []string{"pushkit.*.wasm.br"}
	for _, pattern := range []string{
		wire.FileLoader, wire.FileLoaderClassic, wire.FileElements, wire.FileDebug, wire.FileCheck, wire.FileWorker, wire.FileClient, "wasm_exec.*.js", "pushkit-elements.*.js",
	} {
		patterns = append(patterns, pattern, pattern+".br")
	}
	for _, pattern := range patterns {
		if found, err := fs.Glob(files, pattern); err != nil || found == nil {
			return fmt.Errorf("%w: no %s", ErrNotBuilt, pattern)
		}
	}
	return nil
}

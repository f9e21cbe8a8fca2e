// Package examples holds the sites that a user can copy; the server's demo
// serves one of them.
package examples

import (
	"embed"
	"io/fs"
)

// PlaceholderServer stands for the server's address in the examples' texts:
// whoever serves or copies them puts the real one in its place.
const PlaceholderServer = "https://push.example.com"

//go:embed plain
var files embed.FS

// Plain is the site in examples/plain: index.html and what it needs, which
// works from any folder of a site.
func Plain() fs.FS {
	plain, err := fs.Sub(files, "plain")
	if err != nil {
		// Only a name that is no path fails, and this one is written here.
		panic(err)
	}
	return plain
}

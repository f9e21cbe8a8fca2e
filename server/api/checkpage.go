package api

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

const checkPath = "/check/"

//go:embed checkpage
var checkFiles embed.FS

// checkPage serves the page that tells what the visitor's browser can do, with a worker
// and a subscription of its own.
func checkPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, checkPath)
		if name == "" {
			name = "index.html"
		}
		content, err := fs.ReadFile(checkFiles, "checkpage/"+name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		serveDescription(w, r, contentType(name), content)
	})
}

package api

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/pushkit/pushkit/examples"
	"github.com/pushkit/pushkit/server/api/openapi"
)

const demoPath = "/demo/"

// demo serves examples/plain with this server's address in it.
func (a *api) demo() http.Handler {
	plain := examples.Plain()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, demoPath)
		if name == "" {
			name = "index.html"
		}
		content, err := fs.ReadFile(plain, name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		// A request's Host may hold anything, a script's text too.
		if own := a.ownAddress(r); openapi.IsPlainAddress(own) {
			content = bytes.ReplaceAll(content, []byte(examples.PlaceholderServer), []byte(own))
		}
		header := w.Header()
		header.Set("Content-Type", contentType(path.Base(name)))
		header.Set("Cache-Control", "no-cache")
		header.Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}

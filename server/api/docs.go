package api

import (
	"bytes"
	"net/http"
	"time"

	"github.com/pushkit/pushkit/server/api/openapi"
)

// Paths of the API's description.
const (
	pathOpenAPI   = "/openapi.json"
	pathDocs      = "/docs"
	pathDocsStyle = "/docs.css"
)

// openapi is the description for tools, of any site.
func (a *api) openapi(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	serveDescription(w, r, "application/json", openapi.JSON(a.ownAddress(r)))
}

// docs is the description for people.
func (a *api) docs(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	serveDescription(w, r, "text/html; charset=utf-8", openapi.Page(a.ownAddress(r)))
}

func docsStyle(w http.ResponseWriter, r *http.Request) {
	serveDescription(w, r, "text/css; charset=utf-8", openapi.Style)
}

func serveDescription(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", etag(content))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

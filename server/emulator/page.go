package emulator

import (
	"embed"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

//go:embed page/*.html page/*.css page/*.js page/*.svg
var pageFiles embed.FS

// pagePolicy lets the page do what it does, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// servePage answers at /: the page to a browser, a sentence to other programs.
func (e *Emulator) servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		serveFile(w, r, "index.html")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "This is pushkit's push service emulator. Firefox connects to %s\nOpen this address in a browser, or see /api/pushes and /api/subscriptions.\n", websocketURL(e.originOf(r)))
}

// pageFile serves what the page consists of.
func pageFile(w http.ResponseWriter, r *http.Request) {
	serveFile(w, r, mux.Vars(r)["name"])
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	file, err := pageFiles.Open("page/" + name)
	if err != nil {
		problem(w, http.StatusNotFound, "not-found", "The emulator's page has no such file.")
		return
	}
	file.Close()
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, pageFiles, "page/"+name)
}

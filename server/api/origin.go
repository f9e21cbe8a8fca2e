package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// ownURL is the server's address as the browser sees it.
func (a *api) ownURL(r *http.Request) *url.URL {
	if a.PublicURL != nil {
		return a.PublicURL
	}
	own := &url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		own.Scheme = "https"
	}
	return own
}

// ownAddress is ownURL without a slash at the end.
func (a *api) ownAddress(r *http.Request) string {
	own := a.ownURL(r)
	return own.Scheme + "://" + own.Host + strings.TrimSuffix(own.Path, "/")
}

// originAllowed says whether pages of this origin may make the public calls.
func (a *api) originAllowed(r *http.Request, origin string) bool {
	if slices.Contains(a.Site.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if a.PublicURL != nil {
		return u.Scheme == a.PublicURL.Scheme && u.Host == a.PublicURL.Host
	}
	// Behind a proxy that speaks TLS the scheme is not known here.
	return u.Host == r.Host
}

// cors lets the allowed origins read answers. A foreign one may read why it
// was refused, so that its developer learns which setting to change.
func (a *api) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && (r.Method != http.MethodOptions || a.originAllowed(r, origin) || r.URL.Path == wire.PathConfig) {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "Location, Retry-After")
		}
		next.ServeHTTP(w, r)
	})
}

func (a *api) preflight(w http.ResponseWriter, r *http.Request) error {
	if origin := r.Header.Get("Origin"); !a.originAllowed(r, origin) {
		return originNotAllowed(origin)
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	header.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, Idempotency-Key")
	header.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// fromAllowedOrigin refuses pages of other sites. A request without Origin is
// not from another site's page: browsers always send it across origins.
func (a *api) fromAllowedOrigin(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if origin := r.Header.Get("Origin"); origin != "" && !a.originAllowed(r, origin) {
			return originNotAllowed(origin)
		}
		return next(w, r)
	}
}

func originNotAllowed(origin string) error {
	return &push.Error{Code: wire.OriginNotAllowed,
		Detail: "The origin " + clip(origin) + " may not use this server: the operator can add it with --allowed-origins."}
}

func clip(text string) string {
	return text[:min(len(text), 200)]
}

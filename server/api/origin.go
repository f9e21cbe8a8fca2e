package api

import (
	"net/http"
	"net/url"
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

// ownOrigin reads an origin that is the server's own; it is nil where it is not.
func (a *api) ownOrigin(r *http.Request, origin string) *url.URL {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return nil
	}
	isOwn := u.Host == r.Host // behind a proxy that speaks TLS the scheme is not known here
	if a.PublicURL != nil {
		isOwn = u.Scheme == a.PublicURL.Scheme && u.Host == a.PublicURL.Host
	}
	if !isOwn {
		return nil
	}
	return u
}

// checkPage refuses pages of no site's origin.
func (a *api) checkPage(r *http.Request, origin string) error {
	known, err := a.sites.get(r.Context())
	if err == nil && a.siteOfOrigin(known, r, origin) == nil {
		err = originNotAllowed(origin)
	}
	return err
}

// cors lets the allowed origins read answers. A foreign one may read why it
// was refused, so that its developer learns which setting to change.
func (a *api) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && (r.Method != http.MethodOptions || r.URL.Path == wire.PathConfig || a.checkPage(r, origin) == nil) {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "Location, Retry-After")
		}
		next.ServeHTTP(w, r)
	})
}

// preflight lets pages of all sites ask: only the call itself has the key that says
// whose it is.
func (a *api) preflight(w http.ResponseWriter, r *http.Request) error {
	if err := a.checkPage(r, r.Header.Get("Origin")); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	header.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, Idempotency-Key")
	header.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func originNotAllowed(origin string) error {
	return &push.Error{Code: wire.OriginNotAllowed,
		Detail: "The origin " + clip(origin) + " may not use this server: the operator can add it, with --allowed-origins or pushkit sites set."}
}

func clip(text string) string {
	return text[:min(len(text), 200)]
}

package transport

import (
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

// proxies knows which origins the environment wants to be reached through a
// proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
type proxies func(*url.URL) (*url.URL, error)

func proxiesFromEnvironment() proxies { return httpproxy.FromEnvironment().ProxyFunc() }

// of returns the proxy for an origin, or nil for none.
func (p proxies) of(to Origin) (*url.URL, error) {
	if to.Local {
		return nil, nil
	}
	return p(&url.URL{Scheme: to.Scheme, Host: to.Authority})
}

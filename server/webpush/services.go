package webpush

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// VendorServices are the browser vendors' push services, in the form that
// [ParseServices] takes.
var VendorServices = vendors.Hosts()

// vendorServices is VendorServices as a set.
var vendorServices = func() *Services {
	services, err := ParseServices(VendorServices)
	if err != nil {
		panic(err) // a constant
	}
	return services
}()

// Services is the set of push services that may be called. Endpoints are
// hostile input: an endpoint outside this set is never stored or dialled. The
// zero value allows none.
type Services struct {
	rules []serviceRule
}

type serviceRule struct {
	host      string // lower case, without port
	port      string // empty: the scheme's
	wildcard  bool   // any name of one or more labels below host
	plain     bool   // http, for a push service on this machine
	path      string // of a route: what the endpoint's path begins with; empty: any
	routedVia *url.URL
}

// ParseServices reads rules, each one of
//
//	host                       exactly this host, https, port 443
//	*.host                     every host below it
//	http://127.0.0.1:8090      a push service on this machine, plain http
//	host=http://127.0.0.1:8090 requests for that host go there instead (also
//	                           host=https://127.0.0.1:8090); Host, SNI and the
//	                           VAPID audience stay the endpoint's
//	host/path=http://127.0.0.1:8090
//	                           the same, for endpoints of host whose path begins
//	                           so; its others go where they would without
//
// Plain http and routes are for loopback addresses alone.
func ParseServices(rules []string) (*Services, error) {
	s := new(Services)
	for _, text := range rules {
		rule, err := parseServiceRule(text)
		if err != nil {
			return nil, fmt.Errorf("push service %q: %w", text, err)
		}
		s.rules = append(s.rules, rule)
	}
	// Routes first: they name one host and win over the vendors' rules.
	slices.SortStableFunc(s.rules, func(a, b serviceRule) int {
		return boolOrder(b.routedVia != nil) - boolOrder(a.routedVia != nil)
	})
	return s, nil
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

func parseServiceRule(text string) (serviceRule, error) {
	if host, via, routed := strings.Cut(text, "="); routed {
		return parseRoute(host, via)
	}
	if strings.Contains(text, "://") {
		u, err := parseLoopback(text)
		if err != nil {
			return serviceRule{}, err
		}
		if u.Scheme != "http" {
			return serviceRule{}, fmt.Errorf("name an https service by its host alone")
		}
		return serviceRule{host: u.Hostname(), port: u.Port(), plain: true}, nil
	}
	host, wildcard := strings.CutPrefix(text, "*.")
	if err := checkHost(host); err != nil {
		return serviceRule{}, err
	}
	return serviceRule{host: host, wildcard: wildcard}, nil
}

func parseRoute(from, via string) (serviceRule, error) {
	u, err := parseLoopback(via)
	if err != nil {
		return serviceRule{}, err
	}
	host, path, hasPath := strings.Cut(from, "/")
	if err := checkHost(host); err != nil {
		return serviceRule{}, err
	}
	if !hasPath {
		return serviceRule{host: host, routedVia: u}, nil
	}
	path = "/" + path
	switch {
	case !routePath.MatchString(path):
		return serviceRule{}, fmt.Errorf("the path has more than letters, digits and ._~:/-")
	case u.Scheme != "http":
		// Connections over TLS are kept by the endpoint's host, so that those of
		// the route would be taken for the others.
		return serviceRule{}, fmt.Errorf("a route for a part of a host goes to http://127.0.0.1:PORT")
	}
	return serviceRule{host: host, path: path, routedVia: u}, nil
}

// routePath is a path that is written in one way only.
var routePath = regexp.MustCompile(`^/[A-Za-z0-9._~:/-]*$`)

func parseLoopback(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Port() == "" ||
		strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("want http://127.0.0.1:PORT or https://127.0.0.1:PORT")
	}
	if !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("%s is not an address of this machine", u.Hostname())
	}
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// hostName is a name of two labels or more, as it stands in endpoints.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

func checkHost(host string) error {
	if !hostName.MatchString(host) {
		return fmt.Errorf("want a host name in lower case, such as push.example.com or *.push.example.com")
	}
	return nil
}

// ErrServiceNotAllowed is returned for an endpoint whose push service is not
// in the set.
var ErrServiceNotAllowed = &FieldError{"endpoint", "belongs to no push service that this server knows"}

// A notAllowedError is an [ErrServiceNotAllowed] of which more can be said.
type notAllowedError struct{ FieldError }

func (e *notAllowedError) Unwrap() []error { return []error{&e.FieldError, ErrServiceNotAllowed} }

// notAllowed says what keeps u from belonging to a push service, where it is
// not the name.
func notAllowed(u *url.URL) error {
	var reason string
	_, err := netip.ParseAddr(u.Hostname())
	switch {
	case u.Scheme == "http":
		reason = "is plain http, which only a push service of this machine may be, if it is listed"
	case err == nil:
		reason = "is at an address, where push services have names"
	case u.Port() != "":
		reason = "names a port, where push services are at that of https"
	case !hostName.MatchString(u.Hostname()):
		reason = "is at a host whose name is not one of the internet"
	default:
		return ErrServiceNotAllowed
	}
	return &notAllowedError{FieldError{"endpoint", reason}}
}

// Check returns [ErrServiceNotAllowed] unless endpoint belongs to a push
// service of the set, and the service's name: google, mozilla, apple,
// microsoft, or the host (with the port of a local one).
func (s *Services) Check(endpoint string) (name string, err error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return "", err
	}
	rule, ok := s.match(u)
	if !ok {
		return "", notAllowed(u)
	}
	if v := vendors.Of(rule.host); v != nil {
		return v.Name, nil
	}
	return u.Host, nil
}

func (s *Services) match(u *url.URL) (serviceRule, bool) {
	for _, rule := range s.rulesOf(u) {
		if strings.HasPrefix(u.EscapedPath(), rule.path) {
			return rule, true
		}
	}
	return serviceRule{}, false
}

// rulesOf returns the rules for u's origin; the first whose path fits counts.
func (s *Services) rulesOf(u *url.URL) []serviceRule {
	var rules []serviceRule
	for _, rule := range s.rules {
		if rule.plain != (u.Scheme == "http") || rule.port != u.Port() {
			continue
		}
		host := u.Hostname()
		if rule.wildcard && strings.HasSuffix(host, "."+rule.host) && hostName.MatchString(host) || !rule.wildcard && host == rule.host {
			rules = append(rules, rule)
		}
	}
	return rules
}

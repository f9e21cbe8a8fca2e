package webhook

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// Hosts are those of the operator's own network that webhooks may call, whatever their
// address is, also by http and at other ports. All others are of the internet, by https
// at its port. The zero value has none.
type Hosts struct {
	listed map[string]bool
}

// ParseHosts reads hosts, each HOST for the port of the URL's scheme, or HOST:PORT:
// names, or addresses, those of IPv6 in brackets.
func ParseHosts(texts []string) (*Hosts, error) {
	h := &Hosts{listed: make(map[string]bool)}
	for _, text := range texts {
		u, err := url.Parse("https://" + text)
		if err != nil || u.Host != text || u.Hostname() == "" || strings.HasSuffix(text, ":") || strings.ContainsAny(text, "*,") || text != strings.ToLower(text) {
			return nil, fmt.Errorf("%q is not a host such as backend.internal, 10.0.0.5 or localhost:3000", text)
		}
		h.listed[text] = true
	}
	return h, nil
}

// lists says whether the host and port of u are listed.
func (h *Hosts) lists(u *url.URL) bool {
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if h.listed[host+":"+portOf(u)] {
		return true
	}
	return h.listed[host] && portOf(u) == schemePort[u.Scheme]
}

var schemePort = map[string]string{"https": "443", "http": "80"}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return schemePort[u.Scheme]
}

// hostName is a name of two labels or more, as the internet has them.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

// CheckURL refuses a URL that no webhook may have. The error is of type *[push.Error].
func (h *Hosts) CheckURL(field, text string) (*url.URL, error) {
	if text == "" {
		return nil, invalid(field, "is missing")
	}
	if len(text) > wire.MaxWebhookURL {
		return nil, invalid(field, fmt.Sprintf("is longer than %d bytes", wire.MaxWebhookURL))
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") {
		return nil, invalid(field, "is not a URL such as https://example.com/webhooks")
	}
	u.Host = strings.ToLower(u.Host)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, notAllowed(field, "is not https")
	case u.User != nil:
		return nil, notAllowed(field, "has a user name: the signature says who calls")
	case u.Fragment != "":
		return nil, notAllowed(field, "has a fragment, which is never sent")
	case h.lists(u):
		return u, nil
	case u.Scheme != "https":
		return nil, notAllowed(field, "is plain http: the operator can allow a host of their own network with --webhook-hosts")
	case portOf(u) != schemePort["https"]:
		return nil, notAllowed(field, "names a port other than 443: the operator can allow one with --webhook-hosts")
	case !hostName.MatchString(u.Hostname()):
		return nil, notAllowed(field, "is at a host whose name is not one of the internet: the operator can allow one with --webhook-hosts")
	}
	return u, nil
}

func invalid(field, detail string) error {
	return &push.Error{Code: wire.InvalidField, Field: field, Detail: detail}
}

func notAllowed(field, detail string) error {
	return &push.Error{Code: wire.WebhookURLNotAllowed, Field: field, Detail: detail + "."}
}

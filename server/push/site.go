package push

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A SiteID numbers a site within a store.
type SiteID int64

// A Site is one website: every row of a store belongs to one.
type Site struct {
	ID   SiteID
	Name string
	// Origins are the site's, as browsers write them. Relative URLs of
	// messages are resolved against the first.
	Origins []string
	Hours   Hours
	// UserSecret signs the tokens that tie subscriptions to users.
	UserSecret UserSecret
	// Tokens makes and reads the deliveries' tokens.
	Tokens TokenKey
}

// NewSite makes a site that no store has yet, with secrets of its own.
func NewSite(name string) Site {
	s := Site{Name: name, Hours: Hours{TimeZone: "UTC"}}
	rand.Read(s.Tokens[:])
	rand.Read(s.UserSecret[:])
	return s
}

// DefaultSite is the name of the site that a fresh server has.
const DefaultSite = "default"

// siteName keeps names apart from origins, beside which they stand in the aud of user
// tokens, and from flags.
var siteName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckSiteName refuses a text that cannot name a site.
func CheckSiteName(field, name string) error {
	if !siteName.MatchString(name) {
		return invalid(field, "%q is not a site's name: up to 63 of a-z, 0-9 and -, and not - at first.", name)
	}
	return nil
}

// A KeyID numbers a site's VAPID keys.
type KeyID int64

// A VAPIDKey is one of a site's application server keys.
type VAPIDKey struct {
	ID KeyID
	webpush.VAPIDKey
	// Current is true for the key with which browsers subscribe now.
	Current bool
	// Replaced is true for one whose place another has taken: browsers that are
	// subscribed with it are served, and subscribe anew at their next visit.
	Replaced bool
}

// BaseURL is what relative URLs of messages are resolved against. Its error is about a
// message's navigate, which leads to the site.
func (s Site) BaseURL() (*url.URL, error) {
	if len(s.Origins) == 0 {
		return nil, invalid("notification.navigate", "leads nowhere: the site %s has no origin. The default site's are set by pushkit serve --allowed-origins, another's by pushkit sites set.", s.Name)
	}
	return url.Parse(s.Origins[0] + "/")
}

// ParseMessage is [ParseMessage] of a message of the site.
func (s Site) ParseMessage(r wire.MessageRequest, now time.Time) (m *Message, warnings []string, err error) {
	base, err := s.BaseURL()
	if err != nil {
		return nil, nil, err
	}
	return ParseMessage(r, base, s.Hours, now)
}

// ParseOrigins reads origins by [ParseOrigin]. One that is there twice counts once.
func ParseOrigins(texts []string) (origins []string, err error) {
	for _, text := range texts {
		origin, err := ParseOrigin(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins, nil
}

// ParseOrigin reads an origin as an operator may write it, such as
// https://example.com or https://example.com/, into the form of browsers.
func ParseOrigin(text string) (string, error) {
	u, err := url.Parse(strings.ToLower(text))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an origin such as https://example.com", text)
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	// Browsers write a name in its ASCII form.
	host, err := idna.Punycode.ToASCII(u.Host)
	if err != nil {
		return "", fmt.Errorf("%q has no valid host name", text)
	}
	return u.Scheme + "://" + host, nil
}

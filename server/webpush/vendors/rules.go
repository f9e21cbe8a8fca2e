package vendors

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// A Vendor is a browser vendor's push service.
type Vendor struct {
	// Name is google, mozilla, apple or microsoft.
	Name string
	// Hosts are the names at which its endpoints are; "*.host" is every name below
	// host.
	Hosts []string
	// MaxBody is the longest body that it takes, encrypted, in bytes.
	MaxBody int
	TTL     TTLRule
	Topic   TopicRule
	Subject SubjectRule
	// Form is how it says that it refuses.
	Form Form
	// Reasons are its answers. The first that fits counts.
	Reasons []Reason
}

// A TTLRule is what a service asks of the TTL header, which all require.
type TTLRule struct {
	// Shortest is 1 where a TTL of 0 is refused.
	Shortest int64
	// Longest is in seconds; a longer one is taken for it.
	Longest int64
	// CachePolicy: the header X-WNS-Cache-Policy has to agree, cache for a TTL
	// above 0 and no-cache for 0; absent it counts as cache.
	CachePolicy bool
}

// A TopicRule is what a service asks of the Topic header.
type TopicRule string

// The topic rules.
const (
	// TopicAlphabet is RFC 8030 section 5.4: 1 to 32 characters of base64url.
	TopicAlphabet TopicRule = "alphabet"
	// TopicBytes: these must also decode to whole bytes, which they do not where
	// the length divided by 4 leaves 1.
	TopicBytes TopicRule = "bytes"
)

// A SubjectRule is what a service asks of the token's sub.
type SubjectRule string

// The subject rules.
const (
	// SubjectAny: the service does not look.
	SubjectAny SubjectRule = "any"
	// SubjectContact: a mailto: address or an https: URL (RFC 8292 section 2.1).
	SubjectContact SubjectRule = "contact"
	// SubjectPublic: one that somebody on the internet could have, see
	// [CheckPublicContact].
	SubjectPublic SubjectRule = "public"
)

// A Form is how a service writes what it refuses.
type Form string

// The forms.
const (
	// FormErrno is Mozilla's JSON: code, errno, error, message, more_info.
	FormErrno Form = "errno"
	// FormReason is Apple's JSON: reason.
	FormReason Form = "reason"
	// FormText is Google's plain text, or HTML where the word is a title.
	FormText Form = "text"
	// FormHeaders is Microsoft's: X-WNS- headers and an empty body.
	FormHeaders Form = "headers"
)

var all = []*Vendor{Google, Mozilla, Apple, Microsoft}

// All are the vendors.
func All() []*Vendor { return append([]*Vendor(nil), all...) }

// Named is the vendor with this name; nil: there is none.
func Named(name string) *Vendor {
	for _, v := range all {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Of is the vendor to whom a host belongs, itself or as a name below one of the
// vendor's; nil: nobody's. The host is in lower case, without a port.
func Of(host string) *Vendor {
	for _, v := range all {
		for _, own := range v.Hosts {
			own = strings.TrimPrefix(own, "*.")
			if host == own || strings.HasSuffix(host, "."+own) {
				return v
			}
		}
	}
	return nil
}

// Hosts are those of all vendors, as [Vendor.Hosts] has them.
func Hosts() (hosts []string) {
	for _, v := range all {
		hosts = append(hosts, v.Hosts...)
	}
	return hosts
}

// Lifetime is what says a TTL in seconds to the service so that it is taken: the
// TTL header, and X-WNS-Cache-Policy, empty where it is not to be sent. It may be
// called for no vendor (nil).
func (v *Vendor) Lifetime(ttl int64) (header int64, cachePolicy string) {
	if v == nil {
		return ttl, ""
	}
	ttl = max(ttl, v.TTL.Shortest)
	if !v.TTL.CachePolicy {
		return ttl, ""
	}
	return ttl, cachePolicyFor(ttl)
}

func cachePolicyFor(ttl int64) string {
	if ttl == 0 {
		return "no-cache"
	}
	return "cache"
}

// CheckTTL holds a TTL of 0 or more, and the value of X-WNS-Cache-Policy,
// against the rule; "" if it is taken.
func (v *Vendor) CheckTTL(ttl int64, cachePolicy string) Mistake {
	if ttl < v.TTL.Shortest {
		return TTLZero
	}
	if cachePolicy == "" {
		cachePolicy = "cache"
	}
	if v.TTL.CachePolicy && !strings.EqualFold(cachePolicy, cachePolicyFor(ttl)) {
		return CachePolicy
	}
	return ""
}

// topicAlphabet is RFC 8030 section 5.4.
var topicAlphabet = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// CheckTopic holds a Topic header against the rule; "" if it is taken.
func (v *Vendor) CheckTopic(topic string) Mistake {
	if !topicAlphabet.MatchString(topic) {
		return Topic
	}
	if _, err := base64.RawURLEncoding.DecodeString(topic); err != nil && v.Topic == TopicBytes {
		return TopicUndecodable
	}
	return ""
}

// CheckSubject holds the token's sub against the rule; "" if it is taken.
func (v *Vendor) CheckSubject(sub string) Mistake {
	switch {
	case v.Subject == SubjectAny:
		return ""
	case !isContact(sub):
		return VapidSubject
	case v.Subject == SubjectPublic && CheckPublicContact(sub) != nil:
		return VapidPlaceholder
	}
	return ""
}

func isContact(sub string) bool {
	if address, ok := strings.CutPrefix(sub, "mailto:"); ok {
		// RFC 6068 lets header fields follow the address.
		address, _, _ = strings.Cut(address, "?")
		_, err := mail.ParseAddress(address)
		return err == nil
	}
	u, err := url.Parse(sub)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// publicName is a host name of two labels or more.
var publicName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

// CheckPublicContact says why Apple refuses a sub; nil: it takes it. That is a
// mailto: address or https: URL at a name that can exist on the internet, without
// spaces or angle brackets.
func CheckPublicContact(sub string) error {
	u, err := url.Parse(sub)
	if err != nil {
		return fmt.Errorf("%q is not a URL", sub)
	}
	var host string
	switch u.Scheme {
	case "mailto":
		_, host, _ = strings.Cut(u.Opaque, "@")
	case "https":
		host = u.Hostname()
	default:
		return fmt.Errorf("%q is neither a mailto: nor an https: URL", sub)
	}
	if strings.ContainsAny(sub, " <>") {
		return errors.New("the subject has a space or angle brackets: Apple refuses it")
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if !publicName.MatchString(host) {
		return fmt.Errorf("%q has no public host name: Apple refuses it", sub)
	}
	for _, suffix := range []string{".local", ".invalid", ".test", ".localhost"} {
		if strings.HasSuffix(host, suffix) {
			return fmt.Errorf("%q is in %s: Apple refuses it", sub, suffix)
		}
	}
	return nil
}

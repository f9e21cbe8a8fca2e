package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// A FieldError says which member of outside input is wrong, and why.
type FieldError struct {
	// Field is the member's path in PushSubscription.toJSON(), for example
	// "keys.p256dh".
	Field  string
	Reason string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// A Subscription is a push subscription whose keys were checked: one that was
// parsed cannot hold a bad key. The zero value is not usable.
type Subscription struct {
	endpoint string
	origin   string // the beginning of endpoint
	target   string // its path and query
	public   *ecdh.PublicKey
	p256dh   [publicLength]byte // public's
	auth     [16]byte
}

// ParseSubscription checks the JSON form: the endpoint is an absolute http or
// https URL without userinfo or fragment, p256dh a point on P-256 of 65 bytes
// in uncompressed form, auth 16 bytes (RFC 8291 section 3.2). The keys may be
// base64 or base64url, padded or not. Whether the endpoint's push service may
// be called is for [Services] to say. Errors are of type *[FieldError].
func ParseSubscription(s SubscriptionJSON) (Subscription, error) {
	p256dh, err := decodeBase64(s.Keys.P256dh)
	if err != nil {
		return Subscription{}, &FieldError{"keys.p256dh", "is not base64url"}
	}
	auth, err := decodeBase64(s.Keys.Auth)
	if err != nil {
		return Subscription{}, &FieldError{"keys.auth", "is not base64url"}
	}
	return NewSubscription(s.Endpoint, p256dh, auth)
}

// NewSubscription is [ParseSubscription] for keys that are decoded already.
func NewSubscription(endpoint string, p256dh, auth []byte) (Subscription, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return Subscription{}, err
	}
	if len(p256dh) != publicLength {
		return Subscription{}, &FieldError{"keys.p256dh", fmt.Sprintf("has %d bytes, a P-256 point has 65", len(p256dh))}
	}
	public, err := ecdh.P256().NewPublicKey(p256dh)
	if err != nil {
		return Subscription{}, &FieldError{"keys.p256dh", "is not a point on the curve P-256"}
	}
	if len(auth) != 16 {
		return Subscription{}, &FieldError{"keys.auth", fmt.Sprintf("has %d bytes, an authentication secret has 16", len(auth))}
	}
	length := len(u.Scheme) + len("://") + len(u.Host)
	s := Subscription{
		endpoint: endpoint, origin: endpoint[:length], target: endpoint[length:],
		public: public, p256dh: [publicLength]byte(p256dh), auth: [16]byte(auth),
	}
	if target := u.RequestURI(); target != s.target {
		s.target = target
	}
	return s, nil
}

// Endpoint is the push service's URL for this subscription.
func (s Subscription) Endpoint() string { return s.endpoint }

// Origin is the endpoint's scheme, host and port: the VAPID audience.
func (s Subscription) Origin() string { return s.origin }

// P256dh is the browser's public key: 65 bytes, uncompressed.
func (s Subscription) P256dh() []byte { return s.p256dh[:] }

// Auth is the authentication secret: 16 bytes.
func (s Subscription) Auth() []byte { return s.auth[:] }

func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil, &FieldError{"endpoint", "is not a URL"}
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, &FieldError{"endpoint", "is not an https URL"}
	case u.Hostname() == "":
		return nil, &FieldError{"endpoint", "has no host"}
	case strings.HasSuffix(u.Host, ":"):
		return nil, &FieldError{"endpoint", "has an empty port"}
	case u.User != nil:
		return nil, &FieldError{"endpoint", "must not hold a user or password"}
	case strings.Contains(endpoint, "#"):
		return nil, &FieldError{"endpoint", "must not have a fragment"}
	case strings.ContainsFunc(endpoint, func(c rune) bool { return c <= ' ' || c > '~' }):
		return nil, &FieldError{"endpoint", "has characters that a URL cannot have"}
	case u.Host != strings.ToLower(u.Host):
		return nil, &FieldError{"endpoint", "has a host that is not in lower case"}
	case !strings.HasPrefix(endpoint, u.Scheme+"://"+u.Host):
		return nil, &FieldError{"endpoint", "has a scheme or host that is not in its plain form"}
	}
	return u, nil
}

// decodeBase64 takes base64 and base64url, padded or not: browsers give the
// unpadded base64url, other products' exports any of the four.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "+/") {
		return base64.RawStdEncoding.DecodeString(s)
	}
	return base64.RawURLEncoding.DecodeString(s)
}

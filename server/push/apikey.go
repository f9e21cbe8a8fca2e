package push

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Scope is what an API key is for.
type Scope string

// The scopes.
const (
	ScopeSend  Scope = "send"  // send messages, stop them, see what becomes of one, and set users' attributes
	ScopeRead  Scope = "read"  // look at everything
	ScopeAdmin Scope = "admin" // all that there is
)

// Scopes are those of one key.
type Scopes []Scope

// ParseScopes reads the names of scopes, at least one.
func ParseScopes(names []string) (scopes Scopes, err error) {
	for _, name := range names {
		switch scope := Scope(name); scope {
		case ScopeSend, ScopeRead, ScopeAdmin:
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		default:
			return nil, fmt.Errorf("%q is not a scope: there are send, read and admin", name)
		}
	}
	if len(scopes) == 0 {
		return nil, fmt.Errorf("there is no scope: give send, read or admin")
	}
	return scopes, nil
}

// String has the names apart by spaces (RFC 6749 section 3.3), as stores keep them.
func (s Scopes) String() string { return strings.Join(s.Names(), " ") }

// Names are the scopes as texts.
func (s Scopes) Names() []string {
	names := make([]string, len(s))
	for i, scope := range s {
		names[i] = string(scope)
	}
	return names
}

// Allow says whether a key with these scopes may make a call that needs one of
// those.
func (s Scopes) Allow(oneOf ...Scope) bool {
	return slices.ContainsFunc(s, func(scope Scope) bool { return scope == ScopeAdmin || slices.Contains(oneOf, scope) })
}

// An APIKey is what is known of a key with which a site's back end calls; the key
// itself is not.
type APIKey struct {
	ID     ID
	Site   SiteID
	Name   string
	Scopes Scopes
	// LastUsedAt and RevokedAt are zero for never.
	CreatedAt, LastUsedAt, RevokedAt time.Time
}

// An APIKeyHash is how an API key is stored: the SHA-256 of its text. API keys
// are long random texts, so that a slow hash would gain nothing; to look one up by
// its hash tells nothing by the time that it takes.
type APIKeyHash [sha256.Size]byte

// HashAPIKey returns the hash of an API key.
func HashAPIKey(key string) APIKeyHash { return sha256.Sum256([]byte(key)) }

const (
	// MinAPIKeyLength is in characters.
	MinAPIKeyLength = 16
	// maxAPIKeyName is in bytes.
	maxAPIKeyName = 100
)

// NewAPIKey makes an API key with 192 random bits.
func NewAPIKey() string {
	var raw [24]byte
	rand.Read(raw[:])
	return "pk_" + base64.RawURLEncoding.EncodeToString(raw[:])
}

// CheckAPIKeyName refuses a text that cannot name an API key.
func CheckAPIKeyName(field, name string) error { return checkText(field, name, maxAPIKeyName) }

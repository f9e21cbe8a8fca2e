package webpush

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"sync"
	"time"

	webpushgo "github.com/SherClockHolmes/webpush-go"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

const (
	// tokenLifetime is how long a VAPID token lives at most: 24 hours are
	// allowed (RFC 8292 section 2), and half of them are for the skew of clocks.
	tokenLifetime = 12 * time.Hour
	// tokenJitter is by how much some tokens live shorter, so that those of many
	// push services are not all signed anew in one moment.
	tokenJitter = time.Hour
	// tokenMargin is how long before its end a token is used no more. Apple
	// refuses new ones more than once an hour.
	tokenMargin = time.Hour
	// maxTokens bounds the cache of tokens: one for each origin and key.
	maxTokens = 4096
)

// A VAPIDKey is an application server's key pair on P-256 (RFC 8292 section 3).
type VAPIDKey struct {
	private *ecdsa.PrivateKey
	public  string
}

// GenerateVAPIDKey makes a new key pair.
func GenerateVAPIDKey() (VAPIDKey, error) {
	private, _, err := webpushgo.GenerateVAPIDKeys()
	if err != nil {
		return VAPIDKey{}, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		return VAPIDKey{}, err
	}
	// The library does not pad a scalar that begins with zeros.
	return NewVAPIDKey(new(big.Int).SetBytes(raw).FillBytes(make([]byte, 32)))
}

// NewVAPIDKey takes the private scalar, 32 bytes.
func NewVAPIDKey(private []byte) (VAPIDKey, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		return VAPIDKey{}, fmt.Errorf("not a private key on P-256: %w", err)
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return VAPIDKey{}, err
	}
	return VAPIDKey{key, base64.RawURLEncoding.EncodeToString(public)}, nil
}

// Public is the public key as browsers want it for applicationServerKey: 65
// bytes, uncompressed, in unpadded base64url.
func (k VAPIDKey) Public() string { return k.public }

// Private is the private scalar: 32 bytes. The zero VAPIDKey has none, and
// panics.
func (k VAPIDKey) Private() []byte {
	raw, err := k.private.Bytes()
	if err != nil {
		panic(err) // a VAPIDKey holds a key on P-256, which always has this form
	}
	return raw
}

// CheckApplicationServerKey says whether s is a VAPID public key in unpadded
// base64url.
func CheckApplicationServerKey(s string) error {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return &FieldError{"applicationServerKey", "is not unpadded base64url"}
	}
	if _, err := ecdh.P256().NewPublicKey(raw); err != nil {
		return &FieldError{"applicationServerKey", "is not a point on the curve P-256"}
	}
	return nil
}

// CheckSubject says whether a VAPID subject is one that every push service
// takes: a mailto: or https: URL (RFC 8292 section 2.1) whose host is a public
// name. Apple answers 403 to the others.
func CheckSubject(subject string) error { return vendors.CheckPublicContact(subject) }

// sign makes the token for one push service (RFC 8292 section 2): a JWT with
// the algorithm ES256.
func (k VAPIDKey) sign(audience, subject string, expires time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub,omitempty"`
	}{audience, expires.Unix(), subject})
	if err != nil {
		return "", err
	}
	const header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9" // {"typ":"JWT","alg":"ES256"}
	signed := header + "." + base64.RawURLEncoding.EncodeToString(claims)
	hash := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, hash[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature[:]), nil
}

// tokens keeps the Authorization header of each push service and key. It is
// safe for concurrent use; the zero value is ready.
type tokens struct {
	mu     sync.Mutex
	values map[tokenKey]token
}

type tokenKey struct{ public, audience string }

type token struct {
	header        string
	signed, until time.Time
}

// authorization returns the value of the Authorization header (RFC 8292
// section 3); the key is not empty. Signing under the lock keeps concurrent callers from signing
// twice for the same push service.
func (t *tokens) authorization(key VAPIDKey, audience, subject string, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := tokenKey{key.public, audience}
	// One from the future was signed before the clock was set back, and may end
	// too late.
	if kept, ok := t.values[at]; ok && now.Before(kept.until) && !now.Before(kept.signed.Add(-tokenMargin)) {
		return kept.header, nil
	}
	expires := now.Add(tokenLifetime - mathrand.N(tokenJitter))
	signed, err := key.sign(audience, subject, expires)
	if err != nil {
		return "", err
	}
	if t.values == nil || len(t.values) >= maxTokens {
		t.values = make(map[tokenKey]token)
	}
	header := "vapid t=" + signed + ", k=" + key.public
	t.values[at] = token{header, now, expires.Add(-tokenMargin)}
	return header, nil
}

package pushtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var errAnotherKey = errors.New("the key is not the one that the subscription was made with (RFC 8292 section 4.2)")

// A checked token was verified; its key is k.
type checked struct {
	key     string
	expires time.Time
	err     error
}

// authorize verifies who sends (RFC 8292). A token is verified once.
func (s *Service) authorize(r *http.Request) error {
	origin := "https://" + r.Host
	known, ok := s.tokens.Load(origin + " " + r.Header.Get("Authorization"))
	if !ok {
		known = verify(r.Header.Get("Authorization"), origin)
		s.tokens.Store(origin+" "+r.Header.Get("Authorization"), known)
	}
	token := known.(checked)
	s.mu.Lock()
	required := s.key
	s.mu.Unlock()
	switch {
	case token.err != nil:
		return token.err
	case !time.Now().Before(token.expires):
		return errors.New("the token has expired")
	case required != "" && token.key != required:
		return errAnotherKey
	}
	return nil
}

var vapidHeader = regexp.MustCompile(`^vapid t=([\w.-]+), ?k=([\w-]+)$`)

func verify(header, origin string) checked {
	parts := vapidHeader.FindStringSubmatch(header)
	if parts == nil {
		return checked{err: fmt.Errorf("the Authorization header is %q (RFC 8292 section 3)", header)}
	}
	point, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return checked{err: fmt.Errorf("the key k: %w", err)}
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return checked{err: fmt.Errorf("the key k: %w", err)}
	}
	token, err := jwt.Parse(parts[1], func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithAudience(origin))
	if err != nil {
		return checked{err: fmt.Errorf("the token t: %w", err)}
	}
	expires, err := token.Claims.GetExpirationTime()
	if err != nil || time.Until(expires.Time) > 24*time.Hour {
		return checked{err: errors.New("the token t lives for more than 24 hours (RFC 8292 section 2)")}
	}
	return checked{key: parts[2], expires: expires.Time}
}

package push

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pushkit/pushkit/server/wire"
)

// A UserSecret signs a site's user tokens: 32 random bytes, which the site's
// back end shares with the server.
type UserSecret [32]byte

// String is the form in which a back end is given the secret: its bytes are the
// key of HS256.
func (s UserSecret) String() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

const (
	// maxUserToken is in bytes.
	maxUserToken = 4096
	// maxUserID is in characters.
	maxUserID = 256
	// userTokenLifetime is how far ahead a token may end; clockSkew is allowed
	// besides.
	userTokenLifetime = time.Hour
	clockSkew         = time.Minute
)

// ParseUserToken returns the user's id in a token that the site's back end has
// signed: a JWT with the algorithm HS256 and the text of the site's UserSecret
// as key, sub the user's id, aud the site's name or one of its origins, exp at
// most an hour ahead. The error's code is invalid-user-token.
func (s Site) ParseUserToken(token string, now time.Time) (user string, err error) {
	if len(token) > maxUserToken {
		return "", invalidUserToken("is too long", nil)
	}
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithLeeway(clockSkew),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	_, err = parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(s.UserSecret.String()), nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "", invalidUserToken("has expired: the back end makes a new one for each page", err)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return "", invalidUserToken("is not signed with this site's user secret", err)
	case err != nil:
		return "", invalidUserToken("is not a JWT with sub, aud and exp, signed by HS256", err)
	case claims.ExpiresAt.After(now.Add(userTokenLifetime + clockSkew)):
		return "", invalidUserToken("lives longer than an hour", nil)
	case !slices.ContainsFunc(claims.Audience, func(aud string) bool { return aud == s.Name || slices.Contains(s.Origins, aud) }):
		return "", invalidUserToken("has an aud that is neither the site's name nor one of its origins", nil)
	case claims.Subject == "" || utf8.RuneCountInString(claims.Subject) > maxUserID:
		return "", invalidUserToken("has a sub that is empty or longer than 256 characters", nil)
	case strings.ContainsFunc(claims.Subject, isControl):
		return "", invalidUserToken("has a sub with a control character", nil)
	}
	return claims.Subject, nil
}

func invalidUserToken(detail string, cause error) error {
	return &Error{Code: wire.InvalidUserToken, Field: "userToken", Detail: detail + ".", Cause: cause}
}

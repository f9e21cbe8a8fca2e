package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// vapidCredentials are what the Authorization header of RFC 8292 §3 holds.
type vapidCredentials struct {
	token string           // t, a JWT not looked at yet
	point []byte           // k, 65 bytes
	key   *ecdsa.PublicKey // k, on the curve
}

// parseVapidHeader reads "vapid t=…, k=…". As in HTTP, scheme and parameter
// names are without case and values may be quoted.
func parseVapidHeader(header string) (vapidCredentials, *refusal) {
	scheme, params, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.EqualFold(scheme, "vapid") {
		return vapidCredentials{}, ruleVapidHeader.refuse("the scheme is not vapid")
	}
	values := map[string]string{}
	for param := range strings.SplitSeq(params, ",") {
		name, value, ok := strings.Cut(param, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
			value = value[1 : len(value)-1]
		}
		if _, twice := values[name]; twice || !ok || value == "" {
			return vapidCredentials{}, ruleVapidHeader.refuse("the parameters are not name=value, each once")
		}
		values[name] = value
	}
	for _, name := range []string{"t", "k"} {
		if values[name] == "" {
			return vapidCredentials{}, ruleVapidHeader.refuse("%s is missing", name)
		}
	}
	point, err := decodeBase64URL(values["k"])
	if err != nil {
		return vapidCredentials{}, ruleVapidKey.refuse("not base64url")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return vapidCredentials{}, ruleVapidKey.refuse("%d bytes that are no point on the curve", len(point))
	}
	return vapidCredentials{token: values["t"], point: point, key: key}, nil
}

// check verifies the token for an endpoint of the given origin, all but its sub.
func (c vapidCredentials) check(origin string, now time.Time) (jwt.MapClaims, *refusal) {
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}), jwt.WithoutClaimsValidation(), jwt.WithJSONNumber())
	_, err := parser.ParseWithClaims(c.token, claims, func(*jwt.Token) (any, error) { return c.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return nil, ruleVapidSignature.refuse("")
	case err != nil:
		return nil, ruleVapidToken.refuse("it cannot be read")
	}
	number, ok := claims["exp"].(json.Number)
	if !ok {
		return nil, ruleVapidToken.refuse("exp is missing or not a number")
	}
	exp, err := number.Float64()
	if err != nil {
		return nil, ruleVapidToken.refuse("exp is no number of seconds")
	}
	left := exp - float64(now.UnixMilli())/1000
	switch {
	case left <= 0:
		return nil, ruleVapidExpired.refuse("%.0f seconds ago", -left)
	case left > 24*60*60:
		return nil, ruleVapidTooLong.refuse("%.1f hours ahead", left/3600)
	}
	aud, ok := claims["aud"].(string)
	if !ok {
		return nil, ruleVapidToken.refuse("aud is missing or not a string")
	}
	if !sameOrigin(aud, origin) {
		return nil, ruleVapidAudience.refuse("aud is %q, the endpoint's origin %q", aud, origin)
	}
	return claims, nil
}

// checkSubject holds the sub of a token that was verified against what a
// vendor's service asks of it.
func checkSubject(claims jwt.MapClaims, as *vendors.Vendor) *refusal {
	if as.Subject == vendors.SubjectAny {
		return nil
	}
	sub, ok := claims["sub"].(string)
	if !ok {
		return ruleVapidToken.refuse("sub is missing or not a string")
	}
	if mistake := as.CheckSubject(sub); mistake != "" {
		return ruleFor(mistake).refuse("sub is %q", sub)
	}
	return nil
}

// sameOrigin tells whether aud is the origin; like autopush it takes a lone
// slash after it.
func sameOrigin(aud, origin string) bool {
	u, err := url.Parse(aud)
	return err == nil && strings.EqualFold(u.Scheme+"://"+u.Host, origin) && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.User == nil
}

func decodeBase64URL(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

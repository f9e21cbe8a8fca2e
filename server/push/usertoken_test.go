package push

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pushkit/pushkit/server/wire"
)

func TestUserTokenSaysWhoseSubscriptionItIs(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	site := Site{Name: "default", Origins: []string{"https://example.com"}, UserSecret: UserSecret{1, 2, 3}}
	other := UserSecret{4, 5, 6}
	in := func(d time.Duration) *jwt.NumericDate { return jwt.NewNumericDate(now.Add(d)) }
	claims := func(sub, aud string, exp *jwt.NumericDate) jwt.RegisteredClaims {
		return jwt.RegisteredClaims{Subject: sub, Audience: jwt.ClaimStrings{aud}, ExpiresAt: exp}
	}
	for name, test := range map[string]struct {
		claims jwt.RegisteredClaims
		method jwt.SigningMethod
		key    any
		reason string // empty: accepted
	}{
		"for the site's name":   {claims: claims("u1", "default", in(time.Hour))},
		"for an origin":         {claims: claims("u1", "https://example.com", in(time.Minute))},
		"expired a moment ago":  {claims: claims("u1", "default", in(-30*time.Second))},
		"expired":               {claims: claims("u1", "default", in(-2*time.Minute)), reason: "expired"},
		"for a day":             {claims: claims("u1", "default", in(24*time.Hour)), reason: "longer than an hour"},
		"without an end":        {claims: claims("u1", "default", nil), reason: "exp"},
		"for another site":      {claims: claims("u1", "https://evil.example", in(time.Minute)), reason: "aud"},
		"for nobody":            {claims: claims("", "default", in(time.Minute)), reason: "sub"},
		"for a name with a NUL": {claims: claims("u\x00", "default", in(time.Minute)), reason: "control character"},
		"for a very long name":  {claims: claims(strings.Repeat("u", 257), "default", in(time.Minute)), reason: "sub"},
		"with another secret":   {claims: claims("u1", "default", in(time.Minute)), key: []byte(other.String()), reason: "not signed"},
		"with another method":   {claims: claims("u1", "default", in(time.Minute)), method: jwt.SigningMethodHS512, reason: "not signed"},
		"without any signature": {claims: claims("u1", "default", in(time.Minute)), method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType, reason: "not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			method, key := test.method, test.key
			if method == nil {
				method = jwt.SigningMethodHS256
			}
			if key == nil {
				key = []byte(site.UserSecret.String())
			}
			token, err := jwt.NewWithClaims(method, test.claims).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			user, err := site.ParseUserToken(token, now)
			if test.reason == "" {
				if err != nil || user != "u1" {
					t.Fatalf("got %q, %v", user, err)
				}
				return
			}
			if CodeOf(err) != wire.InvalidUserToken || !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("got %q, %v; want an error about %q", user, err, test.reason)
			}
		})
	}
}

func FuzzParseUserToken(f *testing.F) {
	site := Site{Name: "default", UserSecret: UserSecret{1}}
	f.Add("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.x")
	f.Fuzz(func(t *testing.T, token string) {
		if user, err := site.ParseUserToken(token, time.Unix(0, 0)); err == nil {
			t.Fatalf("%q is accepted, for %q", token, user)
		}
	})
}

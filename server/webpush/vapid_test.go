package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func newKey(t testing.TB) VAPIDKey {
	t.Helper()
	key, err := GenerateVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// verify checks an Authorization header as a push service does, at a time, and
// returns the token's claims.
func verify(t *testing.T, header string, key VAPIDKey, at time.Time) jwt.MapClaims {
	t.Helper()
	parts := regexp.MustCompile(`^vapid t=([\w.-]+), k=([\w-]+)$`).FindStringSubmatch(header)
	if parts == nil {
		t.Fatalf("the header %q is not that of RFC 8292", header)
	}
	if parts[2] != key.Public() {
		t.Errorf("k is %s, want %s", parts[2], key.Public())
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Parse(parts[1], func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return at }))
	if err != nil {
		t.Fatal(err)
	}
	return token.Claims.(jwt.MapClaims)
}

func TestTokenIsWhatPushServicesVerify(t *testing.T) {
	key, now := newKey(t), time.Unix(1_800_000_000, 0)
	for _, subject := range []string{"", "mailto:push@example.com"} {
		var kept tokens
		header, err := kept.authorization(key, "https://web.push.apple.com", subject, now)
		if err != nil {
			t.Fatal(err)
		}
		claims := verify(t, header, key, now)
		if claims["aud"] != "https://web.push.apple.com" {
			t.Errorf("aud is %v", claims["aud"])
		}
		if expires, _ := claims.GetExpirationTime(); expires.Sub(now) < tokenLifetime-tokenJitter-time.Second || expires.Sub(now) > tokenLifetime {
			t.Errorf("exp is %v ahead, want up to %v less than %v", expires.Sub(now), tokenJitter, tokenLifetime)
		}
		if got, given := claims["sub"]; given != (subject != "") || given && got != subject {
			t.Errorf("with the subject %q sub is %v", subject, got)
		}
	}
}

func TestTokenIsReusedForItsOriginAndKey(t *testing.T) {
	var kept tokens
	key, now := newKey(t), time.Now()
	get := func(key VAPIDKey, origin string, at time.Time) string {
		header, err := kept.authorization(key, origin, "", at)
		if err != nil {
			t.Fatal(err)
		}
		return header
	}
	first := get(key, "https://a.example", now)
	expires, _ := verify(t, first, key, now).GetExpirationTime()
	until := expires.Add(-tokenMargin)
	if get(key, "https://a.example", until.Add(-time.Second)) != first {
		t.Error("it was signed again within its time")
	}
	if get(key, "https://b.example", now) == first {
		t.Error("another origin got the same token")
	}
	if get(newKey(t), "https://a.example", now) == first {
		t.Error("another key got the same token")
	}
	if get(key, "https://a.example", until.Add(time.Second)) == first {
		t.Error("it is reused for longer than its time")
	}
}

func TestAClockSetBackDoesNotReuseATokenForEver(t *testing.T) {
	var kept tokens
	key, now := newKey(t), time.Now()
	wrong := now.Add(48 * time.Hour)
	if _, err := kept.authorization(key, "https://a.example", "", wrong); err != nil {
		t.Fatal(err)
	}
	header, err := kept.authorization(key, "https://a.example", "", now)
	if err != nil {
		t.Fatal(err)
	}
	if expires, _ := verify(t, header, key, now).GetExpirationTime(); expires.Sub(now) > 24*time.Hour {
		t.Errorf("exp is %v ahead: push services refuse more than 24 hours", expires.Sub(now))
	}
}

func TestTokensAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("signs thousands of tokens")
	}
	var kept tokens
	key, now := newKey(t), time.Now()
	for i := range maxTokens + 2 {
		if _, err := kept.authorization(key, fmt.Sprintf("https://wns%d.notify.windows.com", i), "", now); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept.values) > maxTokens {
		t.Errorf("%d tokens are kept, want at most %d", len(kept.values), maxTokens)
	}
}

func TestConcurrentSendersShareAToken(t *testing.T) {
	var kept tokens
	key, now := newKey(t), time.Now()
	headers := make([]string, 16)
	var all sync.WaitGroup
	for i := range headers {
		all.Go(func() { headers[i], _ = kept.authorization(key, "https://a.example", "", now) })
	}
	all.Wait()
	for _, header := range headers {
		if header == "" || header != headers[0] {
			t.Fatalf("%q beside %q", header, headers[0])
		}
	}
}

func TestVAPIDKeySurvivesStorage(t *testing.T) {
	for range 50 {
		key := newKey(t)
		if len(key.Private()) != 32 || CheckApplicationServerKey(key.Public()) != nil {
			t.Fatalf("%d bytes, %s", len(key.Private()), key.Public())
		}
		again, err := NewVAPIDKey(key.Private())
		if err != nil || again.Public() != key.Public() {
			t.Fatalf("got %s, %v; want %s", again.Public(), err, key.Public())
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 32), make([]byte, 31), []byte(strings.Repeat("\xff", 32))} {
		if _, err := NewVAPIDKey(bad); err == nil {
			t.Errorf("%x was taken for a private key", bad)
		}
	}
}

func TestCheckSubject(t *testing.T) {
	for _, good := range []string{"mailto:push@example.com", "https://example.com", "https://example.com/contact", "https://a.b.example.co.uk:8443/", "https://xn--mnchen-3ya.de"} {
		if err := CheckSubject(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "push@example.com", "example.com", "http://example.com", "mailto:", "mailto:push", "mailto:push@localhost",
		"mailto:me@host.local", "mailto:me@host.LOCAL", "mailto:me@host.local.", "mailto:me@example.invalid", "https://localhost", "https://localhost:8080",
		"https://site.test", "https://site.test./", "https://app.localhost", "https://127.0.0.1", "https://[::1]/", "https://", "https://.com",
		"mailto://me@example.com", "tel:+491234", "https://exa mple.com", "https://example.com\n",
	} {
		if err := CheckSubject(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzCheckSubject(f *testing.F) {
	for _, seed := range []string{"mailto:push@example.com", "https://example.com", "mailto:me@host.local", "https://%zz", "mailto:@@."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		if CheckSubject(subject) != nil {
			return
		}
		if !strings.HasPrefix(strings.ToLower(subject), "mailto:") && !strings.HasPrefix(strings.ToLower(subject), "https://") || !strings.Contains(subject, ".") {
			t.Fatalf("%q was taken", subject)
		}
	})
}

func FuzzCheckApplicationServerKey(f *testing.F) {
	f.Add(exampleP256dh)
	f.Add(exampleP256dh + "=")
	f.Add("")
	f.Fuzz(func(t *testing.T, key string) {
		err := CheckApplicationServerKey(key)
		var field *FieldError
		if err != nil && (!errors.As(err, &field) || field.Field != "applicationServerKey") {
			t.Fatalf("the error %v names no field", err)
		}
		if raw, _ := base64.RawURLEncoding.DecodeString(key); err == nil && (len(raw) != publicLength || raw[0] != 4) {
			t.Fatalf("%q was taken", key)
		}
	})
}

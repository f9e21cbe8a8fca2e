package webpush

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// forms are a key as other products keep it.
func forms(t testing.TB, key VAPIDKey) map[string]string {
	t.Helper()
	block := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key.private)
	p8 := block("PRIVATE KEY", pkcs8, err)
	der, err := x509.MarshalECPrivateKey(key.private)
	sec1 := block("EC PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	spki := block("PUBLIC KEY", der, err)
	raw, err := base64.RawURLEncoding.DecodeString(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	private, text := base64.RawURLEncoding.EncodeToString(key.Private()), base64.RawURLEncoding.EncodeToString
	return map[string]string{
		"web-push --json": fmt.Sprintf(`{"publicKey":%q,"privateKey":%q}`, key.Public(), private),
		"web-push":        fmt.Sprintf("\n=======================================\n\nPublic Key:\n%s\n\nPrivate Key:\n%s\n\n=======================================\n", key.Public(), private),
		".env":            fmt.Sprintf("VAPID_PUBLIC_KEY=%q\r\nVAPID_PRIVATE_KEY=%q\r\n", base64.StdEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(key.Private())),
		"two strings":     private + " " + key.Public(),
		"PKCS #8":         p8,
		"SEC 1":           "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + sec1,
		"both in PEM":     spki + p8,
		"JWK":             fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q,"d":%q,"ext":true}`, text(raw[1:33]), text(raw[33:]), private),
	}
}

func TestAVAPIDKeyIsReadInEachForm(t *testing.T) {
	key, other := newKey(t), newKey(t)
	for name, text := range forms(t, key) {
		got, err := ParseVAPIDKey([]byte(text))
		if err != nil || got.Public() != key.Public() || !bytes.Equal(got.Private(), key.Private()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// webpush-go leaves the zeros out with which a scalar begins.
	short, err := NewVAPIDKey(big.NewInt(1).Lsh(big.NewInt(77), 240).FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"%s %s", `{"publicKey":"%s","privateKey":"%s"}`} {
		text := fmt.Sprintf(form, short.Public(), base64.RawURLEncoding.EncodeToString(short.Private()[1:]))
		if got, err := ParseVAPIDKey([]byte(text)); err != nil || got.Public() != short.Public() {
			t.Errorf("%s: %v", form, err)
		}
	}

	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := forms(t, other), forms(t, key)
	spki, _, _ := strings.Cut(theirs["both in PEM"], "-----BEGIN PRIVATE")
	for text, want := range map[string]string{
		strings.Replace(ours["JWK"], `"x":"`, `"x":"`+theirs["JWK"][31:35], 1):    "32 bytes",
		strings.ReplaceAll(ours["web-push --json"], key.Public(), other.Public()): "not that of the private key",
		strings.ReplaceAll(ours["two strings"], key.Public(), other.Public()):     "not that of the private key",
		spki + ours["PKCS #8"]: "not that of the private key",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})): "not on the curve P-256",
		spki: "no private key",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n": "is encrypted",
		`{"kty":"EC","crv":"P-384","d":"AA"}`:                                                "not on the curve P-256",
		`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`:                                       "is a public key",
		`{"publicKey":"AA"}`: "not both",
		`{"publicKey":`:      "not JSON",
		ours["two strings"] + " " + theirs["two strings"]: "more than one",
		key.Public(): "no key pair",
		"":           "no key pair",
		key.Public() + " " + strings.Repeat("A", 43): "not on the curve P-256",
	} {
		if _, err := ParseVAPIDKey([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParseVAPIDKey(f *testing.F) {
	key := newKey(f)
	for _, text := range forms(f, key) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseVAPIDKey(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			return
		}
		if again, err := NewVAPIDKey(got.Private()); err != nil || again.Public() != got.Public() {
			t.Fatal("it holds no pair")
		}
	})
}

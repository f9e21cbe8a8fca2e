package webpush

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// ParseVAPIDKey reads a VAPID key pair in the forms in which senders keep it:
//   - JSON {"publicKey", "privateKey"}, and the text around two strings that npx
//     web-push generate-vapid-keys prints, each in base64 or base64url;
//   - PEM, the private key as PKCS #8 or SEC 1 (RFC 5915);
//   - a JWK (RFC 7517).
//
// A public key beside the private one must belong to it. Errors do not hold what
// was read.
func ParseVAPIDKey(text []byte) (VAPIDKey, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	switch {
	case bytes.Contains(text, []byte("-----BEGIN ")):
		return parsePEM(text)
	case bytes.HasPrefix(text, []byte("{")):
		return parseKeyJSON(text)
	}
	return parseKeyWords(string(text))
}

func parsePEM(text []byte) (VAPIDKey, error) {
	var private, public any
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		case "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return VAPIDKey{}, errors.New("the private key is encrypted: openssl pkcs8 -in FILE gives it without")
		}
		if err != nil {
			return VAPIDKey{}, fmt.Errorf("the PEM block %q holds no key on P-256", block.Type)
		}
	}
	if private == nil {
		return VAPIDKey{}, errors.New("no private key in PEM")
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return VAPIDKey{}, errors.New("the private key is not on the curve P-256")
	}
	raw, err := key.Bytes()
	if err != nil {
		return VAPIDKey{}, errors.New("the private key is not on the curve P-256")
	}
	if public != nil && !key.PublicKey.Equal(public) {
		return VAPIDKey{}, errNoPair
	}
	return pair(nil, raw)
}

func parseKeyJSON(text []byte) (VAPIDKey, error) {
	var o struct {
		PublicKey, PrivateKey string
		Kty, Crv, D, X, Y     string
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return VAPIDKey{}, errors.New("it is not JSON of a key pair")
	}
	if o.Kty == "" {
		if o.PublicKey == "" || o.PrivateKey == "" {
			return VAPIDKey{}, errors.New("the JSON has not both publicKey and privateKey")
		}
		return parseKeyTexts(o.PublicKey, o.PrivateKey)
	}
	if o.Kty != "EC" || o.Crv != "P-256" {
		return VAPIDKey{}, errors.New("the JWK is not on the curve P-256")
	}
	if o.D == "" {
		return VAPIDKey{}, errors.New("the JWK is a public key: its private one, with d, is needed")
	}
	x, errX := decodeBase64(o.X)
	y, errY := decodeBase64(o.Y)
	d, errD := decodeBase64(o.D)
	if errors.Join(errX, errY, errD) != nil || len(x) != 32 || len(y) != 32 {
		return VAPIDKey{}, errors.New("the JWK's x, y and d are not 32 bytes of base64url each")
	}
	return pair(append(append([]byte{4}, x...), y...), d)
}

func parseKeyTexts(public, private string) (VAPIDKey, error) {
	p, err := decodeBase64(strings.TrimSpace(public))
	if err != nil || len(p) != publicLength {
		return VAPIDKey{}, errors.New("the public key is not 65 bytes of base64url")
	}
	d, err := decodeBase64(strings.TrimSpace(private))
	if err != nil {
		return VAPIDKey{}, errors.New("the private key is not base64url")
	}
	return pair(p, d)
}

// parseKeyWords finds the two keys among other words by their lengths, such as in
// VAPID_PUBLIC_KEY="…".
func parseKeyWords(text string) (VAPIDKey, error) {
	var public, private string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n=:,;'\"", r) }) {
		raw, err := decodeBase64(word)
		switch {
		case err != nil:
		case len(raw) == publicLength && raw[0] == 4 && (public == "" || public == word):
			public = word
		// A private key that begins with zeros is shorter in some products.
		case len(raw) >= 30 && len(raw) <= 32 && (private == "" || private == word):
			private = word
		case len(raw) >= 30 && len(raw) <= publicLength:
			return VAPIDKey{}, errors.New("it holds more than one key pair")
		}
	}
	if public == "" || private == "" {
		return VAPIDKey{}, errors.New("it holds no key pair: a public key of 87 characters and a private key of 43 in base64url, PEM, or a JWK")
	}
	return parseKeyTexts(public, private)
}

var errNoPair = errors.New("the public key is not that of the private key")

// pair makes a key of its private scalar, whose public point may be nil.
func pair(public, private []byte) (VAPIDKey, error) {
	if len(private) > 32 || len(private) == 0 {
		return VAPIDKey{}, errors.New("the private key is not 32 bytes")
	}
	key, err := NewVAPIDKey(append(make([]byte, 32-len(private), 32), private...))
	if err != nil {
		return VAPIDKey{}, errors.New("the private key is not on the curve P-256")
	}
	if public != nil && base64.RawURLEncoding.EncodeToString(public) != key.Public() {
		return VAPIDKey{}, errNoPair
	}
	return key, nil
}

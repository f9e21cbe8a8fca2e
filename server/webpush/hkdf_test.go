package webpush

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

// The first example of RFC 8188 section 3.1, with the intermediate values that it
// shows.
func TestKeysOfTheExampleOfRFC8188(t *testing.T) {
	prk := hkdfExtract(unbase64(t, "I1BsxtFttlv3u_Oo94xnmw"), unbase64(t, "yqdlZ-tYemfogSmv7Ws5PQ"))
	key, nonce := hkdfExpand(&prk, []byte(keyInfo)), hkdfExpand(&prk, []byte(nonceInfo))
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"PRK", "zyeH5phsIsgUyd4oiSEIy35x-gIi4aM7y0hCF8mwn9g", prk[:]},
		{"CEK", "_wniytB-ofscZDh4tbSjHw", key[:16]},
		{"NONCE", "Bcs8gkIRKLI8GeI8", nonce[:12]},
	} {
		if got := base64.RawURLEncoding.EncodeToString(c.got); got != c.want {
			t.Errorf("the %s is %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzHKDFIsThatOfTheStandardLibrary(f *testing.F) {
	f.Add([]byte("salt"), []byte("secret"), []byte("info"))
	f.Add(make([]byte, sha256.BlockSize), make([]byte, maxInput), make([]byte, maxInput-1))
	f.Fuzz(func(t *testing.T, salt, secret, info []byte) {
		if len(salt) > sha256.BlockSize || len(secret) > maxInput || len(info) > maxInput-1 {
			t.Skip("longer than messages need")
		}
		prk := hkdfExtract(salt, secret)
		want, err := hkdf.Extract(sha256.New, secret, salt)
		if err != nil || !bytes.Equal(prk[:], want) {
			t.Fatalf("extract gives %x, want %x (%v)", prk, want, err)
		}
		out := hkdfExpand(&prk, info)
		if want, err = hkdf.Expand(sha256.New, want, string(info), sha256.Size); err != nil || !bytes.Equal(out[:], want) {
			t.Fatalf("expand gives %x, want %x (%v)", out, want, err)
		}
	})
}

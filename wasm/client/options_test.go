//go:build !js

package client

import (
	"encoding/base64"
	"testing"
)

// Whatever a server or page gives as its key, one that is taken is as
// formatKey would write it: written otherwise it would differ from the
// browser's at each visit, and end the subscription each time.
func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"", keyA, keyA + "=", keyA[:86], keyA[:40] + "\n" + keyA[40:], keyA[:86] + "R", "BQ" + keyA[2:], "\x00", "ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseKey(text)
		if err != nil {
			return
		}
		bytes, err := base64.RawURLEncoding.Strict().DecodeString(key)
		if err != nil || len(bytes) != 65 || bytes[0] != 4 || formatKey(bytes) != key {
			t.Errorf("%q became %q, error %v", text, key, err)
		}
	})
}

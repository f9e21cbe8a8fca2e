package push

import (
	"strings"
	"testing"
)

func TestAnIdempotencyKeyHasAForm(t *testing.T) {
	for _, good := range [][]string{nil, {"k"}, {`"8e03978e-40d5-43dd-bc93-6894a57f9324"`}, {"a b"}, {strings.Repeat("k", 255)}} {
		if key, err := ParseIdempotencyKey(good); err != nil || key != strings.Join(good, "") {
			t.Errorf("%q: got %q, %v", good, key, err)
		}
	}
	for _, bad := range [][]string{{""}, {"a", "b"}, {"a", "a"}, {"a\tb"}, {"é"}, {"\x7f"}, {strings.Repeat("k", 256)}} {
		if key, err := ParseIdempotencyKey(bad); err == nil || key != "" {
			t.Errorf("%q: got %q, %v", bad, key, err)
		}
	}
}

package webhook

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "soon": 0, "1e3": 0, "99999999999": 0,
		"Sun, 29 Nov 2026 09:01:00 GMT": time.Minute, "Sun, 29 Nov 2026 08:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Sun, 29 Nov 2026 09:01:00 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if got := retryAfter(text, time.Unix(1795000000, 0)); got < 0 {
			t.Errorf("%q: got %s", text, got)
		}
	})
}

func FuzzPrintable(f *testing.F) {
	f.Add("no\r\nmore \xff")
	f.Add(strings.Repeat("ü", 200))
	f.Fuzz(func(t *testing.T, text string) {
		if got := printable(text); !utf8.ValidString(got) || len(got) > maxReason+len("…") || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

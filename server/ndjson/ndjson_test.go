package ndjson

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		"\n \r\n\n":             nil,
		"a":                     {"1 a"},
		"a\r\n\n  bb  \n":       {"1 a", "3 bb"},
		"12345678\nb":           {"1 12345678", "2 b"},
		"123456789\nb":          {"1 too long", "2 b"},
		strings.Repeat("x", 50): {"1 too long"},
		strings.Repeat("x", 50) + "\n\n12345678\n": {"1 too long", "3 12345678"},
	} {
		// The least buffer is of 16 bytes.
		for _, longest := range []int{9, 20} {
			if longest == 20 {
				want = nil
				for i, line := range strings.Split(text, "\n") {
					if trimmed := strings.TrimSpace(line); len(line) >= longest {
						want = append(want, fmt.Sprint(i+1, " too long"))
					} else if trimmed != "" {
						want = append(want, fmt.Sprint(i+1, " ", trimmed))
					}
				}
			}
			from := strings.NewReader(text)
			r := NewReader(from, longest)
			var got []string
			for {
				line, err := r.Next()
				if err != nil {
					if err != io.EOF || from.Len() > 0 {
						t.Errorf("%q: %d bytes are left, %v", text, from.Len(), err)
					}
					break
				}
				if line.TooLong {
					line.Text = []byte("too long")
				}
				got = append(got, fmt.Sprintf("%d %s", line.Number, line.Text))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, up to %d: got %q, want %q", text, longest, got, want)
			}
		}
	}
}

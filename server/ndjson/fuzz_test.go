package ndjson

import (
	"bytes"
	"io"
	"testing"
)

// Whatever comes, lines end, and none is longer than it may be.
func FuzzReader(f *testing.F) {
	f.Add([]byte("{}\n\n{}\r\n"), uint8(10))
	f.Add([]byte("a line that is too long\nx"), uint8(3))
	f.Add([]byte("eleven byte\n"), uint8(3))
	f.Add([]byte("\xff\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, longest uint8) {
		most := int(longest) + 1
		from, last := bytes.NewReader(text), int64(0)
		lines := NewReader(from, most)
		for {
			line, err := lines.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(line.Text) > most || line.Number <= last || line.Number > int64(len(text))+1 {
				t.Fatalf("line %d after %d has %d bytes of at most %d", line.Number, last, len(line.Text), most)
			}
			last = line.Number
		}
		if from.Len() > 0 {
			t.Fatalf("%d bytes are left", from.Len())
		}
	})
}

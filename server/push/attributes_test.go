package push

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

// FuzzParseAttributes: those that are taken are texts, numbers and booleans, and come
// back from a store as they went.
func FuzzParseAttributes(f *testing.F) {
	f.Add(`{"name": "Ada", "points": 12, "premium": true}`)
	f.Add(`{"a": null, "b": [1], "c": {"d": 1}}`)
	f.Add(`{"a": 1e999, "b": "\\u0000"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r wire.UserRequest
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&r.Attributes) != nil {
			return
		}
		a, err := ParseAttributes(r)
		if err != nil {
			if CodeOf(err) != wire.InvalidField {
				t.Fatal(err)
			}
			return
		}
		encoded, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := DecodeAttributes(encoded); err != nil || again == nil || !maps.Equal(again, a) {
			t.Fatalf("%s came back as %v, %v", encoded, again, err)
		}
		for name := range a {
			a.text(name)
		}
	})
}

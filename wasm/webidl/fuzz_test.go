//go:build !js

package webidl

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

// Whatever a page, a server or a database holds, Decode answers and what it
// accepted encodes to something that it accepts again, to the same end.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`null`, `[]`, `"x"`, `{"endpoint":"e","keys":{"p256dh":"p","auth":"a"},"channels":["a"]}`,
		`{"wanted":true,"channels":[],"wantedChannels":["a"],"removing":""}`,
		`{"status":4.5,"code":"x"}`, `{"at":1e400}`, `{"data":{"a":[null]}}`, `{"expirationTime":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var tree any
		if json.Unmarshal([]byte(text), &tree) != nil {
			t.Skip()
		}
		for _, dst := range []any{
			new(wire.Config), new(wire.SubscribeRequest), new(wire.SubscribeResponse), new(wire.Problem),
			new(wire.Record), new(wire.EventRecord), new(wire.WorkerMessage),
		} {
			if Decode(tree, dst) != nil {
				continue
			}
			encoded, err := Encode(dst)
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(reflect.TypeOf(dst).Elem()).Interface()
			if err := Decode(encoded, again); err != nil {
				t.Fatal(err)
			}
			if third, err := Encode(again); err != nil || !reflect.DeepEqual(encoded, third) {
				t.Errorf("%v became %v, error %v", encoded, third, err)
			}
		}
	})
}

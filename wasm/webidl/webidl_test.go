package webidl

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
)

func pointer[T any](v T) *T { return &v }

// A tree is what encoding/json makes of the same struct: the server reads it
// with encoding/json.
func TestEncodeAgreesWithEncodingJSON(t *testing.T) {
	type named string
	for name, v := range map[string]any{
		"required members": wire.SubscribeRequest{Channels: nil},
		"all members": wire.SubscribeRequest{
			Endpoint: "e", ExpirationTime: pointer(1.5), Keys: wire.Keys{P256dh: "p", Auth: "a"},
			ApplicationServerKey: "k", Channels: &[]string{"c"}, AddChannels: []string{"x"},
			RemoveChannels: []string{"y"}, Locale: "de", TimeZone: "Europe/Berlin", UserToken: "t", Replaces: "r",
		},
		"a pointer to something empty": wire.SubscribeRequest{Channels: &[]string{}},
		"a record":                     wire.Record{Channels: []string{"a"}, Wanted: true, WantedChannels: &[]string{"b"}},
		"a pointer":                    &wire.RemoveRequest{Endpoint: "e"},
		"an integer":                   wire.EventReport{Token: "t", At: 1 << 52},
		"a named string":               wire.Problem{Code: wire.Internal, Status: 500},
		"any":                          wire.WorkerMessage{Data: map[string]any{"a": []any{1.0, nil, true, named("n")}}},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := Encode(v)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := viaJSON(t, tree), viaJSON(t, v); !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func viaJSON(t *testing.T, v any) (tree any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// A nil slice is an empty list: the TypeScript types know no null there.
func TestEncodeNilSlice(t *testing.T) {
	tree, err := Encode(wire.Record{})
	if err != nil {
		t.Fatal(err)
	}
	if channels, ok := tree.(map[string]any)["channels"].([]any); !ok || len(channels) != 0 {
		t.Errorf("channels is %#v", tree.(map[string]any)["channels"])
	}
}

func TestEncodeRefusesWhatJavaScriptLacks(t *testing.T) {
	if _, err := Encode(struct{ C chan int }{make(chan int)}); err == nil {
		t.Error("no error for a channel")
	}
}

// Each mismatch names the member and both types; what fits is stored.
func TestDecodeChecksTypes(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		dst  any
		want string
	}{
		"fits":            {`{"id": "1", "channels": ["a"], "more": 1}`, new(wire.SubscribeResponse), ""},
		"null":            {`{"id": null, "channels": null}`, new(wire.SubscribeResponse), ""},
		"string":          {`{"id": 1}`, new(wire.SubscribeResponse), "id must be a string, not the number 1"},
		"list":            {`{"channels": "a"}`, new(wire.SubscribeResponse), "channels must be a list, not a string"},
		"element":         {`{"channels": ["a", null]}`, new(wire.SubscribeResponse), "channels[1] must be a string, not null"},
		"object":          {`[]`, new(wire.SubscribeResponse), "the value must be an object, not a list"},
		"boolean":         {`{"wanted": {}}`, new(wire.Record), "wanted must be a boolean, not an object"},
		"nested":          {`{"keys": {"auth": true}}`, new(wire.SubscribeRequest), "keys.auth must be a string, not a boolean"},
		"number":          {`{"expirationTime": "x"}`, new(wire.SubscribeRequest), "expirationTime must be a number, not a string"},
		"fraction":        {`{"at": 1.5}`, new(wire.EventReport), "at must be a whole number, not the number 1.5"},
		"too large":       {`{"at": 1e300}`, new(wire.EventReport), "at must be a whole number, not the number 1e+300"},
		"whole and large": {`{"at": 1700000000000}`, new(wire.EventReport), ""},
		"optional list":   {`{"channels": ["a", "b"]}`, new(wire.SubscribeRequest), ""},
		"any":             {`{"data": {"a": [1, "b"]}}`, new(wire.WorkerMessage), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var tree any
			if err := json.Unmarshal([]byte(test.text), &tree); err != nil {
				t.Fatal(err)
			}
			err := Decode(tree, test.dst)
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Fatalf("error %v, want %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := reflect.New(reflect.TypeOf(test.dst).Elem())
			if err := json.Unmarshal([]byte(test.text), want.Interface()); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(test.dst, want.Interface()) {
				t.Errorf("got %+v, want %+v", test.dst, want)
			}
		})
	}
}

package client

import (
	"reflect"
	"testing"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// The worker writes into the record too, and a change by the page keeps that.
func TestARecordKeepsWhatTheWorkerWroteInIt(t *testing.T) {
	kept := map[string]any{
		"server": server, "endpoint": "e", "applicationServerKey": keyA, "id": "1", "channels": []any{"news"},
		"wanted": true, "pending": false, "removing": "",
		"lastPush": map[string]any{"at": 1.7e12, "title": "t", "outcome": wire.PushShown},
	}
	var record wire.Record
	if err := webidl.Decode(kept, &record); err != nil {
		t.Fatal(err)
	}
	again, err := webidl.Encode(record)
	if err != nil || !reflect.DeepEqual(again, any(kept)) {
		t.Errorf("%v\n%v, want\n%v", err, again, kept)
	}
}

package transfer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/transfer"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	endpoint = `"endpoint": "https://fcm.googleapis.com/a"`
	keys     = `"keys": {"p256dh": "` + pushtest.P256dh + `", "auth": "` + pushtest.Auth + `"}`
)

func TestALine(t *testing.T) {
	services := pushtest.Services(t)
	for text, want := range map[string]string{
		`{` + endpoint + `, ` + keys + `}`:                                                   "",
		`{` + endpoint + `, "expirationTime": null, ` + keys + `}`:                           "",
		`{` + endpoint + `, "expirationTime": 1e12, ` + keys + `, "contentEncoding": "x"}`:   "",
		`{"subscription": {` + endpoint + `, "expirationTime": 3, ` + keys + `}}`:            "",
		`{"user": "u", "subscription": {` + endpoint + `, ` + keys + `}, "channels": ["a"]}`: "",
		"  {" + endpoint + ", " + keys + "}\t":                                               "",
		`{` + endpoint + `, ` + keys + `, "subscription": {` + endpoint + `, ` + keys + `}}`: "invalid-field: subscription is there beside",
		`{` + endpoint + `, "keys": {"p256dh": "` + pushtest.P256dh:                          "invalid-json: It ends in the middle",
		`{` + endpoint:                        "invalid-json: It ends in the middle",
		`hello`:                               "invalid-json: It is not JSON",
		`{` + endpoint + `, ` + keys + `} {}`: "invalid-json: It is not JSON",
		`[]`:                                  "invalid-json: It is a JSON array",
		`null`:                                "invalid-field: endpoint is missing",
		`{"endpoint": 5}`:                     "invalid-field: endpoint cannot be a JSON number",
		`{"keys": {"auth": 5}}`:               "invalid-field: keys.auth cannot be a JSON number",
		"{\x00\"endpoint\": 5}":               "invalid-json: It holds NUL bytes",
		"\ufeff{}":                            "invalid-json: It is not JSON",
		`{"endpoint": "https://evil.example/a", ` + keys + `}`:                                "push-service-not-allowed",
		`{"endpoint": "https://permanently-removed.invalid/a", ` + keys + `}`:                 "endpoint-permanently-removed",
		`{` + endpoint + `, "keys": {"p256dh": "AAAA", "auth": "` + pushtest.Auth + `"}}`:     "invalid-field: keys.p256dh has 3 bytes",
		`{` + endpoint + `, "keys": {"p256dh": "` + pushtest.P256dh + `", "auth": "AAAA"}}`:   "invalid-field: keys.auth has 3 bytes",
		`{` + endpoint + `, ` + keys + `, "userToken": "x"}`:                                  "invalid-field: userToken is a browser's",
		`{` + endpoint + `, ` + keys + `, "replaces": "https://fcm.googleapis.com/b"}`:        "invalid-field: replaces is a browser's",
		`{` + endpoint + `, ` + keys + `, "user": "` + strings.Repeat("x", 257) + `"}`:        "invalid-field: user is longer than 256 characters",
		`{` + endpoint + `, ` + keys + `, "user": "a\u0000b"}`:                                "invalid-field: user has a control character",
		`{` + endpoint + `, ` + keys + `, "id": "7"}`:                                         "invalid-field: id is not the id",
		`{` + endpoint + `, ` + keys + `, "createdAt": "yesterday"}`:                          "invalid-field: createdAt is not a time",
		`{` + endpoint + `, ` + keys + `, "lastSeenAt": "0001-01-01T00:00:00Z"}`:              "invalid-field: lastSeenAt is not a time",
		`{` + endpoint + `, ` + keys + `, "channels": [""]}`:                                  "invalid-field: channels has an empty name",
		strings.Repeat(`{"subscription":`, 20_000) + `{}` + strings.Repeat(`}`, 20_000) + ` `: "invalid-json: It is not JSON",
	} {
		item, err := transfer.ParseLine([]byte(text), services)
		if want == "" && (err != nil || item.Endpoint() != "https://fcm.googleapis.com/a" || string(item.Auth()) == "") {
			t.Errorf("%s: %v", text, err)
		}
		if want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%.200s: got %v, want %s", text, err, want)
		}
	}
}

func TestAWholeLine(t *testing.T) {
	id := push.NewID()
	item, err := transfer.ParseLine([]byte(`{`+endpoint+`, `+keys+`, "applicationServerKey": "`+pushtest.P256dh+`", "channels": ["b"], "locale": "de",
		"timeZone": "Europe/Berlin", "user": "Bäcker", "id": "`+id.String()+`", "createdAt": "2026-01-02T03:04:05.678Z", "lastSeenAt": "2026-01-02T04:04:05.678987+01:00"}`), pushtest.Services(t))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	if item.ID != id || item.User != "Bäcker" || item.Service != "google" || (*item.Channels)[0] != "b" || item.Locale != "de" || item.TimeZone != "Europe/Berlin" ||
		item.ApplicationServerKey != pushtest.P256dh || !item.CreatedAt.Equal(at) || !item.LastSeenAt.Equal(at) {
		t.Errorf("got %+v", item)
	}
}

func FuzzLine(f *testing.F) {
	services := pushtest.Services(f)
	for _, seed := range []string{
		`{` + endpoint + `, ` + keys + `}`, `{"subscription": {` + endpoint + `, ` + keys + `}, "user": "u"}`,
		`{` + endpoint + `, ` + keys + `, "channels": ["a"], "createdAt": "2026-01-02T03:04:05Z", "id": "0199c0de-7a3b-7000-8000-0123456789ab"}`,
		`{`, `[]`, "\ufeff", "{\x00}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		item, err := transfer.ParseLine(line, services)
		if err != nil {
			if !errors.As(err, new(*push.Error)) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			return
		}
		// What was read is a subscription that can be kept.
		if _, err := services.Check(item.Endpoint()); err != nil || len(item.Endpoint()) > wire.MaxEndpointLength || len(item.P256dh()) != 65 || len(item.Auth()) != 16 {
			t.Fatalf("got %+v, %v", item, err)
		}
		for _, text := range []string{item.Endpoint(), item.User, item.Locale, item.TimeZone} {
			if strings.ContainsRune(text, 0) {
				t.Fatalf("a NUL in %+v", item)
			}
		}
	})
}

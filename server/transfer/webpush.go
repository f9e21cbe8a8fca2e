package transfer

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"

	"github.com/pushkit/pushkit/server/wire"
)

// A webPushRecord is what sites that use web-push, pywebpush or another library keep
// of a subscription: PushSubscription.toJSON(), or a record of their own around it.
// Members that are not here are the site's own, and are left alone.
type webPushRecord struct {
	webPushSubscription
	Subscription *storedSubscription `json:"subscription"`

	User        scalar `json:"user"`
	UserID      scalar `json:"userId"`
	UserIDSnake scalar `json:"user_id"`

	ApplicationServerKey string    `json:"applicationServerKey"`
	Channels             *[]string `json:"channels"`
	Locale               string    `json:"locale"`
	TimeZone             string    `json:"timeZone"`
}

type webPushSubscription struct {
	Endpoint string    `json:"endpoint"`
	Keys     wire.Keys `json:"keys"`
	// P256dh and Auth are the keys in a table with a column for each.
	P256dh string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// A storedSubscription may also be a text that holds the JSON, as a table has it with
// one column for it all.
type storedSubscription webPushSubscription

func (s *storedSubscription) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		var inner string
		if err := json.Unmarshal(text, &inner); err != nil {
			return err
		}
		text = []byte(inner)
	}
	return json.Unmarshal(text, (*webPushSubscription)(s))
}

// openWebPush reads an array of records, or one a line, or one after another.
func openWebPush(from *bufio.Reader) (source, error) {
	lined, err := isLined(from)
	if err != nil {
		return nil, err
	}
	if lined {
		return newLines(from, parseWebPush), nil
	}
	return &values{from: from, unit: "subscription", record: parseWebPush}, nil
}

func parseWebPush(text []byte) (record, error) {
	if text[0] == '"' {
		return record{}, errToken
	}
	var r webPushRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, jsonError(err)
	}
	sub := r.webPushSubscription
	if r.Subscription != nil {
		sub = webPushSubscription(*r.Subscription)
	}
	sub.Keys.P256dh, sub.Keys.Auth = cmp.Or(sub.Keys.P256dh, sub.P256dh), cmp.Or(sub.Keys.Auth, sub.Auth)
	return record{
		SubscribeRequest: wire.SubscribeRequest{
			Endpoint: sub.Endpoint, Keys: sub.Keys, ApplicationServerKey: r.ApplicationServerKey,
			Channels: r.Channels, Locale: r.Locale, TimeZone: r.TimeZone,
		},
		User: string(cmp.Or(r.User, r.UserID, r.UserIDSnake)),
	}, checkMovable(sub.Endpoint, sub.Keys.P256dh, sub.Keys.Auth)
}

// isLined says whether a file is NDJSON: its first line, that has something on it,
// is a whole value, and not an array. No more of the file is waited for.
func isLined(from *bufio.Reader) (bool, error) {
	for n := 1; ; n = max(n+1, from.Buffered()) {
		text, err := from.Peek(min(n, maxLine))
		if err != nil && err != io.EOF {
			return false, err
		}
		text = bytes.TrimLeft(text, " \t\r\n")
		line, _, whole := bytes.Cut(text, []byte("\n"))
		switch {
		case len(line) > 0 && line[0] == '[':
			return false, nil
		case whole:
			return json.Valid(line) || line[0] != '{', nil
		case err == io.EOF || n >= maxLine:
			return false, nil
		}
	}
}

// Package transfer moves subscriptions between servers, as NDJSON: one body of POST
// /v1/subscriptions a line, with what only an operator may say besides. What
// [Export] writes, an [Importer] reads, and the files of other products too.
package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// A record is a line, and what is read of a subscription in any other form.
type record struct {
	wire.SubscribeRequest
	ID   string `json:"id,omitempty"`
	User string `json:"user,omitempty"`
	// CreatedAt and LastSeenAt are in the form of RFC 3339.
	CreatedAt  string `json:"createdAt,omitempty"`
	LastSeenAt string `json:"lastSeenAt,omitempty"`
	// Subscription is what PushSubscription.toJSON() gave where another product
	// keeps it as a member of its own.
	Subscription *struct {
		Endpoint string    `json:"endpoint"`
		Keys     wire.Keys `json:"keys"`
	} `json:"subscription,omitempty"`
}

// parseRecord reads a line without its end.
func parseRecord(line []byte) (r record, err error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return r, invalidLine("holds NUL bytes", nil)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, jsonError(err)
	}
	if r.Subscription != nil {
		if r.Endpoint != "" {
			return r, &push.Error{Code: wire.InvalidField, Field: "subscription", Detail: "is there beside an endpoint: which one is it?"}
		}
		r.Endpoint, r.Keys = r.Subscription.Endpoint, r.Subscription.Keys
	}
	switch {
	case r.UserToken != "":
		return r, &push.Error{Code: wire.InvalidField, Field: "userToken", Detail: "is a browser's: give the user's id as user."}
	case r.Replaces != "":
		return r, &push.Error{Code: wire.InvalidField, Field: "replaces", Detail: "is a browser's: an import replaces nothing."}
	}
	return r, nil
}

// check makes an import of what was read.
func (r *record) check(services *webpush.Services) (*push.Import, error) {
	checked, err := push.ParseSubscribe(r.SubscribeRequest, services)
	if err != nil {
		return nil, err
	}
	if err := push.CheckUser("user", r.User); err != nil {
		return nil, err
	}
	checked.User = r.User
	item := &push.Import{Subscribe: *checked}
	if r.ID != "" {
		var ok bool
		if item.ID, ok = push.ParseID(r.ID); !ok {
			return nil, &push.Error{Code: wire.InvalidField, Field: "id", Detail: "is not the id of a subscription."}
		}
	}
	if item.CreatedAt, err = parseTime("createdAt", r.CreatedAt); err != nil {
		return nil, err
	}
	item.LastSeenAt, err = parseTime("lastSeenAt", r.LastSeenAt)
	return item, err
}

// parseTime reads a time in whole milliseconds, which is what every store keeps.
func parseTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !isPlausible(at) {
		return time.Time{}, &push.Error{Code: wire.InvalidField, Field: field, Detail: "is not a time such as 2026-12-01T09:00:00Z."}
	}
	return at.Truncate(time.Millisecond), nil
}

// isPlausible says whether a subscription can be of a time.
func isPlausible(at time.Time) bool { return at.Year() >= 1990 && at.Year() <= 2200 }

func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return invalidLine(fmt.Sprintf("is a JSON %s", kind.Value), nil)
	case errors.As(err, &kind):
		// The fields of what is embedded are named with its type's name.
		field := strings.TrimPrefix(strings.TrimPrefix(kind.Field, "SubscribeRequest."), "webPushSubscription.")
		return &push.Error{Code: wire.InvalidField, Field: field, Detail: "cannot be a JSON " + kind.Value + "."}
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) && strings.Contains(syntax.Error(), "unexpected end"):
		return invalidLine("ends in the middle of the JSON value", nil)
	case errors.As(err, &syntax):
		return invalidLine(fmt.Sprintf("is not JSON: %s at byte %d", syntax, syntax.Offset), nil)
	}
	return invalidLine("is not JSON that fits", err)
}

func invalidLine(what string, cause error) error {
	return &push.Error{Code: wire.InvalidJSON, Detail: "It " + what + ".", Cause: cause}
}

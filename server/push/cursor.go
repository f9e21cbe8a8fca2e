package push

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"

	"github.com/pushkit/pushkit/server/wire"
)

// A SubscriptionCursor is the place of a subscription in a store's list, which
// is ordered by push service and id.
type SubscriptionCursor struct {
	// Service is the push service's number in the store.
	Service int64
	ID      ID
}

// maxServiceNumber bounds what a cursor may name.
const maxServiceNumber = 1 << 31

func (c SubscriptionCursor) String() string {
	return base64.RawURLEncoding.EncodeToString(append(binary.AppendUvarint(nil, uint64(c.Service)), c.ID[:]...))
}

// ParseSubscriptionCursor reads a cursor; an empty text is the list's start.
func ParseSubscriptionCursor(text string) (SubscriptionCursor, error) {
	if text == "" {
		return SubscriptionCursor{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	service, n := binary.Uvarint(raw)
	if err != nil || n <= 0 || service >= maxServiceNumber || len(raw)-n != len(ID{}) {
		return SubscriptionCursor{}, errCursor()
	}
	return SubscriptionCursor{int64(service), ID(raw[n:])}, nil
}

// ParseMessageCursor reads the id of the last message of the page before; an
// empty text is the list's start, before which no message is.
func ParseMessageCursor(text string) (ID, error) {
	if text == "" {
		return ID(bytes.Repeat([]byte{0xff}, len(ID{}))), nil
	}
	id, ok := ParseID(text)
	if !ok {
		return ID{}, errCursor()
	}
	return id, nil
}

// CutPage cuts rows, of which limit and one more were asked for, to a page, and
// returns the cursor of the next one: the place of its last row, empty where no page
// follows.
func CutPage[T any](rows []T, limit int, place func(T) string) (page []T, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	page = rows[:limit]
	return page, place(page[limit-1])
}

func errCursor() error {
	return &Error{Code: wire.InvalidField, Field: "cursor", Detail: "is not one that this server gave."}
}

package push

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// An ID names a message or a subscription: a UUID of version 7, so that ids
// grow with time and nodes need no common sequence.
type ID [16]byte

// NewID makes an id.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// FirstID is less than all ids that were made at a time or later, and not less than
// those of before.
func FirstID(at time.Time) (id ID) {
	// RFC 9562 section 5.7: milliseconds in the first 48 bits.
	var milliseconds [8]byte
	binary.BigEndian.PutUint64(milliseconds[:], uint64(max(at.UnixMilli(), 0)))
	copy(id[:6], milliseconds[2:])
	return id
}

// Time is when the id was made, in whole milliseconds.
func (id ID) Time() time.Time {
	var milliseconds [8]byte
	copy(milliseconds[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(milliseconds[:])))
}

// ParseID reads the canonical form, such as
// 0199c0de-7a3b-7000-8000-0123456789ab.
func ParseID(s string) (ID, bool) {
	if len(s) != 36 {
		return ID{}, false
	}
	id, err := uuid.Parse(s)
	return ID(id), err == nil
}

func (id ID) String() string { return uuid.UUID(id).String() }

// Compare orders ids by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

package push

import (
	"bytes"

	"github.com/google/uuid"
)

// An ID names a message or a subscription: a UUID of version 7, so that ids
// grow with time and nodes need no common sequence.
type ID [16]byte

// NewID makes an id.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

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

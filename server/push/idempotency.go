package push

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

const (
	// IdempotencyTime is how long an Idempotency-Key is kept.
	IdempotencyTime = 24 * time.Hour
	// SweepSize is how much a store forgets at once.
	SweepSize = 1000
)

// ParseIdempotencyKey checks the values of the header Idempotency-Key, of which
// there may be none: then the key is empty. The one that there may be is taken as it
// is, with the quotes of a String (RFC 9651 section 3.3.3) as without: it has between
// 1 and MaxIdempotencyKey characters of printable ASCII.
func ParseIdempotencyKey(values []string) (string, error) {
	const field = "Idempotency-Key"
	switch len(values) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", invalid(field, "is there more than once")
	}
	key := values[0]
	if len(key) == 0 || len(key) > wire.MaxIdempotencyKey {
		return "", invalid(field, "does not have between 1 and %d characters", wire.MaxIdempotencyKey)
	}
	if slices.ContainsFunc([]byte(key), func(b byte) bool { return b < ' ' || b > '~' }) {
		return "", invalid(field, "has other characters than printable ASCII")
	}
	return key, nil
}

// KeptAnswer is the form in which a store keeps with an Idempotency-Key what the
// caller was told.
func (s MessageStatus) KeptAnswer() (string, error) {
	kept, err := json.Marshal(s)
	return string(kept), err
}

// Again is what is answered where the IdempotencyKey is known: what was kept with
// it, for a request of the same hash. kept is false for a key of before answers
// were; then the message's status is the answer.
func (o CreateOptions) Again(request []byte, message ID, answer string) (status MessageStatus, kept bool, err error) {
	if string(request) != string(o.RequestHash[:]) {
		return status, false, &Error{Code: wire.IdempotencyConflict, Detail: "This Idempotency-Key was used for another message."}
	}
	if answer == "" {
		return status, false, nil
	}
	if err := json.Unmarshal([]byte(answer), &status); err != nil {
		return status, false, fmt.Errorf("the answer that is kept of message %s: %w", message, err)
	}
	status.ID = message
	return status, true, nil
}

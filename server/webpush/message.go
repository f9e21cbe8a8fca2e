package webpush

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// A Message is one push message for one subscription.
type Message struct {
	Subscription Subscription
	// Payload is the plaintext, at most MaxPlaintext bytes. It is only read, and
	// may be shared by messages.
	Payload []byte
	// Own stands in the place of as many bytes of Payload from OwnAt on: it is
	// what differs from one subscription to the next in a payload that was
	// encoded once for all.
	Own   string
	OwnAt int
	// TTL is how long the push service keeps the message (RFC 8030 section 5.2);
	// the zero value is DefaultTTL.
	TTL     TTL
	Urgency Urgency
	// Topic is any text: a message waiting at the push service is replaced by
	// a later one with the same topic (RFC 8030 section 5.4). Empty: none.
	Topic string
	// Key signs for the application server: the key that the subscription was
	// made with.
	Key VAPIDKey
}

// check says what is wrong with a message before anything is done with it.
func (m *Message) check() error {
	switch {
	case m.Subscription.public == nil:
		return &FieldError{"subscription", "is empty"}
	case m.Key.private == nil:
		return &FieldError{"key", "is empty: there is no VAPID key"}
	case m.TTL.given && m.TTL.seconds < 0:
		return &FieldError{"ttl", "is negative"}
	}
	switch m.Urgency {
	case "", UrgencyVeryLow, UrgencyLow, UrgencyNormal, UrgencyHigh:
	default:
		return &FieldError{"urgency", "is not very-low, low, normal or high"}
	}
	return m.checkPayload()
}

func (m *Message) checkPayload() error {
	if len(m.Payload) > MaxPlaintext {
		return &TooLargeError{EncryptedSize(len(m.Payload))}
	}
	if m.OwnAt < 0 || m.OwnAt > len(m.Payload)-len(m.Own) {
		return &FieldError{"own", "does not lie within the payload"}
	}
	return nil
}

// DefaultTTL is that of a message which says nothing: four weeks, the longest
// that every push service keeps one.
const DefaultTTL = 28 * 24 * time.Hour

// NowOrNever is a TTL of zero: a browser that is away does not get the message.
var NowOrNever = KeepFor(0)

// A TTL is how long a push service keeps a message for a browser that is away.
// The zero value says nothing, which is not zero seconds.
type TTL struct {
	seconds int64
	given   bool
}

// KeepFor returns a TTL, rounded down to seconds. A negative one is refused when
// it is sent.
func KeepFor(d time.Duration) TTL {
	if d < 0 {
		return TTL{-1, true}
	}
	return TTL{int64(d / time.Second), true}
}

// Seconds is what the TTL header says, where the push service takes it as it stands.
func (t TTL) Seconds() int64 {
	if !t.given {
		return int64(DefaultTTL / time.Second)
	}
	return t.seconds
}

// TopicHeader is the value of the Topic header for a topic: the first 32
// characters of its SHA-256 in base64url, since push services differ in which
// texts they take (RFC 8030 section 5.4 allows 32 characters; Apple refuses
// some lengths).
func TopicHeader(topic string) string {
	hash := sha256.Sum256([]byte(topic))
	return base64.RawURLEncoding.EncodeToString(hash[:])[:32]
}

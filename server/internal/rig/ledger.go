package rig

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// A Subscriber is a subscription of a push service.
type Subscriber struct {
	Service string
	Number  int
}

// An Arrival is one time that a push service took a delivery.
type Arrival struct {
	At time.Time
	// AnswerLost: the sender was not told.
	AnswerLost bool
}

// A Receipt is what a subscriber got of one message.
type Receipt struct {
	// Token is that of the delivery, Batch and Ordinal where it stands.
	Token    string
	Batch    uint32
	Ordinal  uint16
	Arrivals []Arrival
}

// A Ledger knows what push services took. It is safe for concurrent use.
type Ledger struct {
	mu sync.Mutex
	// messages are by id.
	messages map[string]map[Subscriber]*Receipt
	// wrong is the first thing that must not be.
	wrong error
}

// NewLedger returns an empty one.
func NewLedger() *Ledger { return &Ledger{messages: make(map[string]map[Subscriber]*Receipt)} }

// Enter notes a push that the service of a name took; it is for
// pushtest.Options.Handle, of a service that decrypts everything.
func (l *Ledger) Enter(service string, p pushtest.Push) {
	now := time.Now()
	var payload wire.Payload
	err := json.Unmarshal(p.Text, &payload)
	token := payload.Notification.Data.Pushkit.Token
	raw, decodeErr := base64.RawURLEncoding.DecodeString(token)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || decodeErr != nil || len(token) != push.TokenLength {
		l.fail("a push has no token: %q", p.Text)
		return
	}
	message, to := push.ID(raw).String(), Subscriber{service, p.Subscription}
	receipts := l.messages[message]
	if receipts == nil {
		receipts = make(map[Subscriber]*Receipt)
		l.messages[message] = receipts
	}
	r := receipts[to]
	if r == nil {
		r = &Receipt{Token: token, Batch: binary.BigEndian.Uint32(raw[16:]), Ordinal: binary.BigEndian.Uint16(raw[20:])}
		receipts[to] = r
	}
	if r.Token != token {
		// A browser would show it twice.
		l.fail("message %s came to %v as the deliveries %s and %s", message, to, r.Token, token)
	}
	r.Arrivals = append(r.Arrivals, Arrival{now, p.AnswerLost})
}

func (l *Ledger) fail(format string, arguments ...any) {
	if l.wrong == nil {
		l.wrong = fmt.Errorf(format, arguments...)
	}
}

// Err is the first thing that must not be, whatever went wrong meanwhile; nil:
// there was none.
func (l *Ledger) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wrong
}

// Reached is how many subscribers a message has come to.
func (l *Ledger) Reached(message string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.messages[message])
}

// Receipts are those of a message, as they are now.
func (l *Ledger) Receipts(message string) map[Subscriber]Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	receipts := make(map[Subscriber]Receipt, len(l.messages[message]))
	for to, r := range l.messages[message] {
		receipts[to] = *r
	}
	return receipts
}

// Forget drops a message, for a ledger that is kept long.
func (l *Ledger) Forget(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.messages, message)
}

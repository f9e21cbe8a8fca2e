package transfer

import (
	"fmt"
	"io"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// A source is a file in one of the forms.
type source interface {
	// next returns what the next subscription is read from; its error is io.EOF at
	// the end, or why the rest cannot be read.
	next() (*entry, error)
}

// An entry is what one subscription is read from.
type entry struct {
	place place
	// size is how much memory it takes, in bytes, roughly.
	size int
	// record reads it; it is called once, and by any goroutine.
	record func() (record, error)
	// item is what a store is given, posted what a server is.
	item   *push.Import
	posted *wire.ImportedSubscription
	// err is why it is not imported.
	err error
}

// badEntry is one of which it is known already that it is not imported.
func badEntry(at place, reason error) *entry {
	return &entry{place: at, record: func() (record, error) { return record{}, reason }}
}

// A place is where an entry stands: a line, a row, a subscription of a list.
type place struct {
	unit string
	// number counts from 1.
	number int64
}

func (p place) String() string { return fmt.Sprintf("%s %d", p.unit, p.number) }

// openSource opens a file of a kind.
func openSource(kind Kind, from io.Reader) (source, error) {
	form, err := kind.form()
	if err != nil {
		return nil, err
	}
	text, err := open(from)
	if err != nil {
		return nil, err
	}
	return form.open(text)
}

package transfer

import (
	"bufio"
	"fmt"

	"github.com/pushkit/pushkit/server/ndjson"
	"github.com/pushkit/pushkit/server/wire"
)

// maxLine is the longest line, and JSON value, that is read, in bytes.
const maxLine = wire.MaxBody

var errTooLong = invalidLine(fmt.Sprintf("is longer than %d KiB", maxLine>>10), nil)

// lines are those of NDJSON, of which one that is bad does not keep the next from
// being read.
type lines struct {
	from   *ndjson.Reader
	record func(text []byte) (record, error)
}

// openLines reads what [Export] writes.
func openLines(from *bufio.Reader) (source, error) { return newLines(from, parseRecord), nil }

func newLines(from *bufio.Reader, record func(text []byte) (record, error)) *lines {
	return &lines{ndjson.NewReader(from, maxLine), record}
}

func (l *lines) next() (*entry, error) {
	line, err := l.from.Next()
	if err != nil {
		return nil, err
	}
	at := place{"line", line.Number}
	if line.TooLong {
		return badEntry(at, errTooLong), nil
	}
	return &entry{place: at, size: len(line.Text), record: func() (record, error) { return l.record(line.Text) }}, nil
}

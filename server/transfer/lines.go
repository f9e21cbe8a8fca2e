package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/pushkit/pushkit/server/ndjson"
	"github.com/pushkit/pushkit/server/wire"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = wire.MaxBody

var (
	// ErrCompressed and ErrUTF16 are for whole files that are in another form.
	ErrCompressed = errors.New("the file is compressed: gunzip -c FILE | pushkit subscriptions import -")
	ErrUTF16      = errors.New("the file is UTF-16: save it as UTF-8")

	errTooLong = invalidLine("is longer than 64 KiB", nil)
)

// A rawLine is one of a file, with why it is bad, if it is.
type rawLine struct {
	ndjson.Line
	err error
}

// newLines returns the lines of from. A UTF-8 byte order mark is passed over.
func newLines(from io.Reader) (*ndjson.Reader, error) {
	buffered := bufio.NewReaderSize(from, 1<<20)
	start, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return nil, ErrCompressed
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return nil, ErrUTF16
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		buffered.Discard(len(start))
	}
	return ndjson.NewReader(buffered, maxLine), nil
}

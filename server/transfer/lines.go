package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"

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

// A rawLine is one that has something on it.
type rawLine struct {
	// number counts from 1.
	number int64
	text   []byte
	err    error
}

// lines reads what a file holds, line by line.
type lines struct {
	from   *bufio.Reader
	number int64
	// read is how many bytes were.
	read int64
}

// newLines returns the lines of from. A UTF-8 byte order mark is passed over.
func newLines(from io.Reader) (*lines, error) {
	l := &lines{from: bufio.NewReaderSize(from, 1<<20)}
	start, err := l.from.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return nil, ErrCompressed
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return nil, ErrUTF16
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		l.from.Discard(len(start))
	}
	return l, nil
}

// next returns the next line that has something on it; its error is io.EOF at the
// end, or that of the reading.
func (l *lines) next() (rawLine, error) {
	for {
		text, tooLong, err := l.line()
		if err != nil {
			return rawLine{}, err
		}
		l.number++
		if tooLong {
			return rawLine{number: l.number, err: errTooLong}, nil
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return rawLine{number: l.number, text: bytes.Clone(text)}, nil
		}
	}
}

// line reads a line, of which the end is passed over where it is too long. text is
// good until the next call.
func (l *lines) line() (text []byte, tooLong bool, err error) {
	for {
		text, err = l.from.ReadSlice('\n')
		l.read += int64(len(text))
		if err == bufio.ErrBufferFull {
			tooLong = true
			continue
		}
		if err == io.EOF && (len(text) > 0 || tooLong) {
			err = nil
		}
		return text, tooLong || len(text) > maxLine, err
	}
}

package transfer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrUTF16 and ErrCutOff are for whole files.
	ErrUTF16  = errors.New("the file is UTF-16: save it as UTF-8")
	ErrCutOff = errors.New("the compressed file ends in the middle: it is not whole")
)

// open sees through gzip, and passes over a UTF-8 byte order mark. What is unpacked
// is in memory a buffer at a time, however long it is.
func open(from io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReaderSize(from, 1<<20)
	start, err := text.Peek(3)
	if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
		var unpacked *gzip.Reader
		if unpacked, err = gzip.NewReader(text); err != nil {
			return nil, gzipError(err)
		}
		text = bufio.NewReaderSize(unpacking{unpacked}, 1<<20)
		start, err = text.Peek(3)
	}
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return nil, ErrUTF16
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		text.Discard(len(start))
	}
	return text, nil
}

// unpacking says what its errors mean.
type unpacking struct{ from *gzip.Reader }

func (u unpacking) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	return n, gzipError(err)
}

func gzipError(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ErrCutOff
	}
	return fmt.Errorf("the compressed file is damaged: %w", err)
}

// A counter counts what is read of a file, packed as it is.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

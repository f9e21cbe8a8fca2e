// Package ndjson reads lines of JSON (application/x-ndjson) of which one that is too
// long, or bad, does not end the reading.
package ndjson

import (
	"bufio"
	"bytes"
	"io"
)

// A Line is one that has something on it.
type Line struct {
	// Number counts from 1, those with nothing on them too.
	Number int64
	// Text is without space around it, and nil where it is TooLong.
	Text    []byte
	TooLong bool
}

// A Reader reads lines.
type Reader struct {
	from    *bufio.Reader
	longest int
	number  int64
}

// NewReader returns the lines of from. One of more than longest bytes,
// its end included, is too long.
func NewReader(from io.Reader, longest int) *Reader {
	return &Reader{from: bufio.NewReaderSize(from, longest+1), longest: longest}
}

// Next returns the next line that has something on it; its error is io.EOF at the
// end, or that of the reading.
func (r *Reader) Next() (Line, error) {
	for {
		text, tooLong, err := r.line()
		if err != nil {
			return Line{}, err
		}
		r.number++
		if tooLong {
			return Line{Number: r.number, TooLong: true}, nil
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return Line{Number: r.number, Text: bytes.Clone(text)}, nil
		}
	}
}

// line reads a line, of which the end is passed over where it is too long. text is
// good until the next call.
func (r *Reader) line() (text []byte, tooLong bool, err error) {
	for {
		text, err = r.from.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			tooLong = true
			continue
		}
		if err == io.EOF && (len(text) > 0 || tooLong) {
			err = nil
		}
		return text, tooLong || len(text) > r.longest, err
	}
}

package transfer

import (
	"bufio"
	"errors"
	"io"
)

var errOpenArray = errors.New("the file ends before its JSON array does: it is not whole")

// values are the JSON values of an array, or of several one after another. They are
// told apart by their brackets alone: what one holds is for encoding/json to say. So
// no more than one of them is in memory, and one that is bad does not keep the next
// from being read.
type values struct {
	from *bufio.Reader
	// unit is what one of them is called.
	unit    string
	record  func(text []byte) (record, error)
	number  int64
	inArray bool
}

func (v *values) next() (*entry, error) {
	text, tooLong, err := v.value()
	if err != nil {
		return nil, err
	}
	v.number++
	at := place{v.unit, v.number}
	if tooLong {
		return badEntry(at, errTooLong), nil
	}
	return &entry{place: at, size: len(text), record: func() (record, error) { return v.record(text) }}, nil
}

// value returns the text of the next value. One that is too long is passed over.
func (v *values) value() (text []byte, tooLong bool, err error) {
	for {
		c, err := v.from.ReadByte()
		switch {
		case err == io.EOF && v.inArray:
			return nil, false, errOpenArray
		case err != nil:
			return nil, false, err
		case isSpace(c) || v.inArray && c == ',':
		case c == '[' && !v.inArray:
			v.inArray = true
		case c == ']' && v.inArray:
			v.inArray = false
		default:
			v.from.UnreadByte()
			return v.cut()
		}
	}
}

// cut reads up to the value's end, or the file's.
func (v *values) cut() (text []byte, tooLong bool, err error) {
	var e ending
	for {
		some, err := v.some()
		if err == io.EOF {
			return text, tooLong, nil
		}
		if err != nil {
			return nil, false, err
		}
		n, found := e.find(some)
		fits := min(n, maxLine-len(text))
		text, tooLong = append(text, some[:fits]...), tooLong || fits < n
		v.from.Discard(n)
		if found {
			return text, tooLong, nil
		}
	}
}

// some is what is buffered: a byte at least.
func (v *values) some() ([]byte, error) {
	if _, err := v.from.Peek(1); err != nil {
		return nil, err
	}
	return v.from.Peek(v.from.Buffered())
}

// An ending finds the end of a value that comes in pieces.
type ending struct {
	depth                    int
	begun, inString, escaped bool
}

// find returns how much of a piece belongs to the value, and whether it ends there.
func (e *ending) find(piece []byte) (n int, found bool) {
	for i, c := range piece {
		if e.begun && !e.inString && e.depth == 0 && (isSpace(c) || c == ',' || c == ']' || c == '}') {
			return i, true // a number or a word ends before it
		}
		e.begun = true
		switch {
		case e.escaped:
			e.escaped = false
		case e.inString:
			e.escaped, e.inString = c == '\\', c != '"'
		case c == '"':
			e.inString = true
			continue
		case c == '{' || c == '[':
			e.depth++
			continue
		case c == '}' || c == ']':
			e.depth--
		default:
			continue
		}
		if e.depth <= 0 && !e.inString {
			return i + 1, true
		}
	}
	return len(piece), false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

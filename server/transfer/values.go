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
	depth, inString, escaped := 0, false, false
	for {
		c, err := v.from.ReadByte()
		if err == io.EOF {
			return text, tooLong, nil
		}
		if err != nil {
			return nil, false, err
		}
		if first := len(text) == 0; !inString && depth == 0 && !first && (isSpace(c) || c == ',' || c == ']' || c == '}') {
			v.from.UnreadByte() // the end of a number, or of a word
			return text, tooLong, nil
		}
		if len(text) < maxLine {
			text = append(text, c)
		} else {
			tooLong = true
		}
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
			continue
		case c == '{' || c == '[':
			depth++
			continue
		case c == '}' || c == ']':
			depth--
		default:
			continue
		}
		if depth <= 0 && !inString {
			return text, tooLong, nil
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

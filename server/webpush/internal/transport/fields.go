package transport

import (
	"bytes"
	"slices"
	"strconv"

	"golang.org/x/net/http2/hpack"
)

// A headerEncoder encodes requests' headers (RFC 7541). Values that come again
// are put in the table that both sides keep; :path never is: it is a secret of
// the subscriber's, and would push the others out.
type headerEncoder struct {
	encoder *hpack.Encoder
	block   bytes.Buffer
	// habits has the last values of each field.
	habits map[string]*habit
	// length has Content-Length's value as text.
	length      string
	lengthValue int
}

// A habit is a ring of the last values that a field had.
type habit struct {
	values [4]string
	next   uint8
}

// maxHabits bounds the fields that are looked after.
const maxHabits = 64

// encode returns a field block that is valid until the next call.
func (e *headerEncoder) encode(authority string, r *Request) []byte {
	e.block.Reset()
	e.encoder.WriteField(hpack.HeaderField{Name: ":method", Value: "POST"}) // both in the static table
	e.encoder.WriteField(hpack.HeaderField{Name: ":scheme", Value: "https"})
	e.add(":authority", authority)
	e.encoder.WriteField(hpack.HeaderField{Name: ":path", Value: r.Path, Sensitive: true})
	if e.lengthValue != len(r.Body) || e.length == "" {
		e.lengthValue, e.length = len(r.Body), strconv.Itoa(len(r.Body))
	}
	e.add("content-length", e.length)
	e.add("user-agent", userAgent)
	for _, f := range r.Fields {
		e.add(f.Name, f.Value)
	}
	return e.block.Bytes()
}

// add encodes a field: for the table if its value was seen lately, else as a
// literal that is for nobody's table.
func (e *headerEncoder) add(name, value string) {
	e.encoder.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: !e.seen(name, value)})
}

func (e *headerEncoder) seen(name, value string) bool {
	h := e.habits[name]
	if h == nil {
		if len(e.habits) == maxHabits {
			return false
		}
		h = new(habit)
		e.habits[name] = h
	}
	if slices.Contains(h.values[:], value) {
		return true
	}
	h.values[h.next%uint8(len(h.values))] = value
	h.next++
	return false
}

// resize follows the peer's SETTINGS_HEADER_TABLE_SIZE (RFC 7541 section 4.2).
func (e *headerEncoder) resize(size uint32) {
	size = min(size, 4096)
	e.encoder.SetMaxDynamicTableSizeLimit(size)
	e.encoder.SetMaxDynamicTableSize(size)
}

package transport

import (
	"bytes"
	"hash/maphash"
	"strconv"

	"golang.org/x/net/http2/hpack"
)

// A headerEncoder encodes requests' headers (RFC 7541). Values that come again
// are put in the table that both sides keep; :path never is: it is a secret of
// the subscriber's, and would push the others out.
type headerEncoder struct {
	encoder *hpack.Encoder
	block   bytes.Buffer
	// habits has fingerprints of fields that were sent, each in its own place.
	habits [64]uint64
	// length has Content-Length's value as text.
	length      string
	lengthValue int
}

var seed = maphash.MakeSeed()

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

// add encodes a field: for the table if it was seen before, else as a literal
// that is for nobody's table. A collision costs a place in the table.
func (e *headerEncoder) add(name, value string) {
	print := maphash.String(seed, name) ^ maphash.String(seed, value)
	place := &e.habits[print%uint64(len(e.habits))]
	e.encoder.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: *place != print})
	*place = print
}

// resize follows the peer's SETTINGS_HEADER_TABLE_SIZE (RFC 7541 section 4.2).
func (e *headerEncoder) resize(size uint32) {
	size = min(size, 4096)
	e.encoder.SetMaxDynamicTableSizeLimit(size)
	e.encoder.SetMaxDynamicTableSize(size)
}

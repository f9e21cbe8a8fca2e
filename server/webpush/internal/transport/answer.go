package transport

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"
)

// A headerDecoder decodes answers' headers and trailers (RFC 7541), and holds
// them to the rules of RFC 9113 section 8.
type headerDecoder struct {
	decoder *hpack.Decoder
	// What follows is of the block that is being decoded.
	status        int
	contentLength int64 // -1: not given
	kept          []Field
	size          int
	regular       bool // a field that is not a pseudo-header field has come
	err           error
}

func (d *headerDecoder) reset() {
	*d = headerDecoder{decoder: d.decoder, kept: d.kept[:0], contentLength: -1}
}

// maxBlock is how large a field block may be on the wire, in bytes. One that
// is over maxHeader is read on, to keep the table in step, and costs its stream;
// one over this costs the connection.
const maxBlock = 128 << 10

var (
	errHeaderTooLarge = fmt.Errorf("its header is larger than %d bytes", maxHeader)
	errPseudoField    = errors.New("its header has a pseudo-header field that answers may not have")
	errFieldName      = errors.New("its header has a field with an invalid name")
	errFieldValue     = errors.New("its header has a field with an invalid value")
	errConnection     = errors.New("its header has a field of HTTP/1.1 connections")
	errStatus         = errors.New("its header has no valid status")
	errContentLength  = errors.New("its content-length is not the length of its body")
)

// add takes a field. After the first error it only measures.
func (d *headerDecoder) add(f hpack.HeaderField) {
	if d.size += int(f.Size()); d.size > maxHeader {
		d.fail(errHeaderTooLarge)
	}
	if d.err != nil {
		return
	}
	if !httpguts.ValidHeaderFieldValue(f.Value) {
		d.fail(errFieldValue)
		return
	}
	if f.IsPseudo() {
		if f.Name != ":status" || d.regular || d.status != 0 {
			d.fail(errPseudoField)
			return
		}
		d.status = parseStatus(f.Value)
		if d.status == 0 {
			d.fail(errStatus)
		}
		return
	}
	d.regular = true
	switch {
	case Kept[f.Name]:
		d.kept = append(d.kept, Field{f.Name, f.Value})
	case f.Name == "content-length":
		n, err := strconv.ParseUint(f.Value, 10, 63)
		if err != nil || d.contentLength >= 0 && d.contentLength != int64(n) {
			d.fail(errContentLength)
			return
		}
		d.contentLength = int64(n)
	case !validName(f.Name):
		d.fail(errFieldName)
	case connectionField(f.Name):
		d.fail(errConnection)
	}
}

func (d *headerDecoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// fields returns what was kept, for good.
func (d *headerDecoder) fields() []Field { return slices.Clone(d.kept) }

// parseStatus returns a status of three digits, or 0.
func parseStatus(s string) int {
	if len(s) != 3 || s[0] < '1' || s[0] > '9' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
}

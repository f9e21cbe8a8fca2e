package transport

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// userAgent is what push services are told about who calls.
const userAgent = "pushkit"

var errTarget = errors.New("the request target is not an absolute path of printable ASCII")

// check refuses what no push service would take, and what would mean something
// else to HTTP/1.1 than to HTTP/2 (RFC 9113 sections 8.2.1 and 10.3).
func (r *Request) check() error {
	if !strings.HasPrefix(r.Path, "/") {
		return errTarget
	}
	for i := range len(r.Path) {
		if c := r.Path[i]; c <= ' ' || c > '~' || c == '#' {
			return errTarget
		}
	}
	for _, f := range r.Fields {
		if !validName(f.Name) || connectionField(f.Name) {
			return fmt.Errorf("%q is not the name of a field that a request may have", f.Name)
		}
		if !httpguts.ValidHeaderFieldValue(f.Value) {
			return fmt.Errorf("the value of %s has characters that fields may not have", f.Name)
		}
	}
	return nil
}

// validName says whether a field may be called so: in HTTP/2, a token without
// upper-case letters (RFC 9113 section 8.2.1).
func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' || !httpguts.IsTokenRune(rune(c)) {
			return false
		}
	}
	return name != ""
}

// connectionField says whether a field speaks of the connection, which HTTP/2
// does in frames (RFC 9113 section 8.2.2).
func connectionField(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// readBody reads a JSON request of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if mediaType(r) != "application/json" {
		return nil, &push.Error{Code: wire.UnsupportedMediaType, Detail: "The body must be application/json, and not compressed."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &push.Error{Code: wire.BodyTooLarge, Detail: fmt.Sprintf("The body has more than %d bytes.", limit)}
	}
	if err != nil {
		return nil, &push.Error{Code: wire.InvalidJSON, Detail: "The body could not be read to its end.", Cause: err}
	}
	return body, nil
}

// mediaType is that of the body; empty: none that can be read. A body that is
// compressed is not unpacked: it could grow without bound.
func mediaType(r *http.Request) string {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return ""
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// decode reads one JSON value into v. strict refuses members that v does not
// have: an application's mistakes are told, a browser's additions are not.
func decode(body []byte, v any, strict bool) error {
	if !strict && json.Unmarshal(body, v) == nil {
		return nil // without a copy of the body; what is wrong, a decoder says better
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if strict {
		decoder.DisallowUnknownFields()
		// The site's own data keeps its numbers as they were written: an id of 64
		// bits is more than a float64 holds.
		decoder.UseNumber()
	}
	if err := decoder.Decode(v); err != nil {
		return jsonError(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return &push.Error{Code: wire.InvalidJSON, Detail: "Something follows the JSON value."}
	}
	return nil
}

func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return &push.Error{Code: wire.InvalidJSON, Detail: fmt.Sprintf("The body is a JSON %s.", kind.Value)}
	case errors.As(err, &kind):
		return &push.Error{Code: wire.InvalidField, Field: kind.Field, Detail: "cannot be a JSON " + kind.Value + "."}
	case errors.As(err, &syntax):
		return &push.Error{Code: wire.InvalidJSON, Detail: fmt.Sprintf("The body is not JSON: %s at byte %d.", syntax, syntax.Offset)}
	case errors.Is(err, io.EOF):
		return &push.Error{Code: wire.InvalidJSON, Detail: "The body is empty."}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &push.Error{Code: wire.InvalidJSON, Detail: "The body ends in the middle of the JSON value."}
	}
	// encoding/json has no type for this one.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &push.Error{Code: wire.InvalidField, Field: strings.Trim(name, `"`), Detail: "is not a member that pushkit knows."}
	}
	return &push.Error{Code: wire.InvalidJSON, Detail: "The body is not JSON that fits.", Cause: err}
}

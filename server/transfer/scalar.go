package transfer

import (
	"encoding/json"
	"reflect"
)

// A scalar is a JSON text, number or boolean as a text; null is empty.
type scalar string

func (s *scalar) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case 'n':
		*s = ""
	case '"':
		return json.Unmarshal(text, (*string)(s))
	case '{':
		return &json.UnmarshalTypeError{Value: "object", Type: reflect.TypeFor[scalar]()}
	case '[':
		return &json.UnmarshalTypeError{Value: "array", Type: reflect.TypeFor[scalar]()}
	default:
		*s = scalar(text)
	}
	return nil
}

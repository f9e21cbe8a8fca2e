package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// An entry is a member of an object.
type entry[T any] struct {
	Name  string
	Value T
}

// ordered is an object with its members in the order in which they are written.
type ordered[T any] []entry[T]

// UnmarshalJSON implements json.Unmarshaler.
func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return fmt.Errorf("want an object, got %v: %w", begin, err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		e := entry[T]{Name: name.(string)}
		if err := decoder.Decode(&e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		*o = append(*o, e)
	}
	return nil
}

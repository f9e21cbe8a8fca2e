// Package webidl converts between Go structs and JavaScript objects, as Web IDL
// does for its dictionaries: a struct's fields are the dictionary's members,
// named by their json tags.
//
// Between the two stands a plain tree of nil, bool, float64, string, []any and
// map[string]any, so that everything but the last step is pure Go. The package
// exists because encoding/json would cost the WebAssembly more than the whole
// client.
//
// See https://webidl.spec.whatwg.org/#idl-dictionaries.
package webidl

import (
	"fmt"
	"reflect"
	"strings"
)

// Encode returns the tree of v: a struct, map with string keys, slice, pointer,
// string, number or bool of any named type, or a tree already. A nil slice is
// an empty list; a nil pointer, map or interface is nil. A member whose tag
// says omitempty is left out where encoding/json would leave it out. Other
// kinds, such as channels, are an error.
func Encode(v any) (any, error) {
	return encode(reflect.ValueOf(v))
}

func encode(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Invalid:
		return nil, nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return float64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		return encode(v.Elem())
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			element, err := encode(v.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = element
		}
		return list, nil
	case reflect.Map:
		return encodeMap(v)
	case reflect.Struct:
		return encodeStruct(v)
	default:
		return nil, fmt.Errorf("webidl: %s has no counterpart in JavaScript", v.Type())
	}
}

func encodeMap(v reflect.Value) (any, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("webidl: %s has no counterpart in JavaScript", v.Type())
	}
	if v.IsNil() {
		return nil, nil
	}
	object := make(map[string]any, v.Len())
	for _, key := range v.MapKeys() {
		member, err := encode(v.MapIndex(key))
		if err != nil {
			return nil, err
		}
		object[key.String()] = member
	}
	return object, nil
}

func encodeStruct(v reflect.Value) (any, error) {
	object := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		name, omitEmpty, ok := member(v.Type().Field(i))
		field := v.Field(i)
		if !ok || omitEmpty && isEmpty(field) {
			continue
		}
		value, err := encode(field)
		if err != nil {
			return nil, err
		}
		object[name] = value
	}
	return object, nil
}

// member returns the dictionary member that a struct's field stands for.
func member(field reflect.StructField) (name string, omitEmpty, ok bool) {
	if !field.IsExported() {
		return "", false, false
	}
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" {
		return "", false, false
	}
	if name == "" {
		name = field.Name
	}
	return name, options == "omitempty", true
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

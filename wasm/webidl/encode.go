// Package webidl converts between Go structs and JavaScript objects, as Web IDL
// does for its dictionaries: a struct's fields are the dictionary's members,
// named by their json tags.
//
// Between the two stands a plain tree of nil, bool, float64, string, []any and
// map[string]any, so that everything but the last step is pure Go. The package
// exists because encoding/json would cost the WebAssembly more than the whole
// client; it knows no more types than pushkit's dictionaries have.
//
// See https://webidl.spec.whatwg.org/#idl-dictionaries.
package webidl

import (
	"errors"
	"reflect"
	"strings"
)

// Encode returns the tree of v: a struct, slice, pointer, string, bool, float64
// or signed integer of any named type, or a tree already. A nil slice is an
// empty list, a nil pointer or interface is nil. A member whose tag says
// omitempty is left out where encoding/json would leave it out. Other kinds are
// an error.
func Encode(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, float64, string:
		return v, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			tree, err := Encode(member)
			if err != nil {
				return nil, err
			}
			object[name] = tree
		}
		return object, nil
	}
	return encode(reflect.ValueOf(v))
}

func encode(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int64:
		return float64(v.Int()), nil
	case reflect.Float64:
		return v.Float(), nil
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return encode(v.Elem())
	case reflect.Interface, reflect.Map:
		return Encode(v.Interface())
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			element, err := encode(v.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = element
		}
		return list, nil
	case reflect.Struct:
		return encodeStruct(v)
	}
	return nil, unsupported(v)
}

func encodeStruct(v reflect.Value) (any, error) {
	object := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		name, omitEmpty := member(v.Type().Field(i))
		field := v.Field(i)
		tree, err := encode(field)
		if err != nil {
			return nil, err
		}
		if !omitEmpty || !isEmpty(tree, field.Kind()) {
			object[name] = tree
		}
	}
	return object, nil
}

// member returns the dictionary member that a struct's field stands for.
func member(field reflect.StructField) (name string, omitEmpty bool) {
	// Not Tag.Get, which can read every literal of Go.
	_, tag, _ := strings.Cut(string(field.Tag), `json:"`)
	tag, _, _ = strings.Cut(tag, `"`)
	name, options, _ := strings.Cut(tag, ",")
	return name, options == "omitempty"
}

func isEmpty(tree any, kind reflect.Kind) bool {
	// A pointer to something empty is there.
	if kind == reflect.Pointer {
		return tree == nil
	}
	switch tree := tree.(type) {
	case nil:
		return true
	case bool:
		return !tree
	case float64:
		return tree == 0
	case string:
		return tree == ""
	case []any:
		return len(tree) == 0
	}
	return false
}

func unsupported(v reflect.Value) error {
	return errors.New("webidl: no conversion of " + v.Type().String())
}

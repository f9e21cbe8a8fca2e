package webidl

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// A TypeError says which member of a dictionary has a wrong type.
type TypeError struct {
	// Path is the member's, for example "keys.auth" or "channels[2]"; empty for
	// the value itself.
	Path string
	// Want is what it should be, for example "a string"; Got is what it is.
	Want, Got string
}

// Error names the member and both types.
func (e *TypeError) Error() string {
	path := e.Path
	if path == "" {
		path = "the value"
	}
	return path + " must be " + e.Want + ", not " + e.Got
}

// Decode stores tree in the value that dst points to. A member that is missing,
// null or undefined leaves the field as it is, members without a field are
// ignored, and one of another type is a *[TypeError]. An integer field takes
// only whole numbers within its range.
func Decode(tree any, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("webidl: Decode into %T, which is no pointer", dst)
	}
	return decode(tree, v.Elem(), "")
}

func decode(tree any, v reflect.Value, path string) error {
	if tree == nil {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return decode(tree, v.Elem(), path)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(tree))
			return nil
		}
	case reflect.Bool:
		if b, ok := tree.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return mismatch(path, "a boolean", tree)
	case reflect.String:
		if s, ok := tree.(string); ok {
			v.SetString(s)
			return nil
		}
		return mismatch(path, "a string", tree)
	case reflect.Float32, reflect.Float64:
		if f, ok := tree.(float64); ok {
			v.SetFloat(f)
			return nil
		}
		return mismatch(path, "a number", tree)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt(tree, v, path)
	case reflect.Slice:
		return decodeSlice(tree, v, path)
	case reflect.Struct:
		return decodeStruct(tree, v, path)
	}
	return fmt.Errorf("webidl: %s has no counterpart in JavaScript", v.Type())
}

func decodeInt(tree any, v reflect.Value, path string) error {
	f, ok := tree.(float64)
	// 2^63 is the first float64 beyond an int64.
	if !ok || f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 || v.OverflowInt(int64(f)) {
		return mismatch(path, "a whole number", tree)
	}
	v.SetInt(int64(f))
	return nil
}

func decodeSlice(tree any, v reflect.Value, path string) error {
	list, ok := tree.([]any)
	if !ok {
		return mismatch(path, "a list", tree)
	}
	slice := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i, element := range list {
		if element == nil && v.Type().Elem().Kind() != reflect.Interface {
			return mismatch(path+"["+strconv.Itoa(i)+"]", "there", element)
		}
		if err := decode(element, slice.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	v.Set(slice)
	return nil
}

func decodeStruct(tree any, v reflect.Value, path string) error {
	object, ok := tree.(map[string]any)
	if !ok {
		return mismatch(path, "an object", tree)
	}
	for i := range v.NumField() {
		name, _, ok := member(v.Type().Field(i))
		if !ok {
			continue
		}
		memberPath := name
		if path != "" {
			memberPath = path + "." + name
		}
		if err := decode(object[name], v.Field(i), memberPath); err != nil {
			return err
		}
	}
	return nil
}

func mismatch(path, want string, got any) error {
	kind := "null"
	switch got := got.(type) {
	case bool:
		kind = "a boolean"
	case string:
		kind = "a string"
	case float64:
		kind = "the number " + strconv.FormatFloat(got, 'g', -1, 64)
	case []any:
		kind = "a list"
	case map[string]any:
		kind = "an object"
	}
	return &TypeError{Path: path, Want: want, Got: kind}
}

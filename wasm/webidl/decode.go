package webidl

import (
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

// Decode stores tree in the value that dst, a pointer, points to: a struct,
// string, bool, float64 or signed integer of any named type, a []string, a
// pointer to a []string or float64, or an any, which takes every tree. Others
// are an error.
//
// A member that is missing, null or undefined leaves the field as it is,
// members without a field are ignored, and one of another type is a
// *[TypeError]. An integer takes only whole numbers within its range.
func Decode(tree, dst any) error {
	return decode(tree, reflect.ValueOf(dst).Elem(), "")
}

func decode(tree any, v reflect.Value, path string) error {
	if tree == nil {
		return nil
	}
	ok, want := false, ""
	switch v.Kind() {
	case reflect.Struct:
		return decodeStruct(tree, v, path)
	case reflect.String:
		var s string
		if s, ok = tree.(string); ok {
			v.SetString(s)
		}
		want = "a string"
	case reflect.Bool:
		var b bool
		if b, ok = tree.(bool); ok {
			v.SetBool(b)
		}
		want = "a boolean"
	case reflect.Float64:
		var f float64
		if f, ok = tree.(float64); ok {
			v.SetFloat(f)
		}
		want = "a number"
	case reflect.Int, reflect.Int64:
		var f float64
		f, ok = tree.(float64)
		// 2^63 is the first float64 beyond an int64.
		if ok = ok && f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63; ok {
			v.SetInt(int64(f))
		}
		want = "a whole number"
	default:
		return decodeTo(tree, v, path)
	}
	if !ok {
		return mismatch(path, want, tree)
	}
	return nil
}

// decodeTo decodes to types that reflection would make anew at a high price.
func decodeTo(tree any, v reflect.Value, path string) error {
	switch dst := v.Addr().Interface().(type) {
	case *any:
		*dst = tree
	case *[]string:
		return decodeStrings(tree, dst, path)
	case **[]string:
		*dst = new([]string)
		return decodeStrings(tree, *dst, path)
	case **float64:
		f, ok := tree.(float64)
		if !ok {
			return mismatch(path, "a number", tree)
		}
		*dst = &f
	default:
		return unsupported(v)
	}
	return nil
}

func decodeStrings(tree any, dst *[]string, path string) error {
	list, ok := tree.([]any)
	if !ok {
		return mismatch(path, "a list", tree)
	}
	strings := make([]string, len(list))
	for i, element := range list {
		if strings[i], ok = element.(string); !ok {
			return mismatch(path+"["+strconv.Itoa(i)+"]", "a string", element)
		}
	}
	*dst = strings
	return nil
}

func decodeStruct(tree any, v reflect.Value, path string) error {
	object, ok := tree.(map[string]any)
	if !ok {
		return mismatch(path, "an object", tree)
	}
	for i := range v.NumField() {
		name, _ := member(v.Type().Field(i))
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

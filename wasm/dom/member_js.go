package dom

import "github.com/hack-pad/safejs"

// TypeOf returns the type of value, and false for a type that Go cannot hold,
// which is a BigInt.
func TypeOf(value safejs.Value) (t safejs.Type, ok bool) {
	// safejs lets this one panic of syscall/js through.
	defer func() {
		if recover() != nil {
			t, ok = safejs.TypeUndefined, false
		}
	}()
	return value.Type(), true
}

// Member returns the member of object with that name, and whether it is there
// and neither null nor undefined.
func Member(object safejs.Value, name string) (safejs.Value, bool) {
	// Not object.Get: a getter that throws would end the Go program.
	reflect, err := safejs.Global().Get("Reflect")
	if err != nil {
		return reflect, false
	}
	value, err := reflect.Call("get", object, name)
	if err != nil || value.IsUndefined() || value.IsNull() {
		return safejs.Value{}, false
	}
	return value, true
}

// StringMember returns the member of object with that name, a DOMString, or ""
// where there is none.
func StringMember(object safejs.Value, name string) string {
	value, ok := Member(object, name)
	if !ok {
		return ""
	}
	if t, ok := TypeOf(value); !ok || t != safejs.TypeString {
		return ""
	}
	text, err := value.String()
	if err != nil {
		return ""
	}
	return text
}

package webidl

import (
	"errors"
	"strconv"

	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// maxDepth bounds the nesting of objects that ToGo walks.
const maxDepth = 32

// ToJS returns the JavaScript value of v: see [Encode].
func ToJS(v any) (safejs.Value, error) {
	tree, err := Encode(v)
	if err != nil {
		return safejs.Value{}, err
	}
	value, err := safejs.ValueOf(tree)
	return value, dom.Error(err)
}

// FromJS stores value in what dst points to: see [ToGo] and [Decode].
func FromJS(value safejs.Value, dst any) error {
	tree, err := ToGo(value)
	if err != nil {
		return err
	}
	return Decode(tree, dst)
}

// ToGo returns the tree of value, which may be anything that a page made. It is
// what JSON.stringify takes value for: members that are functions or undefined
// are left out, Dates are strings, and cycles and BigInts are a TypeError.
func ToGo(value safejs.Value) (any, error) {
	// The detour makes a copy of plain data, whose members have no getters: one
	// that throws would end the Go program.
	text, err := dom.CallGlobal("JSON", "stringify", value)
	if err != nil || text.IsUndefined() {
		return nil, err
	}
	plain, err := dom.CallGlobal("JSON", "parse", text)
	if err != nil {
		return nil, err
	}
	return toGo(plain, 0)
}

func toGo(value safejs.Value, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("webidl: nested deeper than " + strconv.Itoa(maxDepth))
	}
	switch value.Type() {
	case safejs.TypeBoolean:
		return value.Bool()
	case safejs.TypeNumber:
		return value.Float()
	case safejs.TypeString:
		return value.String()
	case safejs.TypeObject:
		return objectToGo(value, depth)
	}
	return nil, nil
}

func objectToGo(value safejs.Value, depth int) (any, error) {
	isArray, err := dom.CallGlobal("Array", "isArray", value)
	if err != nil {
		return nil, err
	}
	if truthy, _ := isArray.Truthy(); truthy {
		return listToGo(value, depth)
	}
	keys, err := dom.CallGlobal("Object", "keys", value)
	if err != nil {
		return nil, err
	}
	names, err := listToGo(keys, depth)
	if err != nil {
		return nil, err
	}
	object := make(map[string]any, len(names))
	for _, name := range names {
		name, _ := name.(string)
		member, _ := dom.Member(value, name)
		if object[name], err = toGo(member, depth+1); err != nil {
			return nil, err
		}
	}
	return object, nil
}

func listToGo(value safejs.Value, depth int) ([]any, error) {
	length, err := value.Length()
	if err != nil {
		return nil, err
	}
	list := make([]any, length)
	for i := range list {
		element, err := value.Index(i)
		if err != nil {
			return nil, err
		}
		if list[i], err = toGo(element, depth+1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

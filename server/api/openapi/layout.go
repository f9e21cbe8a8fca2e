package openapi

import (
	"encoding/json"
	"strings"
)

// lineWidth is how many characters of JSON stand in one line.
const lineWidth = 64

// layout writes JSON for people: what fits into a line is in one. margin stands
// before each line but the first. A value that is no JSON stays as it is.
func layout(value json.RawMessage, margin string) string {
	open, shut, elements := parts(value, margin+"  ")
	if elements == nil {
		return strings.TrimSpace(string(value))
	}
	if line := open + strings.Join(elements, ", ") + shut; len(line) <= lineWidth && !strings.Contains(line, "\n") {
		return line
	}
	between := "\n" + margin + "  "
	return open + between + strings.Join(elements, ","+between) + "\n" + margin + shut
}

// parts are the members of an object or the elements of an array, laid out;
// elements is nil where value is neither.
func parts(value json.RawMessage, margin string) (open, shut string, elements []string) {
	var object ordered[json.RawMessage]
	if json.Unmarshal(value, &object) == nil {
		elements = make([]string, len(object))
		for i, member := range object {
			name, _ := json.Marshal(member.Name)
			elements[i] = string(name) + ": " + layout(member.Value, margin)
		}
		return "{", "}", elements
	}
	var array []json.RawMessage
	if json.Unmarshal(value, &array) == nil && array != nil {
		elements = make([]string, len(array))
		for i, element := range array {
			elements[i] = layout(element, margin)
		}
	}
	return "[", "]", elements
}

package push

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pushkit/pushkit/server/wire"
)

// Attributes are what a site's back end has said of a user, for the placeholders of
// messages: texts, numbers (as [json.Number]) and booleans.
type Attributes map[string]any

// ParseAttributes checks those of a request, whose numbers were read as [json.Number].
func ParseAttributes(r wire.UserRequest) (Attributes, error) {
	if r.Attributes == nil {
		return nil, invalid("attributes", "is missing")
	}
	if len(r.Attributes) > wire.MaxAttributes {
		return nil, invalid("attributes", "has %d members, at most %d are allowed", len(r.Attributes), wire.MaxAttributes)
	}
	for name, value := range r.Attributes {
		if !isAttributeName(name) {
			return nil, invalid("attributes", "has a name that is not a letter, then letters, digits and _, of up to %d characters", wire.MaxAttributeName)
		}
		at := "attributes." + name
		text, ok := attributeText(value)
		if !ok {
			return nil, invalid(at, "is not a string, a number or a boolean")
		}
		if utf8.RuneCountInString(text) > wire.MaxAttribute {
			return nil, invalid(at, "is longer than %d characters", wire.MaxAttribute)
		}
	}
	return r.Attributes, nil
}

// attributeText is what a placeholder says for a value; ok is false for one that no
// attribute has.
func attributeText(value any) (text string, ok bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	}
	return "", false
}

// text is what a placeholder says for whoever has these; empty: its default.
func (a Attributes) text(name string) string {
	text, _ := attributeText(a[name])
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return text
}

// Encode is the form in which a store keeps them: JSON.
func (a Attributes) Encode() (string, error) {
	encoded, err := json.Marshal(a)
	return string(encoded), err
}

// DecodeAttributes reads what Encode returned; an empty text has none.
func DecodeAttributes(text string) (a Attributes, err error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&a)
	return a, err
}

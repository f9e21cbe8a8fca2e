package openapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Schema is what is shown of a JSON Schema (2020-12).
type Schema struct {
	Ref         string `json:"$ref"`
	Type        kinds
	Format      string
	Description string
	Properties  ordered[*Schema]
	Required    []string
	Items       *Schema
	Enum        []string
	Const       json.RawMessage
	Default     json.RawMessage
	OneOf       []*Schema

	AdditionalProperties Others

	MinLength, MaxLength         *int
	MinItems, MaxItems           *int
	MinProperties, MaxProperties *int
	Minimum, Maximum             *int
}

// kinds are the types that a value may have.
type kinds []string

// UnmarshalJSON implements json.Unmarshaler: one type, or a list.
func (k *kinds) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*k = kinds{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(k))
}

// Others are the members of an object beside its Properties: all that there may be, or
// those of a schema, or, where Refused is true, none.
type Others struct {
	Refused bool
	Schema  *Schema
}

// UnmarshalJSON implements json.Unmarshaler: a boolean, or a schema.
func (o *Others) UnmarshalJSON(text []byte) error {
	var allowed bool
	if json.Unmarshal(text, &allowed) == nil {
		o.Refused = !allowed
		return nil
	}
	return json.Unmarshal(text, &o.Schema)
}

// Kind names the type of a value in a few words.
func (s *Schema) Kind() string {
	names := slices.Clone(s.Type)
	switch {
	case len(s.Type) == 0 && len(s.OneOf) > 0:
		for _, one := range s.OneOf {
			names = append(names, one.Kind())
		}
	case len(s.Type) == 0:
		return "any"
	case s.Type[0] == "array" && s.Items != nil:
		return "list of " + s.Items.Kind()
	case s.AdditionalProperties.Schema != nil:
		return "object, each member " + s.AdditionalProperties.Schema.Kind()
	case s.Format != "":
		names[0] += " (" + s.Format + ")"
	}
	return strings.Join(names, " or ")
}

// Limits says in words what else a value must be.
func (s *Schema) Limits() []string {
	var all []string
	add := func(low, high *int, format string) {
		switch {
		case low != nil && high != nil && *low == *high:
			all = append(all, fmt.Sprintf(format, fmt.Sprintf("exactly %d", *low)))
		case low != nil && high != nil:
			all = append(all, fmt.Sprintf(format, fmt.Sprintf("%d to %d", *low, *high)))
		case high != nil:
			all = append(all, fmt.Sprintf(format, fmt.Sprintf("at most %d", *high)))
		case low != nil && *low > 0:
			all = append(all, fmt.Sprintf(format, fmt.Sprintf("at least %d", *low)))
		}
	}
	add(s.MinLength, s.MaxLength, "length %s")
	add(s.MinItems, s.MaxItems, "%s elements")
	if s.AdditionalProperties.Schema != nil {
		add(s.MinProperties, s.MaxProperties, "%s members")
	} else {
		add(s.MinProperties, s.MaxProperties, "%s of the members")
	}
	add(s.Minimum, s.Maximum, "%s")
	if len(s.Enum) > 0 {
		all = append(all, "one of `"+strings.Join(s.Enum, "`, `")+"`")
	}
	if s.Const != nil {
		all = append(all, "always `"+text(s.Const)+"`")
	}
	if s.Default != nil {
		all = append(all, "default "+text(s.Default))
	}
	if s.Items != nil && len(s.Items.Properties) == 0 {
		for _, limit := range s.Items.Limits() {
			all = append(all, "each "+limit)
		}
	}
	return all
}

// Within is the schema whose members are shown below a value: its own, that of
// its elements or members, or the one among its choices that has some; nil where none has.
func (s *Schema) Within() *Schema {
	if s == nil || len(s.Properties) > 0 {
		return s
	}
	for _, one := range s.OneOf {
		if within := one.Within(); within != nil {
			return within
		}
	}
	if others := s.AdditionalProperties.Schema.Within(); others != nil {
		return others
	}
	return s.Items.Within()
}

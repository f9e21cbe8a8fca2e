package openapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"slices"
	"strings"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"paragraphs": paragraphs,
	"shown":      shown,
	"requires":   func(s *Schema, name string) bool { return slices.Contains(s.Required, name) },
	"text":       text,
}).Parse(pageSource))

// renderPage writes the page. html/template escapes all that the description
// holds; nothing here makes HTML by hand.
func renderPage(d *Document) ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, d)
	return b.Bytes(), err
}

// Tagged are the operations of a tag.
func (d *Document) Tagged(tag string) []*Operation {
	return slices.DeleteFunc(d.Operations(), func(o *Operation) bool { return !slices.Contains(o.Tags, tag) })
}

// Untied are the answers that no operation names, since they are given where
// there is none.
func (d *Document) Untied() []*Response {
	return []*Response{d.Components.Responses["NotFound"], d.Components.Responses["MethodNotAllowed"]}
}

// Status is that of an answer whose examples are problem details.
func (r *Response) Status() (int, error) {
	var problem struct{ Status int }
	err := json.Unmarshal(r.Content[0].Value.Examples[0].Value.Value, &problem)
	return problem.Status, err
}

// Codes are the codes of problem details, with what they mean.
func (d *Document) Codes() []*Schema { return d.Components.Schemas["Code"].OneOf }

// NeedsKey says whether a call needs an API key.
func (o *Operation) NeedsKey() bool { return len(o.Security) > 0 }

// Scopes are those of which the API key needs one.
func (o *Operation) Scopes() (oneOf []string) {
	for _, requirement := range o.Security {
		for _, scopes := range requirement {
			oneOf = append(oneOf, scopes...)
		}
	}
	return oneOf
}

// Shown are the examples of a body.
func (m *Media) Shown() []entry[*Example] {
	if m.Example != nil {
		return []entry[*Example]{{Value: &Example{Value: m.Example}}}
	}
	return m.Examples
}

// Problem says whether a body is problem details, whose examples have codes as
// names.
func (m *Media) Problem() bool {
	return m.Schema != nil && slices.ContainsFunc(m.Schema.Properties, func(e entry[*Schema]) bool { return e.Name == "code" })
}

// A span is a piece of text, in code or not.
type span struct {
	Text string
	Code bool
}

// paragraphs splits a description at empty lines, and each paragraph at
// backticks: of CommonMark the descriptions use these alone.
func paragraphs(description string) [][]span {
	var all [][]span
	for paragraph := range strings.SplitSeq(strings.TrimSpace(description), "\n\n") {
		var spans []span
		for i, piece := range strings.Split(paragraph, "`") {
			if piece != "" {
				spans = append(spans, span{piece, i%2 == 1})
			}
		}
		all = append(all, spans)
	}
	return all
}

// shown is an example as it travels: JSON, or the text itself.
func shown(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return layout(value, "")
}

// text is a scalar as it is said to people.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

package openapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Document is what is shown of an OpenAPI 3.1 description. No references are
// left: what a $ref names stands in its place.
type Document struct {
	Info struct {
		Title, Summary, Description string
	}
	Servers    []struct{ URL string }
	Tags       []Tag
	Paths      ordered[ordered[*Operation]]
	Components struct {
		SecuritySchemes ordered[SecurityScheme]
		Parameters      map[string]*Parameter
		Headers         map[string]*Parameter
		Responses       map[string]*Response
		Examples        map[string]*Example
		Schemas         map[string]*Schema
	}
}

// A Tag is a group of operations.
type Tag struct {
	Name, Description string
}

// A SecurityScheme says how a caller proves who it is.
type SecurityScheme struct {
	Description string
}

// An Operation is one method of one path.
type Operation struct {
	OperationID string
	Tags        []string
	Summary     string
	Description string
	Security    []map[string][]string
	Parameters  []*Parameter
	RequestBody *RequestBody
	Responses   ordered[*Response]

	// Method is in capitals, Path a template such as /v1/messages/{id}.
	Method string `json:"-"`
	Path   string `json:"-"`
}

// A RequestBody is what an operation takes.
type RequestBody struct {
	// MaxBytes is how long it may be.
	MaxBytes int `json:"x-maxBytes"`
	Content  ordered[*Media]
}

// A Parameter is one of a query, a path or a header, or an answer's header.
type Parameter struct {
	Ref         string `json:"$ref"`
	Name        string
	In          string
	Description string
	Required    bool
	Schema      *Schema
	Example     json.RawMessage
}

// A Response is what an operation answers with one status.
type Response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     ordered[*Parameter]
	Content     ordered[*Media]
}

// A Media is a body of one media type.
type Media struct {
	Schema   *Schema
	Example  json.RawMessage
	Examples ordered[*Example]
}

// An Example is a value with a name.
type Example struct {
	Ref     string `json:"$ref"`
	Summary string
	Value   json.RawMessage
}

// parse reads a description in JSON.
func parse(source []byte) (*Document, error) {
	d := new(Document)
	if err := json.Unmarshal(source, d); err != nil {
		return nil, err
	}
	if len(d.Servers) != 1 {
		return nil, fmt.Errorf("there are %d servers, want one", len(d.Servers))
	}
	for _, path := range d.Paths {
		for _, method := range path.Value {
			method.Value.Method, method.Value.Path = strings.ToUpper(method.Name), path.Name
		}
	}
	return d, d.resolve()
}

// Operations are all of the description, in its order.
func (d *Document) Operations() []*Operation {
	var all []*Operation
	for _, path := range d.Paths {
		for _, method := range path.Value {
			all = append(all, method.Value)
		}
	}
	return all
}

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pushkit/pushkit/server/api/openapi"
)

// serverAddress is where the tests' requests go.
const serverAddress = "http://" + ownHost

// A validation holds messages against the schemas of the API's description.
type validation struct {
	document any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
}

// described is the validation by the description as the server gives it.
var described = sync.OnceValues(func() (*validation, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi.JSON(serverAddress)))
	if err != nil {
		return nil, err
	}
	v := &validation{document: document, compiler: jsonschema.NewCompiler()}
	v.compiler.RegisterFormat(&jsonschema.Format{Name: "uri-reference", Validate: isReference})
	v.compiler.AssertFormat()
	return v, v.compiler.AddResource("openapi.json", document)
})

// check validates JSON by the schema at a place in the description.
// isReference is stricter than the validator's own, which takes every text that Go's
// parser of URLs does.
func isReference(value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	if strings.ContainsAny(text, "{}<>\\^`|\" ") {
		return fmt.Errorf("%q has characters that no reference has", text)
	}
	_, err := url.Parse(text)
	return err
}

func (v *validation) check(text []byte, place ...string) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	schema, err := v.compiler.Compile("openapi.json" + v.pointer(place))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// pointer is the JSON pointer of a place, through the references on the way.
func (v *validation) pointer(place []string) string {
	pointer, value := "#", v.document
	for _, name := range place {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		value = within(value, name)
		if ref, ok := within(value, "$ref").(string); ok {
			pointer, value = ref, v.document
			for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				value = within(value, name)
			}
		}
	}
	return pointer
}

// within is a member of an object or an element of an array; nil where there is
// none.
func within(value any, name string) any {
	if elements, ok := value.([]any); ok {
		if i, err := strconv.Atoi(name); err == nil && i < len(elements) {
			return elements[i]
		}
		return nil
	}
	members, _ := value.(map[string]any)
	return members[name]
}

// checkRequest says why the description forbids a request; nil where it does not.
func (v *validation) checkRequest(operation *openapi.Operation, r *http.Request, body string) error {
	if operation.NeedsKey() && !regexp.MustCompile(`(?i)^Bearer +\S`).MatchString(r.Header.Get("Authorization")) {
		return fmt.Errorf("there is no API key")
	}
	for i, parameter := range operation.Parameters {
		if err := v.checkParameter(operation, i, r); err != nil {
			return fmt.Errorf("%s: %w", parameter.Name, err)
		}
	}
	if operation.RequestBody == nil {
		return nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var names []string
	for _, described := range operation.RequestBody.Content {
		names = append(names, described.Name)
	}
	if err != nil || !slices.Contains(names, media) {
		return fmt.Errorf("the body is not one of %s", names)
	}
	if media == mediaLines {
		// Each line has an answer of its own.
		if strings.TrimSpace(body) == "" {
			return fmt.Errorf("the body has no lines")
		}
		return nil
	}
	return v.check([]byte(body), "paths", operation.Path, strings.ToLower(operation.Method), "requestBody", "content", media, "schema")
}

func (v *validation) checkParameter(operation *openapi.Operation, i int, r *http.Request) error {
	parameter := operation.Parameters[i]
	value := r.Header.Get(parameter.Name)
	switch parameter.In {
	case "query":
		value = r.URL.Query().Get(parameter.Name)
	case "path":
		value, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, operation.Path[:strings.Index(operation.Path, "{")]), "/")
	}
	if value == "" && !parameter.Required {
		return nil
	}
	return v.check(asJSON(parameter, value), "paths", operation.Path, strings.ToLower(operation.Method), "parameters", strconv.Itoa(i), "schema")
}

// asJSON is the value of a parameter or a header, which travels as text.
func asJSON(parameter *openapi.Parameter, value string) []byte {
	if parameter.Schema.Type[0] != "string" {
		return []byte(value)
	}
	text, _ := json.Marshal(value)
	return text
}

// checkAnswer says why an answer is not as described.
func (v *validation) checkAnswer(operation *openapi.Operation, status int, header http.Header, body []byte) error {
	for _, answer := range operation.Responses {
		if answer.Name == strconv.Itoa(status) {
			return v.checkResponse(answer.Value, []string{"paths", operation.Path, strings.ToLower(operation.Method), "responses", answer.Name}, header, body)
		}
	}
	return fmt.Errorf("the status is not described")
}

func (v *validation) checkResponse(response *openapi.Response, place []string, header http.Header, body []byte) error {
	if err := v.checkHeaders(response, place, header); err != nil {
		return err
	}
	if len(response.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body is not described")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	var schema *openapi.Schema
	for _, described := range response.Content {
		if described.Name == media {
			schema = described.Value.Schema
		}
	}
	if err != nil || schema == nil {
		return fmt.Errorf("the body is %s, which is not described", media)
	}
	if !strings.Contains(media, "json") {
		return nil
	}
	bodies := [][]byte{body}
	if media == mediaLines {
		bodies = bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	}
	for _, body := range bodies {
		if err := v.check(body, slices.Concat(place, []string{"content", media, "schema"})...); err != nil {
			return err
		}
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			return err
		}
		if err := undescribed(media, schema, value); err != nil {
			return err
		}
	}
	return nil
}

// mediaLines is the type of a body that is a JSON value a line.
const mediaLines = "application/x-ndjson"

// checkHeaders holds the headers that callers read against the description.
func (v *validation) checkHeaders(response *openapi.Response, place []string, header http.Header) error {
	var names []string
	read := []string{"Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate"}
	for _, described := range response.Headers {
		names = append(names, described.Name)
		if !slices.Contains(read, described.Name) {
			return fmt.Errorf("this test does not know the header %s", described.Name)
		}
		if err := v.check(asJSON(described.Value, header.Get(described.Name)), slices.Concat(place, []string{"headers", described.Name, "schema"})...); err != nil {
			return fmt.Errorf("%s: %w", described.Name, err)
		}
	}
	for _, name := range read {
		if described := slices.Contains(names, name); described != (header.Get(name) != "") {
			return fmt.Errorf("the header %s is described: %v", name, described)
		}
	}
	return nil
}

// undescribed is an error for a member that the schema does not have. The schemas
// of answers allow more, so that a client bears with what comes later.
func undescribed(at string, schema *openapi.Schema, value any) error {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			if err := undescribed(at+"[]", schema.Items, element); err != nil {
				return err
			}
		}
	case map[string]any:
		described := map[string]*openapi.Schema{}
		for _, member := range schema.Properties {
			described[member.Name] = member.Value
		}
		for name, member := range value {
			if described[name] == nil && len(described) > 0 {
				return fmt.Errorf("%s.%s is not described", at, name)
			}
			if described[name] != nil {
				if err := undescribed(at+"."+name, described[name], member); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func TestTheDescriptionIsOpenAPI(t *testing.T) {
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	// https://spec.openapis.org/oas/3.1/schema/2022-10-07, by the OpenAPI
	// Initiative under the Apache License 2.0.
	file, err := os.Open("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	source, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("oas", source); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("oas")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v.document); err != nil {
		t.Errorf("%#v", err)
	}
	for name := range openapi.Load().Components.Schemas {
		if _, err := v.compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s is no schema: %v", name, err)
		}
	}
}

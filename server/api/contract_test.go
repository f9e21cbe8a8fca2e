package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pushkit/pushkit/server/api/openapi"
	"github.com/pushkit/pushkit/server/wire"
)

// beyondSchema are the members whose mistakes a schema cannot tell: values that
// have the right form, and rules between members.
var beyondSchema = []string{
	"applicationServerKey", // not a key of the site
	"cursor",               // not one that the server gave
	"notification.renotify",
	"notification.body", // a template
	"id",                // not one that a user can have
	"spread",            // for an audience of people
	// URLs that browsers do not take
	"notification.navigate", "notification.icon", "notification.image", "notification.badge", "notification.actions[0].navigate", "notification.actions[0].icon",
}

// holdAgainstDescription fails where the server takes a request that the API's
// description forbids, refuses for its form one that the description allows, or
// gives an answer that is not described. A request that is wrong on purpose is
// one that the test expects to be refused.
func holdAgainstDescription(t testing.TB, r *http.Request, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	v, err := described()
	if err != nil {
		t.Fatal(err)
	}
	exchange := fmt.Sprintf("%s %s %.200s is answered %d %.300s", r.Method, r.URL, body, w.Code, w.Body)
	operation := operationOf(r)
	if operation == nil {
		if strings.HasPrefix(r.URL.Path, "/v1/") && r.Method != http.MethodOptions {
			holdWithoutOperation(t, v, exchange, w)
		}
		return
	}
	if err := v.checkAnswer(operation, w.Code, w.Header(), w.Body.Bytes()); err != nil {
		t.Errorf("%s, which the description does not have: %v", exchange, err)
	}
	problem := problemOf(w)
	if problem.Code != "" && !slices.Contains(operationCodes(operation, w.Code), string(problem.Code)) {
		t.Errorf("%s, but the description has no example of this code", exchange)
	}
	if operation.RequestBody != nil {
		most := operation.RequestBody.MaxBytes
		if problem.Code == wire.BodyTooLarge && len(body) <= most || w.Code < 400 && len(body) > most {
			t.Errorf("%s: the body has %d bytes, the description allows %d", exchange, len(body), most)
		}
	}
	forbidden := v.checkRequest(operation, r, body)
	if w.Code < 400 && forbidden != nil {
		t.Errorf("%s, but the description forbids the request: %v", exchange, forbidden)
	}
	ofForm := slices.Contains([]wire.Code{wire.InvalidJSON, wire.InvalidField, wire.UnsupportedMediaType, wire.APIKeyMissing}, problem.Code)
	if ofForm && forbidden == nil && !slices.Contains(beyondSchema, problem.Field) {
		t.Errorf("%s, but the description allows the request", exchange)
	}
}

// holdWithoutOperation is for a path or method that is not described: the answer
// says so.
func holdWithoutOperation(t testing.TB, v *validation, exchange string, w *httptest.ResponseRecorder) {
	t.Helper()
	for _, name := range []string{"NotFound", "MethodNotAllowed"} {
		response := openapi.Load().Components.Responses[name]
		if status, err := response.Status(); err != nil || status != w.Code {
			continue
		}
		if err := v.checkResponse(response, []string{"components", "responses", name}, w.Header(), w.Body.Bytes()); err != nil {
			t.Errorf("%s, which the description does not have: %v", exchange, err)
		}
		return
	}
	t.Errorf("%s, but the description has no such operation", exchange)
}

func operationCodes(operation *openapi.Operation, status int) []string {
	for _, response := range operation.Responses {
		if response.Name == strconv.Itoa(status) {
			return codesOf(response.Value)
		}
	}
	return nil
}

// codesOf are the codes that a status comes with: the names of its examples.
func codesOf(response *openapi.Response) (codes []string) {
	for _, media := range response.Content {
		if media.Value.Problem() {
			for _, example := range media.Value.Examples {
				codes = append(codes, example.Name)
			}
		}
	}
	return codes
}

func operationOf(r *http.Request) *openapi.Operation {
	for _, operation := range openapi.Load().Operations() {
		path := "^" + regexp.MustCompile(`\\\{[^}]+\\\}`).ReplaceAllString(regexp.QuoteMeta(operation.Path), "[^/]+") + "$"
		if operation.Method == r.Method && regexp.MustCompile(path).MatchString(r.URL.EscapedPath()) {
			return operation
		}
	}
	return nil
}

func problemOf(w *httptest.ResponseRecorder) (problem wire.Problem) {
	if w.Header().Get("Content-Type") == "application/problem+json" {
		json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&problem)
	}
	return problem
}

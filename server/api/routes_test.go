package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/api/openapi"
)

// What is served and is no call of the API, with the reason.
var undescribed = map[string]string{
	"*":             "CORS preflights, which browsers make by themselves",
	"* /":           "leads people to the demo",
	"* /demo":       "leads people to the demo",
	"* /demo/":      "the demo's files",
	"GET /check":    "leads people to the check",
	"* /check/":     "the check's files",
	"GET /docs.css": "belongs to /docs",
	"* /docs/":      "leads people to /docs",
	"GET /{file}":   "the client's files, which the loader names",
}

// A route is described, and what is described is a route. HEAD goes with GET.
func TestTheDescriptionHasTheRoutes(t *testing.T) {
	var routes []string
	a := &api{Options: Options{PublicURL: new(url.URL)}}
	err := a.router(nil).Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, _ := route.GetPathTemplate()
		methods, err := route.GetMethods()
		if err != nil {
			methods = []string{"*"}
		}
		for _, method := range methods {
			if call := strings.TrimSpace(method + " " + path); method != http.MethodHead && undescribed[call] == "" {
				routes = append(routes, call)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, operation := range openapi.Load().Operations() {
		described = append(described, operation.Method+" "+operation.Path)
	}
	slices.Sort(routes)
	slices.Sort(described)
	for _, route := range routes {
		if !slices.Contains(described, route) {
			t.Errorf("openapi.yaml does not describe %s", route)
		}
	}
	for _, operation := range described {
		if !slices.Contains(routes, operation) {
			t.Errorf("openapi.yaml describes %s, which is no route", operation)
		}
	}
}

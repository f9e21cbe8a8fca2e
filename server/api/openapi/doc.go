// Package openapi holds the description of the HTTP API, openapi.yaml, and shows
// it in two forms: as JSON for tools and as a page for people.
package openapi

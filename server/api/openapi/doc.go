// Package openapi holds the description of the HTTP API, openapi.yaml, and shows
// it in two forms: as JSON for tools (openapi.gen.json, made of it by go generate) and
// as a page for people.
package openapi

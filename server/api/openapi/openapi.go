package openapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"sync"
)

//go:generate go run ./internal/generate

//go:embed openapi.gen.json
var source []byte

// Style is the page's style sheet, which it expects as docs.css beside it.
//
//go:embed page.css
var Style []byte

// A description is openapi.yaml in all its forms, with the placeholder for the
// server's address.
type description struct {
	document   *Document
	server     []byte // the placeholder
	json, page []byte
}

// load reads what is part of the program: only a mistake in it fails.
var load = sync.OnceValue(func() description {
	d, err := describe(source)
	if err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	return d
})

// describe takes the description as JSON.
func describe(text []byte) (d description, err error) {
	d.json = bytes.TrimSuffix(text, []byte("\n"))
	if d.document, err = parse(d.json); err != nil {
		return d, err
	}
	d.server = []byte(d.document.Servers[0].URL)
	d.page, err = renderPage(d.document)
	return d, err
}

// Load returns the description. It is shared: do not change it.
func Load() *Document { return load().document }

// JSON is the description of the server at an address such as
// https://push.example.com, without a slash at the end.
func JSON(server string) []byte { return load().at(load().json, server) }

// Page is the description as HTML.
func Page(server string) []byte { return load().at(load().page, server) }

// plainAddress is one that means the same in HTML, in JSON and in a shell.
var plainAddress = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$|^https?://\[[0-9a-f:]+\](:[0-9]+)?$`)

// IsPlainAddress says whether a server's address can be put into a page, a script or a
// command as it is.
func IsPlainAddress(server string) bool { return plainAddress.MatchString(server) }

// at puts a server's address in the place of the placeholder. One that is not
// plain is left out: a request's Host may hold anything.
func (d description) at(form []byte, server string) []byte {
	if !IsPlainAddress(server) {
		return form
	}
	return bytes.ReplaceAll(form, d.server, []byte(server))
}

package client

import (
	"errors"
	"strconv"
	"strings"

	"github.com/pushkit/pushkit/server/wire"
	"github.com/pushkit/pushkit/wasm/dom"
	"github.com/pushkit/pushkit/wasm/webidl"
)

// fetchKey asks the server for its key, unless that is known.
func (c *call) fetchKey(ctx dom.Context) (err error) {
	if c.key = c.options.ApplicationServerKey; c.key != "" {
		return nil
	}
	var config wire.Config
	if err := c.speak(ctx, "GET", c.options.Server+wire.PathConfig, nil, &config); err != nil {
		return err
	}
	c.key, err = parseKey(config.ApplicationServerKey)
	c.options.ApplicationServerKey = c.key
	return err
}

// speak calls the server: it sends request, unless that is nil, as JSON and
// stores the answer in response, unless that is nil. What is not an answer of
// the server, such as a proxy's page, is wire.ServerUnreachable.
func (c *Client) speak(ctx dom.Context, method, url string, request, response any) error {
	ctx, cancel := within(ctx, wire.RequestTimeout)
	defer cancel()
	var body any
	if request != nil {
		tree, err := webidl.Encode(request)
		if err != nil {
			return err
		}
		body = tree
	}
	status, answer, err := c.browser.Fetch(ctx, method, url, body)
	if err != nil {
		return &Error{Code: wire.ServerUnreachable, Err: err, Detail: method + " " + url + " got no answer."}
	}
	if status < 200 || status > 299 {
		return problem(status, answer)
	}
	if response == nil {
		return nil
	}
	if _, ok := answer.(map[string]any); !ok {
		return notOurs(status)
	}
	if err := webidl.Decode(answer, response); err != nil {
		return &Error{Code: wire.Unexpected, Detail: "the server's answer", Err: err}
	}
	return nil
}

// A problemError is the server's refusal (RFC 9457).
type problemError struct {
	wire.Problem
}

func (p *problemError) Error() string {
	text := "status " + strconv.Itoa(p.Status)
	if p.Field != "" {
		text += ", field " + p.Field
	}
	return text
}

func problem(status int, answer any) error {
	var p wire.Problem
	if _, ok := answer.(map[string]any); !ok || webidl.Decode(answer, &p) != nil || p.Code == "" {
		return notOurs(status)
	}
	p.Status = status
	return &Error{Code: p.Code, Detail: p.Detail, Err: &problemError{p}}
}

func notOurs(status int) error {
	return &Error{Code: wire.ServerUnreachable, Detail: "HTTP status " + strconv.Itoa(status) + " without an answer of pushkit's"}
}

// refuses reports whether err is the server's complaint about a field that
// begins with name.
func refuses(err error, name string) bool {
	p, ok := errors.AsType[*problemError](err)
	return ok && p.Code == wire.InvalidField && strings.HasPrefix(p.Field, name)
}

package fetch

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// A Response is the answer to a request, of any status. See
// https://fetch.spec.whatwg.org/#response-class.
type Response struct {
	value      safejs.Value
	controller safejs.Value
	// Status is HTTP's, for example 201.
	Status int
}

// Fetch sends a request and returns the answer once its header has arrived. A
// request that could not be made is a [dom.TypeError] whatever the reason was:
// browsers tell neither CORS nor DNS nor a refused connection apart. When ctx
// ends, the request is aborted and ctx's error returned. See
// https://fetch.spec.whatwg.org/#fetch-method.
func Fetch(ctx dom.Context, url string, init Init) (*Response, error) {
	options := map[string]any{}
	if init.Method != "" {
		options["method"] = init.Method
	}
	if init.Body != nil {
		options["body"] = *init.Body
	}
	if init.Credentials != "" {
		options["credentials"] = init.Credentials
	}
	if init.Cache != "" {
		options["cache"] = init.Cache
	}
	if init.KeepAlive {
		options["keepalive"] = true
	}
	headers := make(map[string]any, len(init.Headers))
	for name, value := range init.Headers {
		headers[name] = value
	}
	options["headers"] = headers
	controller, err := newController(options)
	if err != nil {
		return nil, err
	}
	value, err := dom.CallAsync(ctx, safejs.Global(), "fetch", url, options)
	if err != nil {
		abort(ctx, controller)
		return nil, err
	}
	status, _ := dom.Member(value, "status")
	number, err := status.Int()
	return &Response{value, controller, number}, err
}

// Header returns a header field, or "" where the answer has none or CORS hides
// it.
func (r *Response) Header(name string) string {
	headers, ok := dom.Member(r.value, "headers")
	if !ok {
		return ""
	}
	value, err := headers.Call("get", name)
	if err != nil || value.IsNull() {
		return ""
	}
	text, err := value.String()
	if err != nil {
		return ""
	}
	return text
}

// Text returns the body as UTF-8. A body can be read once. When ctx ends, the
// request is aborted and ctx's error returned.
func (r *Response) Text(ctx dom.Context) (string, error) {
	value, err := r.body(ctx, "text")
	if err != nil {
		return "", err
	}
	return value.String()
}

// JSON returns the body as what its JSON stands for; malformed JSON is a
// [dom.SyntaxError]. A body can be read once. When ctx ends, the request is
// aborted and ctx's error returned.
func (r *Response) JSON(ctx dom.Context) (safejs.Value, error) {
	return r.body(ctx, "json")
}

func (r *Response) body(ctx dom.Context, method string) (safejs.Value, error) {
	value, err := dom.CallAsync(ctx, r.value, method)
	if err != nil {
		abort(ctx, r.controller)
	}
	return value, err
}

// newController makes an AbortController for the request with these options.
func newController(options map[string]any) (safejs.Value, error) {
	controller, err := dom.New("AbortController")
	if err == nil {
		options["signal"], _ = dom.Member(controller, "signal")
	}
	return controller, err
}

// abort ends a request that nobody waits for any more.
func abort(ctx dom.Context, controller safejs.Value) {
	if ctx.Err() != nil {
		_, _ = controller.Call("abort")
	}
}

// Package transport carries requests to push services, in two ways behind one
// interface: [NetHTTP] is Go's own client, which knows proxies and HTTP/1.1;
// [HTTP2] is a lean client for direct connections, at a tenth of its cost.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// MaxAnswer is how much of an answer's body is kept, in bytes.
const MaxAnswer = 8 << 10

// A Transport posts to push services. It is safe for concurrent use.
type Transport interface {
	// Post sends requests, which all go to one origin, and calls done once for
	// each with its index: from any goroutine, and maybe before Post returns.
	// done must not block. When ctx ends, so do the requests without an answer.
	// A request's fields and body are read until its done is called.
	//
	// Post does not wait for answers, nor for a connection. How many requests
	// are under way at once is for the caller to bound.
	Post(ctx context.Context, to Origin, requests []Request, done func(i int, r Response, err error))
	// Close ends all connections; requests under way fail.
	Close()
}

// An Origin is where requests go. It is comparable.
type Origin struct {
	// Scheme is https, or http for a push service of this machine.
	Scheme string
	// Authority is the host, and the port where it is not the scheme's: the Host
	// or :authority of requests; its host is the name that TLS must prove.
	Authority string
	// Address is the host:port to connect to, which may be another host's.
	Address string
	// Local says that the operator listed Address as one of this machine: no
	// proxy is asked for it.
	Local bool
}

// A Config is what transports need from outside.
type Config struct {
	// Dial connects to an origin's Address by TCP.
	Dial func(ctx context.Context, to Origin) (net.Conn, error)
	// TLS is cloned for each connection, with the origin's name; nil is the
	// default.
	TLS *tls.Config
}

// A Request is one POST.
type Request struct {
	// Path is the request target: an absolute path and query, escaped.
	Path string
	// Fields are the header fields besides Host, Content-Length and User-Agent.
	// Names are in lower case.
	Fields []Field
	Body   []byte
}

// A Field is one of a header.
type Field struct{ Name, Value string }

// A Response is the answer to a request.
type Response struct {
	Status int
	// Fields are those of [Kept] that the answer had.
	Fields []Field
	// Body is at most [MaxAnswer] bytes of the answer's.
	Body []byte
}

// Kept are the header fields of an answer that a sender may want to know.
var Kept = map[string]bool{
	"location": true, "retry-after": true, "ttl": true, "date": true, "content-type": true,
	"x-wns-status": true, "x-wns-notificationstatus": true, "x-wns-error-description": true,
	"x-wns-deviceconnectionstatus": true, "apns-id": true,
}

// Get returns the value of a field, or ""; case does not matter.
func (r Response) Get(name string) string {
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// ErrNotProcessed is in the chain of an error where the push service has
// provably not processed the request, so that it may be sent once more without
// being sent twice: it was never written, its stream was refused, or it is
// above the last stream of a GOAWAY (RFC 9113 sections 6.8 and 8.7).
var ErrNotProcessed = errors.New("the push service has not processed the request")

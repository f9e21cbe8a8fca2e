package webpush

import (
	"context"
	"crypto/tls"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
)

// requestTimeout bounds a whole request, from the dial to the end of the
// answer.
const requestTimeout = 30 * time.Second

// Options are what a [Client] is made with.
type Options struct {
	// Services are the push services that may be called; nil: those of
	// [VendorServices].
	Services *Services
	// Subject says who runs the application server: a mailto: or https: URL
	// (RFC 8292 section 2.1), or empty for none. It is sent as it stands;
	// [CheckSubject] says whether every push service takes it.
	Subject string
	// NetHTTP sends everything with Go's net/http, as behind a proxy, instead
	// of with the lean HTTP/2 client.
	NetHTTP bool
	// MaxInFlight is how many requests SendBatch has under way to one host of a push
	// service at most; 0: 2048. It finds out how many of these are good by itself.
	MaxInFlight int
	// BulkThreads is on how many threads of a low priority what SendBatch sends is
	// encrypted, so that on a busy machine all else goes first; 0: on the caller's.
	// A process that has them needs as many more of GOMAXPROCS, for all else to
	// find one at once.
	BulkThreads int
	// TLS is for push services of one's own whose certificates no system trusts;
	// nil is the default.
	TLS *tls.Config
}

// A Client sends messages. It keeps connections and VAPID tokens; use one for
// all sends. It is safe for concurrent use.
type Client struct {
	subject      string
	timeout      time.Duration
	destinations destinations
	transport    transport.Transport
	tokens       tokens
	background   *background
}

// NewClient returns a client.
func NewClient(o Options) *Client { return newClient(o, newGuard()) }

func newClient(o Options, g guard) *Client {
	if o.Services == nil {
		o.Services = vendorServices
	}
	config := transport.Config{Dial: g.dial, TLS: o.TLS}
	var carrier transport.Transport = transport.NewNetHTTP(config)
	if !o.NetHTTP {
		carrier = transport.NewHTTP2(config, carrier)
	}
	return &Client{
		subject: o.Subject, timeout: requestTimeout,
		destinations: destinations{services: o.Services, mostInFlight: o.MaxInFlight}, transport: carrier,
		background: newBackground(o.BulkThreads),
	}
}

// Close ends the client's connections; requests under way fail.
func (c *Client) Close() {
	c.transport.Close()
	c.background.close()
}

// Send encrypts, signs and posts one message, and says what became of it. It
// does not try again. It goes before what [Client.SendBatch] sends to the same
// push service.
func (c *Client) Send(ctx context.Context, m Message) Result {
	answered := make(chan Result, 1)
	c.send(ctx, []Message{m}, true, func(_ int, r Result) { answered <- r })
	return <-answered
}

// SendBatch sends messages together and calls done with the index and result of
// each, once and from any goroutine; done must not block. It returns when all
// are under way: it waits while as many are as the push service sustains, so that
// a caller may hand over batch after batch. Messages of a batch are best for one
// push service, since a slow one delays those after it.
func (c *Client) SendBatch(ctx context.Context, messages []Message, done func(i int, r Result)) {
	c.send(ctx, messages, false, done)
}

// SendAhead is SendBatch for messages that, as those of [Client.Send], go before
// what SendBatch sends to the same push service.
func (c *Client) SendAhead(ctx context.Context, messages []Message, done func(i int, r Result)) {
	c.send(ctx, messages, true, done)
}

func (c *Client) send(ctx context.Context, messages []Message, urgent bool, done func(i int, r Result)) {
	for i := 0; i < len(messages); {
		to, err := c.admit(&messages[i])
		if err != nil {
			done(i, refusedBeforeSending(err))
			i++
			continue
		}
		n := 1
		for ; n < MaxBatch && i+n < len(messages); n++ {
			if next, err := c.admit(&messages[i+n]); err != nil || next != to {
				break
			}
		}
		granted, err := to.pace.acquire(ctx, n, urgent)
		if err != nil {
			done(i, notSent(err))
			i++
			continue
		}
		first := i
		c.post(ctx, to, messages[i:i+granted.n], granted, urgent, func(j int, r Result) { done(first+j, r) })
		i += granted.n
	}
}

// admit checks a message and finds where it goes.
func (c *Client) admit(m *Message) (*destination, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return c.destinations.find(&m.Subscription)
}

// post encrypts and signs messages for one push service and hands them to the
// transport.
func (c *Client) post(ctx context.Context, to *destination, messages []Message, granted grant, urgent bool, done func(i int, r Result)) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	left := atomic.Int64{}
	left.Store(int64(len(messages)))
	// The messages are the caller's again when they are under way.
	var endpoints [MaxBatch]string
	for i := range messages {
		endpoints[i] = messages[i].Subscription.endpoint
	}
	end := func(i int, w word, r Result) {
		to.pace.release(granted, w, r.RetryAfter)
		if left.Add(-1) == 0 {
			cancel()
		}
		if r.Reason != "" {
			r.Reason = clip(withoutEndpoint(r.Reason, endpoints[i]))
		}
		r.Location = clip(r.Location)
		done(i, r)
	}
	var requests []transport.Request
	var err error
	prepare := func() { requests, err = c.requests(to, messages, time.Now()) }
	if urgent {
		prepare()
	} else {
		c.background.do(prepare)
	}
	if err != nil {
		for i := range messages {
			end(i, wordNothing, refusedBeforeSending(err))
		}
		return
	}
	c.transport.Post(ctx, to.to, requests, func(i int, response transport.Response, err error) {
		if err != nil {
			w := wordFails
			if errors.Is(err, context.Canceled) {
				w = wordNothing
			}
			end(i, w, unreachable(err))
			return
		}
		r := classify(to.vendor, response.Status, response.Get, response.Body, time.Now())
		end(i, wordOf(r), r)
	})
}

// wordOf is what an answer says of the push service as a whole.
func wordOf(r Result) word {
	switch {
	case r.Outcome == RateLimited, r.Outcome == Unavailable && r.RetryAfter > 0:
		return wordThrottles
	case r.Outcome == Unavailable:
		return wordFails
	}
	return wordWorks
}

// notSent is the result of a message for which there was no room.
func notSent(err error) Result {
	r := Result{Outcome: Unavailable, Reason: err.Error()}
	if broken := (*brokenError)(nil); errors.As(err, &broken) {
		r.Held, r.RetryAfter = true, broken.wait
	}
	return r
}

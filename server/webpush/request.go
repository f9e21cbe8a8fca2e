package webpush

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"

	"github.com/pushkit/pushkit/server/webpush/vendor"
)

const (
	// requestTimeout bounds a whole request, from the dial to the end of the
	// answer.
	requestTimeout = 30 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 8 << 10
)

// A Message is one push message for one subscription.
type Message struct {
	Subscription Subscription
	// Payload is the plaintext, at most MaxPlaintext bytes.
	Payload []byte
	// TTL is how long the push service keeps the message, rounded down to
	// seconds; zero means to deliver now or never (RFC 8030 section 5.2).
	TTL     time.Duration
	Urgency Urgency
	// Topic is any text: a message waiting at the push service is replaced by
	// a later one with the same topic (RFC 8030 section 5.4). Empty: none.
	Topic string
	// Key signs for the application server: the key that the subscription was
	// made with.
	Key VAPIDKey
}

// A Client sends messages. It keeps connections and VAPID tokens; use one for
// all sends. It is safe for concurrent use.
type Client struct {
	services *Services
	subject  string
	// transport is used without an http.Client, which would look at redirects.
	transport *http.Transport
	timeout   time.Duration
	tokens    tokens
}

// NewClient returns a client that sends to services only. subject says who
// runs the application server: a mailto: or https: URL (RFC 8292 section 2.1),
// or empty for none.
func NewClient(services *Services, subject string) *Client {
	c := &Client{services: services, subject: subject, timeout: requestTimeout}
	c.transport = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            c.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        5 * time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
	}
	return c
}

// dial connects to a push service. Addresses of this machine and of private
// networks are refused however the name resolves, unless the operator listed
// a local push service.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	for _, rule := range c.services.rules {
		if via := rule.routedVia; via != nil && (via.Scheme == "https" && rule.host == host || via.Scheme == "http" && via.Host == address) {
			return dialer.DialContext(ctx, network, via.Host)
		}
		if rule.plain && rule.host == host && rule.port == port {
			return dialer.DialContext(ctx, network, address)
		}
	}
	dialer.Control = ssrf.New().Safe
	return dialer.DialContext(ctx, network, address)
}

// Send encrypts, signs and posts one message, and says what became of it.
// It does not retry.
func (c *Client) Send(ctx context.Context, m Message) Result {
	result := c.send(ctx, m)
	result.Reason = clip(withoutEndpoint(result.Reason, m.Subscription.Endpoint()))
	return result
}

func (c *Client) send(ctx context.Context, m Message) Result {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(ctx, m)
	if err != nil {
		return refusedBeforeSending(err)
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return unreachable(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return classify(vendor.Of(request.Host), response.StatusCode, response.Header.Get, answer, time.Now())
}

func (c *Client) request(ctx context.Context, m Message) (*http.Request, error) {
	u, err := url.Parse(m.Subscription.Endpoint())
	if err != nil {
		return nil, err
	}
	rule, ok := c.services.match(u)
	if !ok {
		return nil, ErrServiceNotAllowed
	}
	host := u.Host
	if via := rule.routedVia; via != nil && via.Scheme == "http" {
		// In the URL already: a connection is kept by it, and no proxy is asked for
		// an address of this machine.
		u.Scheme, u.Host = via.Scheme, via.Host
	}
	body, err := Encrypt(m.Subscription, m.Payload)
	if err != nil {
		return nil, err
	}
	authorization, err := c.tokens.authorization(m.Key, m.Subscription.Origin(), c.subject, time.Now())
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Host = host
	if m.TTL < 0 {
		return nil, errors.New("the TTL is negative")
	}
	header := request.Header
	header.Set("Authorization", authorization)
	header.Set("Content-Encoding", "aes128gcm")
	header.Set("Content-Type", "application/octet-stream")
	ttl, cachePolicy := vendor.Of(rule.host).Lifetime(int64(m.TTL / time.Second))
	header.Set("TTL", strconv.FormatInt(ttl, 10))
	if cachePolicy != "" {
		header.Set("X-WNS-Cache-Policy", cachePolicy)
	}
	if m.Urgency != "" {
		header.Set("Urgency", string(m.Urgency))
	}
	if m.Topic != "" {
		header.Set("Topic", TopicHeader(m.Topic))
	}
	return request, nil
}

// TopicHeader is the value of the Topic header for a topic: the first 32
// characters of its SHA-256 in base64url, since push services differ in which
// texts they take (RFC 8030 section 5.4 allows 32 characters; Apple refuses
// some lengths).
func TopicHeader(topic string) string {
	hash := sha256.Sum256([]byte(topic))
	return base64.RawURLEncoding.EncodeToString(hash[:])[:32]
}

package webpush

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pushkit/pushkit/server/webpush/internal/transport"
	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// A header is what requests have beside their body. Those of a broadcast differ in
// nothing that is in it.
type header struct {
	ttl           TTL
	urgency       Urgency
	topic         string
	authorization string
	fields        []transport.Field
}

// NewRequest returns the encrypted and signed request of a message (RFC 8030
// section 5), for callers with an HTTP client of their own. Whether the push
// service may be called is for them to say, and they follow no redirect.
func (c *Client) NewRequest(ctx context.Context, m Message) (*http.Request, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	u, err := url.Parse(m.Subscription.endpoint)
	if err != nil {
		return nil, &FieldError{"endpoint", "is not a URL"}
	}
	to := &destination{origin: m.Subscription.origin, vendor: vendors.Of(u.Hostname())}
	made, err := c.requests(to, []Message{m}, time.Now())
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Subscription.endpoint, bytes.NewReader(made[0].Body))
	if err != nil {
		return nil, err
	}
	for _, f := range made[0].Fields {
		request.Header.Set(f.Name, f.Value)
	}
	return request, nil
}

// requests encrypts messages for one push service and makes the requests of RFC
// 8030 section 5 of them.
func (c *Client) requests(to *destination, messages []Message, now time.Time) ([]transport.Request, error) {
	requests := make([]transport.Request, len(messages))
	var bodies [MaxBatch][]byte
	if err := encrypt(messages, bodies[:]); err != nil {
		return nil, err
	}
	var key VAPIDKey
	var authorization string
	for i := range messages {
		m := &messages[i]
		if m.Key != key {
			var err error
			if authorization, err = c.tokens.authorization(m.Key, to.origin, c.subject, now); err != nil {
				return nil, err
			}
			key = m.Key
		}
		requests[i] = transport.Request{Path: m.Subscription.target, Fields: to.fields(m, authorization), Body: bodies[i]}
	}
	return requests, nil
}

// fields are the header fields of a message.
func (d *destination) fields(m *Message, authorization string) []transport.Field {
	last := d.last.Load()
	if last == nil || last.ttl != m.TTL || last.urgency != m.Urgency || last.topic != m.Topic || last.authorization != authorization {
		last = &header{m.TTL, m.Urgency, m.Topic, authorization, newFields(m, authorization, d.vendor)}
		d.last.Store(last)
	}
	return last.fields
}

func newFields(m *Message, authorization string, vendor *vendors.Vendor) []transport.Field {
	ttl, cachePolicy := vendor.Lifetime(m.TTL.Seconds())
	fields := []transport.Field{
		{Name: "authorization", Value: authorization},
		{Name: "content-encoding", Value: "aes128gcm"},
		{Name: "content-type", Value: "application/octet-stream"},
		{Name: "ttl", Value: strconv.FormatInt(ttl, 10)},
	}
	if m.Urgency != "" {
		fields = append(fields, transport.Field{Name: "urgency", Value: string(m.Urgency)})
	}
	if m.Topic != "" {
		fields = append(fields, transport.Field{Name: "topic", Value: TopicHeader(m.Topic)})
	}
	if cachePolicy != "" {
		fields = append(fields, transport.Field{Name: "x-wns-cache-policy", Value: cachePolicy})
	}
	return fields
}

package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pushkit/pushkit/server/webpush/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// A Refusal is an answer that is no success.
type Refusal struct {
	Status     int
	RetryAfter string
	Text       string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d: %s", r.Status, r.Text) }

// call makes a request of the node; answer may be nil.
func (n *Node) call(ctx context.Context, method, path, idempotencyKey string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, n.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	response, err := n.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return &Refusal{response.StatusCode, response.Header.Get("Retry-After"), string(text)}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// Send posts a message, and returns its id. idempotencyKey may be empty.
func (n *Node) Send(ctx context.Context, idempotencyKey, body string) (id string, err error) {
	var m wire.MessageResponse
	err = n.call(ctx, http.MethodPost, wire.PathMessages, idempotencyKey, []byte(body), &m)
	return m.ID, err
}

// Message is a message as the node tells of it. Counts that do not add up are an
// error.
func (n *Node) Message(ctx context.Context, id string) (m wire.MessageResponse, err error) {
	err = n.call(ctx, http.MethodGet, wire.PathMessages+"/"+id, "", nil, &m)
	if c := m.Counts; err == nil && c.Targeted != c.Accepted+c.Gone+c.Failed+c.Expired+c.Cancelled+c.Pending {
		err = fmt.Errorf("the counts of message %s do not add up: %+v", id, c)
	}
	return m, err
}

// Subscribe posts a subscription, and returns its id.
func (n *Node) Subscribe(ctx context.Context, s pushtest.Subscription) (id string, err error) {
	var answer wire.SubscribeResponse
	err = n.call(ctx, http.MethodPost, wire.PathSubscriptions, "", s.JSON(), &answer)
	return answer.ID, err
}

// Unsubscribe ends a subscription.
func (n *Node) Unsubscribe(ctx context.Context, s pushtest.Subscription) error {
	return n.post(ctx, wire.PathSubscriptionsRemove, wire.RemoveRequest{Endpoint: s.Endpoint})
}

// Report tells of what browsers did.
func (n *Node) Report(ctx context.Context, events []wire.EventReport) error {
	return n.post(ctx, wire.PathEvents, events)
}

func (n *Node) post(ctx context.Context, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return n.call(ctx, http.MethodPost, path, "", text, nil)
}

// AwaitSent waits until nothing of a message is pending, and asks that often: each
// time the node adds up what its batches have counted. A node that is away for now
// is asked again.
func (n *Node) AwaitSent(ctx context.Context, id string, every, limit time.Duration) (m wire.MessageResponse, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("message %s is not sent after %v", id, limit))
	defer cancel()
	for {
		if m, err = n.Message(ctx, id); err == nil && m.State == wire.MessageSent {
			return m, nil
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return m, fmt.Errorf("%w: %+v, %v", context.Cause(ctx), m, err)
		}
	}
}

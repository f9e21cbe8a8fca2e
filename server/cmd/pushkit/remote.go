package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/pushkit/pushkit/server/wire"
)

// maxAnswer is how much of a server's answer is read, in bytes.
const maxAnswer = 16 << 20

// A remote works on a running server by its HTTP API.
type remote struct {
	server, key string
	http        http.Client
}

func openRemote(cmd *cli.Command) (*remote, error) {
	key, err := readAPIKey(cmd)
	if err != nil {
		return nil, err
	}
	server := strings.TrimSuffix(cmd.String(serverFlag.Name), "/")
	if u, err := url.Parse(server); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("--server %q is not a URL such as https://push.example.com", server)
	}
	return &remote{server, key, http.Client{Timeout: time.Minute}}, nil
}

func (r *remote) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.server+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := r.http.Do(request)
	if err != nil {
		return fmt.Errorf("the server cannot be reached: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		var problem wire.Problem
		if json.Unmarshal(text, &problem) != nil || problem.Code == "" {
			return fmt.Errorf("%s answers %s: is it a pushkit server?", r.server, response.Status)
		}
		return fmt.Errorf("%s: %s", problem.Code, problem.Detail)
	}
	if answer == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // an attribute of 64 bits is more than a float64 holds
	return decoder.Decode(answer)
}

func (r *remote) send(ctx context.Context, m wire.MessageRequest) (answer wire.MessageResponse, err error) {
	err = r.call(ctx, http.MethodPost, wire.PathMessages, m, &answer)
	return answer, err
}

func (r *remote) count(ctx context.Context, m wire.MessageRequest) (answer wire.DryRunResponse, err error) {
	err = r.call(ctx, http.MethodPost, wire.PathMessages, m, &answer)
	return answer, err
}

func (r *remote) message(ctx context.Context, id string) (answer wire.MessageResponse, err error) {
	err = r.call(ctx, http.MethodGet, wire.PathMessages+"/"+url.PathEscape(id), nil, &answer)
	return answer, err
}

func (r *remote) messages(ctx context.Context, cursor string) (answer wire.MessageList, err error) {
	err = r.call(ctx, http.MethodGet, wire.PathMessages+"?limit=1000&cursor="+url.QueryEscape(cursor), nil, &answer)
	return answer, err
}

func (r *remote) deliveries(ctx context.Context, id, state, cursor string) (answer wire.DeliveryList, err error) {
	query := url.Values{"limit": {"1000"}, "state": {state}, "cursor": {cursor}}
	err = r.call(ctx, http.MethodGet, wire.PathMessages+"/"+url.PathEscape(id)+wire.PathDeliveries+"?"+query.Encode(), nil, &answer)
	return answer, err
}

func (r *remote) cancel(ctx context.Context, id string) (answer wire.MessageResponse, err error) {
	err = r.call(ctx, http.MethodPost, wire.PathMessages+"/"+url.PathEscape(id)+wire.PathCancel, nil, &answer)
	return answer, err
}

func (r *remote) subscriptions(ctx context.Context, failing, cursor string) (answer wire.SubscriptionList, err error) {
	query := url.Values{"limit": {"1000"}, "cursor": {cursor}, "failing": {failing}}
	err = r.call(ctx, http.MethodGet, wire.PathSubscriptions+"?"+query.Encode(), nil, &answer)
	return answer, err
}

func (r *remote) losses(ctx context.Context, from, to string) (answer wire.LossList, err error) {
	query := url.Values{"from": {from}, "to": {to}}
	err = r.call(ctx, http.MethodGet, wire.PathSubscriptionsLosses+"?"+query.Encode(), nil, &answer)
	return answer, err
}

func (r *remote) user(ctx context.Context, id string) (answer wire.UserResponse, err error) {
	err = r.call(ctx, http.MethodGet, wire.PathUsers+"/"+url.PathEscape(id), nil, &answer)
	return answer, err
}

func (r *remote) setUser(ctx context.Context, id string, request wire.UserRequest) error {
	return r.call(ctx, http.MethodPut, wire.PathUsers+"/"+url.PathEscape(id), request, nil)
}

func (r *remote) forgetUser(ctx context.Context, id string) error {
	return r.call(ctx, http.MethodDelete, wire.PathUsers+"/"+url.PathEscape(id), nil, nil)
}

// ImportSubscriptions implements [transfer.Server].
func (r *remote) ImportSubscriptions(ctx context.Context, request wire.ImportRequest) (answer wire.ImportResponse, err error) {
	err = r.call(ctx, http.MethodPost, wire.PathSubscriptionsImport, request, &answer)
	return answer, err
}

func (r *remote) close() error { return nil }

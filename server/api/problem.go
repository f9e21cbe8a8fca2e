package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// statuses maps the domain's codes to HTTP; a code that is missing here is 500.
var statuses = map[wire.Code]int{
	wire.InvalidJSON:           http.StatusBadRequest,
	wire.InvalidField:          http.StatusBadRequest,
	wire.PushServiceNotAllowed: http.StatusBadRequest,
	wire.EndpointRemoved:       http.StatusBadRequest,
	wire.InvalidUserToken:      http.StatusBadRequest,
	wire.WebhookURLNotAllowed:  http.StatusBadRequest,
	wire.APIKeyMissing:         http.StatusUnauthorized,
	wire.APIKeyInvalid:         http.StatusUnauthorized,
	wire.APIKeyLacksScope:      http.StatusForbidden,
	wire.OriginNotAllowed:      http.StatusForbidden,
	wire.NotFound:              http.StatusNotFound,
	wire.SubscriptionUnknown:   http.StatusNotFound,
	wire.MessageUnknown:        http.StatusNotFound,
	wire.UserUnknown:           http.StatusNotFound,
	wire.WebhookUnknown:        http.StatusNotFound,
	wire.MethodNotAllowed:      http.StatusMethodNotAllowed,
	wire.EndpointTaken:         http.StatusConflict,
	wire.TooManyWebhooks:       http.StatusConflict,
	wire.EndpointGone:          http.StatusGone,
	wire.BodyTooLarge:          http.StatusRequestEntityTooLarge,
	wire.MessageTooLarge:       http.StatusRequestEntityTooLarge,
	wire.UnsupportedMediaType:  http.StatusUnsupportedMediaType,
	wire.IdempotencyConflict:   http.StatusUnprocessableEntity,
	wire.TooManyRequests:       http.StatusTooManyRequests,
	wire.Internal:              http.StatusInternalServerError,
	wire.Unavailable:           http.StatusServiceUnavailable,
}

const (
	// retryAfter is in how many seconds a caller may try again where the
	// database is away.
	retryAfter = "5"
	// logAwayEvery is how often that is logged at most.
	logAwayEvery = 10 * time.Second
)

// A handler answers a request, or says with an error what is wrong with it.
type handler func(http.ResponseWriter, *http.Request) error

// handle makes a handler one of net/http.
func (a *api) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			a.writeProblem(w, r, err)
		}
	})
}

func (a *api) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	problem := a.problem(r, err)
	a.mistaken(w, r, problem.Status)
	switch problem.Status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(problem.Status)
	json.NewEncoder(w).Encode(problem)
}

// problem is what the caller is told of an error. What is the server's own is logged.
func (a *api) problem(r *http.Request, err error) wire.Problem {
	var e *push.Error
	if !errors.As(err, &e) {
		// Where the caller has gone, nobody reads an answer. Not the query or the body,
		// which may hold what is a person's own.
		if r.Context().Err() == nil {
			a.Log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		}
		e = &push.Error{Code: wire.Internal, Detail: "The server failed. Its log says why."}
	}
	status := statuses[e.Code]
	if status == http.StatusServiceUnavailable {
		a.away.Do(func() {
			a.Log.Error("requests are answered 503", "method", r.Method, "path", r.URL.Path, "error", err)
		})
	}
	detail := e.Detail
	if e.Field != "" {
		detail = e.Field + " " + detail
	}
	return wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: e.Code, Detail: detail, Field: e.Field}
}

func writeJSON(w http.ResponseWriter, status int, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(encoded, '\n'))
	return nil
}

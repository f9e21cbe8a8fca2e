package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

type logKey struct{}

// protect stands around every handler: it gives them the log, and turns a
// panic into an answer.
func (a *api) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), logKey{}, a.Log))
		defer func() {
			switch reason := recover(); reason {
			case nil:
			case http.ErrAbortHandler:
				panic(reason)
			default:
				writeProblem(w, r, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
			}
		}()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// reportInternal logs a failure of our own, without the query or body of the
// request.
func reportInternal(r *http.Request, err error) {
	log, ok := r.Context().Value(logKey{}).(*slog.Logger)
	if !ok {
		log = slog.Default()
	}
	log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
}

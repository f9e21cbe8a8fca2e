package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// protect stands around every handler and turns a panic into an answer.
func (a *api) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch reason := recover(); reason {
			case nil:
			case http.ErrAbortHandler:
				panic(reason)
			default:
				a.writeProblem(w, r, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
			}
		}()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

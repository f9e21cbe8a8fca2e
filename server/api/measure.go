package api

import (
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/metrics"
	"github.com/pushkit/pushkit/server/push"
)

const pathMetrics = "/metrics"

// scrape answers with all metrics a key of the default site, which whoever runs the
// server holds, and any other with those of its site.
func (a *api) scrape(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	handler := a.Metrics.Handler()
	if site.Name != push.DefaultSite {
		handler = a.Metrics.HandlerOf(site)
	}
	handler.ServeHTTP(w, r)
	return nil
}

// measure has a request counted under the template of its route.
func (a *api) measure(next http.Handler) http.Handler { return a.measureAs(routeOf, next) }

func (a *api) measureAs(route func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		// A handler that panics answers 500; see protect.
		answered := &answered{ResponseWriter: w, status: http.StatusInternalServerError}
		defer func() {
			a.Metrics.Requested(route(r), r.Method, answered.status, time.Since(began))
		}()
		next.ServeHTTP(answered, r)
		if !answered.began {
			answered.status = http.StatusOK
		}
	})
}

// routeOf is the template of a request's route. Preflights are answered for all paths
// alike.
func routeOf(r *http.Request) string {
	route := mux.CurrentRoute(r)
	if route == nil {
		return metrics.NoRoute
	}
	template, err := route.GetPathTemplate()
	if err != nil {
		return "preflight"
	}
	return template
}

// answered remembers the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
	began  bool
}

// Unwrap is for [http.ResponseController].
func (w *answered) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answered) WriteHeader(status int) {
	// One of 1xx is followed by the answer.
	if !w.began && status >= http.StatusOK {
		w.status, w.began = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answered) Write(body []byte) (int, error) {
	if !w.began {
		w.status, w.began = http.StatusOK, true
	}
	return w.ResponseWriter.Write(body)
}

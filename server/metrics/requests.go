package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// NoRoute is the label of requests for which there is no route.
const NoRoute = "none"

func newRequests() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "pushkit_http_request_duration_seconds", Help: "How long requests took, by the template of their route.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "method", "code"})
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// Requested counts a request that was answered. route is the template, never the path:
// that one is of the caller's choice, and so is the method, of which those that HTTP
// does not commonly know are one.
func (m *Metrics) Requested(route, method string, status int, took time.Duration) {
	if !slices.Contains(methods, method) {
		method = Other
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

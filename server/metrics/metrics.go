// Package metrics counts and measures what a server does, in Prometheus' terms. Its
// labels are of closed sets: no endpoint, user, message or path of a stranger's choice
// is ever one.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pushkit/pushkit/server/push"
)

// mostScrapes is how many are answered at once; a monitor makes one.
const mostScrapes = 4

// Options are what the metrics tell of besides what is reported to them.
type Options struct {
	// Version and Revision are the program's; Revision is its commit, where that is
	// known.
	Version, Revision string
	// Store is asked at most once in a while, however often somebody scrapes; nil:
	// what it knows is left out.
	Store push.Store
	Site  push.SiteID
}

// Metrics are those of one server. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	webhooks *prometheus.CounterVec
	services []service
}

// New returns metrics in a registry of their own.
func New(o Options) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), requests: newRequests(), webhooks: newWebhooks()}
	deliveries := newDeliveries()
	m.services = deliveries.resolve()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pushkit_build_info", Help: "Is 1; the labels say which pushkit runs.",
		ConstLabels: prometheus.Labels{"version": o.Version, "revision": o.Revision, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, m.requests, m.webhooks, deliveries.attempts, deliveries.delay, deliveries.halted,
	)
	if o.Store != nil {
		m.registry.MustRegister(newStored(o.Store, o.Site), newLosses(o.Store, o.Site))
	}
	return m
}

// Handler answers scrapes. What cannot be gathered is left out.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: mostScrapes, EnableOpenMetrics: true,
		// A scrape has some kilobytes.
		DisableCompression: true,
	})
}

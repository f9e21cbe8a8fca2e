package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/webpush/vendors"
)

// Other is the label of every push service that is no browser vendor's: a stranger
// may name as many hosts as the operator's rules allow.
const Other = "other"

var _ dispatch.Observer = (*Metrics)(nil)

// deliveries are the metrics of sending, by push service.
type deliveries struct {
	attempts *prometheus.CounterVec
	delay    *prometheus.HistogramVec
	halted   *prometheus.GaugeVec
}

func newDeliveries() deliveries {
	return deliveries{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pushkit_delivery_attempts_total", Help: "Requests to push services, by what came of each.",
		}, []string{"service", "outcome"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pushkit_delivery_delay_seconds", Help: "From when a delivery was due until a push service had accepted it.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 7200},
		}, []string{"service"}),
		halted: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "pushkit_push_service_halted", Help: "For how many sites a push service refuses this server, so that their messages wait; of other services for how many in all.",
		}, []string{"service"}),
	}
}

// A service has the metrics of one push service at hand: looking them up by their
// labels for each message would cost more than counting does.
type service struct {
	name     string
	attempts []prometheus.Counter // in the order of outcomes
	delay    prometheus.Observer
	halted   prometheus.Gauge
}

var outcomes = vendors.Kinds()

// resolve makes the metrics of all push services. The last is that of the others.
func (d deliveries) resolve() (all []service) {
	for _, name := range append(vendorNames(), Other) {
		s := service{name: name, delay: d.delay.WithLabelValues(name), halted: d.halted.WithLabelValues(name)}
		for _, outcome := range outcomes {
			s.attempts = append(s.attempts, d.attempts.WithLabelValues(name, string(outcome)))
		}
		all = append(all, s)
	}
	return all
}

func vendorNames() (names []string) {
	for _, v := range vendors.All() {
		names = append(names, v.Name)
	}
	return names
}

// of is linear: there are five, of which a comparison mostly reads the length alone.
func (m *Metrics) of(name string) *service {
	last := len(m.services) - 1
	for i := range last {
		if m.services[i].name == name {
			return &m.services[i]
		}
	}
	return &m.services[last]
}

// Attempted implements [dispatch.Observer].
func (m *Metrics) Attempted(service string, outcome vendors.Kind, sinceDue time.Duration) {
	s := m.of(service)
	for i, known := range outcomes {
		if known == outcome {
			s.attempts[i].Inc()
			break
		}
	}
	if outcome == vendors.Accepted {
		s.delay.Observe(sinceDue.Seconds())
	}
}

// Halted implements [dispatch.Observer].
func (m *Metrics) Halted(service string, halted bool) {
	if halted {
		m.of(service).halted.Inc()
	} else {
		m.of(service).halted.Dec()
	}
}

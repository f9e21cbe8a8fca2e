package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pushkit/pushkit/server/push"
)

const (
	// queueEvery, failingEvery and webhooksEvery are how old what the store has said may
	// be. The second reads as many rows as there are subscriptions that fail, the third
	// as there are events that wait.
	queueEvery    = 5 * time.Second
	failingEvery  = time.Minute
	webhooksEvery = 15 * time.Second
	// askLimit is how long a scrape waits for the store.
	askLimit = 2 * time.Second
)

// An answer is the store's to one question, kept for a while. Where the store does not
// answer, it is left out: a number of before would look like one of now.
type answer struct {
	every time.Duration
	ask   func(context.Context) (float64, error)

	mu    sync.Mutex
	at    time.Time
	value float64
	err   error
}

// get returns the answer, and asks where it is too old.
func (a *answer) get(ctx context.Context) (float64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() || time.Since(a.at) >= a.every {
		a.value, a.err = a.ask(ctx)
		a.at = time.Now()
	}
	return a.value, a.err
}

// collect gives a metric the answer.
func (a *answer) collect(ctx context.Context, metrics chan<- prometheus.Metric, desc *prometheus.Desc, labels ...string) {
	if value, err := a.get(ctx); err == nil {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
}

// A queue tells what the store knows of all sites' work together.
type queue struct {
	desc *prometheus.Desc
	late answer
}

func newQueue(store push.Store) *queue {
	return &queue{
		desc: prometheus.NewDesc("pushkit_queue_late_seconds", "For how long the earliest work that is due has waited for a node to take it; 0: none waits.", nil, nil),
		late: answer{every: queueEvery, ask: func(ctx context.Context) (float64, error) {
			at, some, err := store.NextDue(ctx, nil, nil)
			if err != nil || !some {
				return 0, err
			}
			return max(time.Since(at), 0).Seconds(), nil
		}},
	}
}

// Describe implements [prometheus.Collector].
func (q *queue) Describe(descs chan<- *prometheus.Desc) { descs <- q.desc }

// Collect implements [prometheus.Collector].
func (q *queue) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	q.late.collect(ctx, metrics, q.desc)
}

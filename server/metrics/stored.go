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

// stored tells what the store knows. Where that one does not answer, it is left out:
// a number of before would look like one of now.
type stored struct {
	late, failing, webhooks answer
}

// An answer is the store's to one question, kept for a while.
type answer struct {
	desc  *prometheus.Desc
	every time.Duration
	ask   func(context.Context) (float64, error)

	mu    sync.Mutex
	at    time.Time
	value float64
	err   error
}

func newStored(store push.Store, site push.SiteID) *stored {
	return &stored{
		late: answer{
			desc:  prometheus.NewDesc("pushkit_queue_late_seconds", "For how long the earliest work that is due has waited for a node to take it; 0: none waits.", nil, nil),
			every: queueEvery,
			ask: func(ctx context.Context) (float64, error) {
				at, some, err := store.NextDue(ctx, nil, nil)
				if err != nil || !some {
					return 0, err
				}
				return max(time.Since(at), 0).Seconds(), nil
			},
		},
		failing: answer{
			desc:  prometheus.NewDesc("pushkit_subscriptions_failing", "Subscriptions that have only failed for 30 days or more.", nil, nil),
			every: failingEvery,
			ask: func(ctx context.Context) (float64, error) {
				n, err := store.CountFailing(ctx, site, time.Now().Add(-push.FailingFor))
				return float64(n), err
			},
		},
		webhooks: answer{
			desc:  prometheus.NewDesc("pushkit_webhook_events_waiting", "Events that webhooks are to be told of, and were not yet.", nil, nil),
			every: webhooksEvery,
			ask: func(ctx context.Context) (float64, error) {
				n, err := store.CountWebhookEvents(ctx, site)
				return float64(n), err
			},
		},
	}
}

// Describe implements [prometheus.Collector].
func (s *stored) Describe(descs chan<- *prometheus.Desc) {
	descs <- s.late.desc
	descs <- s.failing.desc
	descs <- s.webhooks.desc
}

// Collect implements [prometheus.Collector].
func (s *stored) Collect(metrics chan<- prometheus.Metric) {
	s.late.collect(metrics)
	s.failing.collect(metrics)
	s.webhooks.collect(metrics)
}

func (a *answer) collect(metrics chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() || time.Since(a.at) >= a.every {
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		a.value, a.err = a.ask(ctx)
		a.at = time.Now()
	}
	if a.err == nil {
		metrics <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, a.value)
	}
}

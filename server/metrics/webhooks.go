package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webhook"
)

var _ webhook.Observer = (*Metrics)(nil)

func newWebhooks() *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "pushkit_webhook_deliveries_total", Help: "Requests to webhooks, by the event's type and what came of each.",
	}, []string{"type", "outcome"})
	for _, kind := range push.AllWebhookTypes() {
		for _, delivered := range []bool{true, false} {
			v.WithLabelValues(kind, webhookOutcome(delivered))
		}
	}
	return v
}

func webhookOutcome(delivered bool) string {
	if delivered {
		return "delivered"
	}
	return "failed"
}

// WebhookAttempted implements [webhook.Observer].
func (m *Metrics) WebhookAttempted(kind string, delivered bool) {
	m.webhooks.WithLabelValues(kind, webhookOutcome(delivered)).Inc()
}

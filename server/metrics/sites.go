package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pushkit/pushkit/server/push"
)

var (
	failingDesc = prometheus.NewDesc("pushkit_subscriptions_failing",
		"Subscriptions that have only failed for 30 days or more.", []string{"site"}, nil)
	webhooksDesc = prometheus.NewDesc("pushkit_webhook_events_waiting",
		"Events that webhooks are to be told of, and were not yet.", []string{"site"}, nil)
)

// ofSites tells what the store knows of each site.
type ofSites struct {
	store push.Store
	mu    sync.Mutex
	// listed are those that there were at a time.
	listed   []push.Site
	listedAt time.Time
	answers  map[push.SiteID]*siteAnswers
}

// siteAnswers are the store's of one site.
type siteAnswers struct {
	failing, webhooks answer
	losses            *losses
}

func newOfSites(store push.Store) *ofSites {
	return &ofSites{store: store, answers: make(map[push.SiteID]*siteAnswers)}
}

// of returns the answers of a site, which are none at first.
func (o *ofSites) of(site push.SiteID) *siteAnswers {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.answers[site] == nil {
		o.answers[site] = &siteAnswers{
			failing: answer{every: failingEvery, ask: func(ctx context.Context) (float64, error) {
				n, err := o.store.CountFailing(ctx, site, time.Now().Add(-push.FailingFor))
				return float64(n), err
			}},
			webhooks: answer{every: webhooksEvery, ask: func(ctx context.Context) (float64, error) {
				n, err := o.store.CountWebhookEvents(ctx, site)
				return float64(n), err
			}},
			losses: newLosses(o.store, site),
		}
	}
	return o.answers[site]
}

func (o *ofSites) collect(ctx context.Context, metrics chan<- prometheus.Metric, site *push.Site) {
	answers := o.of(site.ID)
	answers.failing.collect(ctx, metrics, failingDesc, site.Name)
	answers.webhooks.collect(ctx, metrics, webhooksDesc, site.Name)
	answers.losses.collect(ctx, metrics, site.Name)
}

// Describe implements [prometheus.Collector].
func (o *ofSites) Describe(descs chan<- *prometheus.Desc) {
	descs <- failingDesc
	descs <- webhooksDesc
	descs <- endedDesc
}

// list returns the sites that there are, which it asks as seldom as the queue.
func (o *ofSites) list(ctx context.Context) (_ []push.Site, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.listedAt.IsZero() || time.Since(o.listedAt) >= queueEvery {
		if o.listed, err = o.store.ListSites(ctx); err != nil {
			return nil, err
		}
		o.listedAt = time.Now()
	}
	return o.listed, nil
}

// Collect implements [prometheus.Collector], of all sites.
func (o *ofSites) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	sites, err := o.list(ctx)
	if err != nil {
		return
	}
	for i := range sites {
		o.collect(ctx, metrics, &sites[i])
	}
}

// ofSite is what is told of one.
type ofSite struct {
	*ofSites
	site *push.Site
}

// Collect implements [prometheus.Collector].
func (o ofSite) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	o.collect(ctx, metrics, o.site)
}

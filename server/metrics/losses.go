package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pushkit/pushkit/server/push"
)

// lossesEvery is how old the losses may be that are told.
const lossesEvery = 15 * time.Second

var endedDesc = prometheus.NewDesc("pushkit_subscriptions_ended_total",
	"Subscriptions that have ended, by why. Each node tells of all.", []string{"site", "reason"}, nil)

// losses count what has ended since the first scrape, on whichever node or by whichever
// command: the store counts by day, and its old days are forgotten, as no counter may.
type losses struct {
	ask func(ctx context.Context, from, to push.Day) ([]push.Loss, error)

	mu sync.Mutex
	at time.Time
	// counted is what the store had counted of the last days when it was asked, and
	// day the first of these; nil: it was not asked yet.
	counted map[countedLoss]int64
	day     push.Day
	totals  map[push.EndReason]int64
	err     error
}

type countedLoss struct {
	day    push.Day
	reason push.EndReason
}

func newLosses(store push.Store, site push.SiteID) *losses {
	return &losses{
		ask: func(ctx context.Context, from, to push.Day) ([]push.Loss, error) {
			return store.Losses(ctx, site, from, to)
		},
		totals: make(map[push.EndReason]int64),
	}
}

func (l *losses) collect(ctx context.Context, metrics chan<- prometheus.Metric, site string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.at.IsZero() || now.Sub(l.at) >= lossesEvery {
		l.at, l.err = now, l.count(ctx, push.DayOf(now))
	}
	if l.err != nil {
		return
	}
	for _, reason := range push.LossReasons() {
		metrics <- prometheus.MustNewConstMetric(endedDesc, prometheus.CounterValue, float64(l.totals[reason]), site, string(reason))
	}
}

// count adds what the store has counted since it was asked last. The days around
// today's are asked for too: its clock may be another.
func (l *losses) count(ctx context.Context, today push.Day) error {
	isFirst := l.counted == nil
	from := today - 1
	if !isFirst {
		from = min(from, l.day)
	}
	told, err := l.ask(ctx, from, today+1)
	if err != nil {
		return err
	}
	counted := make(map[countedLoss]int64)
	for _, loss := range told {
		key := countedLoss{loss.Day, loss.Reason}
		if more := loss.Count - l.counted[key]; !isFirst && more > 0 {
			l.totals[loss.Reason] += more
		}
		if loss.Day >= today-1 {
			counted[key] = loss.Count
		}
	}
	l.counted, l.day = counted, today-1
	return nil
}

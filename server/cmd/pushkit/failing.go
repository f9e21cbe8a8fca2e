package main

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// reportFailingEvery is how often an operator is told.
const reportFailingEvery = 24 * time.Hour

// reportFailing logs how many subscriptions have only failed for long, if any have,
// until ctx is done.
func (s *service) reportFailing(ctx context.Context) {
	ticker := time.NewTicker(reportFailingEvery)
	defer ticker.Stop()
	for {
		n, err := s.store.CountFailing(ctx, s.site.ID, time.Now().Add(-push.FailingFor))
		// Where the database is away, others say so.
		if err == nil && n > 0 {
			s.log.Warn("subscriptions have only failed for 30 days: see pushkit subscriptions list --failing 30d", "subscriptions", n)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

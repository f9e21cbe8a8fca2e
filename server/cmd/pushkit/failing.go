package main

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// reportFailingEvery is how often an operator is told.
const reportFailingEvery = 24 * time.Hour

// reportFailing logs how many subscriptions of each site have only failed for long, if
// any have, until ctx is done.
func (s *service) reportFailing(ctx context.Context) {
	ticker := time.NewTicker(reportFailingEvery)
	defer ticker.Stop()
	for {
		// Where the database is away, others say so.
		sites, _ := s.store.ListSites(ctx)
		for _, site := range sites {
			if n, err := s.store.CountFailing(ctx, site.ID, time.Now().Add(-push.FailingFor)); err == nil && n > 0 {
				s.log.Warn("subscriptions have only failed for 30 days: see pushkit subscriptions list --failing 30d", "subscriptions", n, "site", site.Name)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

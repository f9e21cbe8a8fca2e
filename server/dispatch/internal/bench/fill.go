package main

import (
	"context"
	"io"
	"strings"

	"github.com/pushkit/pushkit/server/dispatch/internal/rig"
	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/sqlite"
	"github.com/pushkit/pushkit/server/webpush"
	"github.com/pushkit/pushkit/server/wire"
)

// putsAtOnce is how many subscriptions are put at once: they share commits.
const putsAtOnce = 512

// fill adds the push service's first n subscriptions to a fresh database.
func fill(ctx context.Context, database *rig.Database, s stage, n int) (err error) {
	var store interface {
		push.Store
		io.Closer
	}
	if path, ok := strings.CutPrefix(database.URL, "sqlite://"); ok {
		store, err = sqlite.Open(ctx, path, sqlite.Options{})
	} else {
		store, err = postgres.Open(ctx, database.URL, postgres.Options{})
	}
	if err != nil {
		return err
	}
	defer store.Close()
	site, err := store.Site(ctx, push.DefaultSite)
	if err != nil {
		return err
	}
	services, err := webpush.ParseServices([]string{s.service.Rule()})
	if err != nil {
		return err
	}
	return rig.Each(n, putsAtOnce, func(i int) error {
		given := s.service.Subscription(i)
		parsed, err := push.ParseSubscribe(wire.SubscribeRequest{Endpoint: given.Endpoint, Keys: wire.Keys{P256dh: given.P256dh, Auth: given.Auth}}, services)
		if err != nil {
			return err
		}
		_, _, err = store.PutSubscription(ctx, site.ID, parsed)
		return err
	})
}

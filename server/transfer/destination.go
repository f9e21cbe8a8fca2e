package transfer

import (
	"context"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/webpush"
)

// A destination is where entries go.
type destination interface {
	// take makes of a record what is to be stored of its entry; it is called by several
	// goroutines.
	take(*entry, *record) error
	// store stores entries, in their order. With an error it has done so with those of
	// which there are results.
	store(context.Context, []*entry) ([]push.ImportResult, error)
}

func (i *Importer) destination() destination {
	if i.Server != nil {
		return &remote{i.Server, i.WrittenAt}
	}
	return &local{i.Store, i.Site, i.Services, i.WrittenAt}
}

// local is a store to import into.
type local struct {
	Store
	site      push.SiteID
	services  *webpush.Services
	writtenAt time.Time
}

func (l *local) take(e *entry, r *record) (err error) {
	if e.item, err = r.check(l.services); err == nil {
		e.item.WrittenAt = l.writtenAt
	}
	return err
}

func (l *local) store(ctx context.Context, entries []*entry) ([]push.ImportResult, error) {
	items := make([]*push.Import, len(entries))
	for n, e := range entries {
		items[n] = e.item
	}
	return l.ImportSubscriptions(ctx, l.site, items)
}

package push

import "sync/atomic"

// Wanted is what the webhooks of each site want, as a store has last read it: while
// nobody wants a type, a transaction asks nothing and writes nothing of it. It is safe
// for concurrent use; its zero value is that nobody wants anything.
type Wanted struct {
	bySite atomic.Pointer[map[SiteID]WebhookTypes]
}

// Set replaces it.
func (w *Wanted) Set(bySite map[SiteID]WebhookTypes) { w.bySite.Store(&bySite) }

// By says whether a webhook of a site wants a type.
func (w *Wanted) By(site SiteID, kind WebhookTypes) bool {
	bySite := w.bySite.Load()
	return bySite != nil && (*bySite)[site].Has(kind)
}

// ByAny says whether a webhook of any site does.
func (w *Wanted) ByAny(kind WebhookTypes) bool {
	bySite := w.bySite.Load()
	if bySite == nil {
		return false
	}
	for _, kinds := range *bySite {
		if kinds.Has(kind) {
			return true
		}
	}
	return false
}

package api

import (
	"net/http"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (a *api) listDeliveries(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	cursor, limit, err := page(r)
	if err != nil {
		return err
	}
	outcome, err := push.ParseDeliveryState(r.URL.Query().Get("state"))
	if err != nil {
		return err
	}
	id, err := messageID(r)
	if err != nil {
		return err
	}
	status, err := a.Store.MessageStatus(r.Context(), site.ID, id)
	if err != nil {
		return err
	}
	deliveries, next, err := a.Store.ListDeliveries(r.Context(), site.ID, id, outcome, cursor, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, DeliveryList(status.Counts, outcome, deliveries, next))
}

// DeliveryList is the form in which a page of a message's deliveries of an outcome is
// shown.
func DeliveryList(counts push.Counts, outcome push.Outcome, deliveries []push.DeliveryStatus, next string) wire.DeliveryList {
	list := wire.DeliveryList{Data: make([]wire.DeliveryInfo, len(deliveries)), Next: nextCursor(next), Total: outcome.Of(counts)}
	state := outcome.State()
	list.Bounded = outcome != push.DeliveryPending && list.Total > wire.MaxReasons
	for i, d := range deliveries {
		verdict := d.Verdict()
		info := wire.DeliveryInfo{
			PushService: d.Service, State: state, Status: d.Status, Reason: d.Reason, Meaning: verdict.Meaning, Advice: verdict.Advice}
		if d.Subscription != (push.ID{}) {
			info.Subscription = d.Subscription.String()
		}
		if !d.RetryAt.IsZero() {
			info.NextAttemptAt = push.FormatTime(d.RetryAt)
		}
		list.Data[i] = info
	}
	return list
}

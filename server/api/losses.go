package api

import (
	"net/http"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (a *api) losses(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	query := r.URL.Query()
	from, to, err := push.ParseDays(query.Get("from"), query.Get("to"), a.Now())
	if err != nil {
		return err
	}
	losses, err := a.Store.Losses(r.Context(), site.ID, from, to)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, LossList(losses))
}

// LossList is the form in which losses are shown.
func LossList(losses []push.Loss) wire.LossList {
	list := wire.LossList{Data: make([]wire.Loss, len(losses))}
	for i, loss := range losses {
		list.Data[i] = wire.Loss{Day: loss.Day.String(), Reason: string(loss.Reason), Count: loss.Count}
	}
	return list
}

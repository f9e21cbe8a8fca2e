package api

import (
	"fmt"
	"net/http"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/transfer"
	"github.com/pushkit/pushkit/server/wire"
)

// importSubscriptions takes some of a file's. One whose values are bad stops no other; a
// body that has not the form is refused whole.
func (a *api) importSubscriptions(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	body, err := readBody(w, r, wire.MaxMessageBody)
	if err != nil {
		return err
	}
	var request wire.ImportRequest
	if err := decode(body, &request, true); err != nil {
		return err
	}
	if n := len(request.Subscriptions); n == 0 || n > wire.MaxImport {
		return &push.Error{Code: wire.InvalidField, Field: "subscriptions", Detail: fmt.Sprintf("has %d, and may have 1 to %d.", n, wire.MaxImport)}
	}
	items, errs, err := transfer.Check(&request, a.Services)
	if err != nil {
		return err
	}
	answer := wire.ImportResponse{Data: make([]wire.ImportResult, len(items))}
	var good []*push.Import
	var of []int
	for i, item := range items {
		if item != nil {
			good, of = append(good, item), append(of, i)
		}
	}
	if len(good) > 0 {
		results, err := a.Store.ImportSubscriptions(r.Context(), site.ID, good)
		if err != nil {
			return err
		}
		for n, result := range results {
			answer.Data[of[n]].Outcome, errs[of[n]] = result.Outcome.String(), result.Err
		}
	}
	for i, err := range errs {
		if err != nil {
			problem := a.problem(r, err)
			answer.Data[i] = wire.ImportResult{Outcome: push.ImportBad.String(), Problem: &problem}
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

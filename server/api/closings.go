package api

import (
	"net/http"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// closeTags has notifications closed that a user has read elsewhere.
func (a *api) closeTags(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	body, err := readBody(w, r, wire.MaxBody)
	if err != nil {
		return err
	}
	var request wire.CloseRequest
	if err := decode(body, &request, true); err != nil {
		return err
	}
	tags, err := push.ParseTags("tags", request.Tags)
	if err != nil {
		return err
	}
	var answer wire.CloseResponse
	if id, ok := userID(r); ok {
		if answer.Subscriptions, err = a.Store.CloseTags(r.Context(), site.ID, id, tags); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

// closings gives a subscription's worker what it is to close, once.
func (a *api) closings(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var request wire.ClosingsRequest
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	sub, err := a.subscriptionOf(r.Context(), site, request.Endpoint)
	if err != nil {
		return err
	}
	var closings []push.Closing
	// To take what is not there would be written to the disk, too.
	if sub.Closings > 0 {
		if closings, err = a.Store.TakeClosings(r.Context(), site.ID, sub.ID); err != nil {
			return err
		}
	}
	answer := wire.ClosingsResponse{Close: make([]wire.Closing, len(closings))}
	for i, c := range closings {
		answer.Close[i] = c.Wire()
	}
	return writeJSON(w, http.StatusOK, answer)
}

package api

import (
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// userID is that of the path, which is matched as it came; ok is false where no user
// has it.
func userID(r *http.Request) (id string, ok bool) {
	id, err := url.PathUnescape(mux.Vars(r)["id"])
	return id, err == nil && push.CanBeUser(id)
}

func (a *api) getUser(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, ok := userID(r)
	if !ok {
		return push.ErrUserUnknown()
	}
	user, err := a.Store.UserByID(r.Context(), site.ID, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, UserResponse(id, user))
}

// UserResponse is the form in which a user is shown.
func UserResponse(id string, user push.User) wire.UserResponse {
	answer := wire.UserResponse{ID: id, Attributes: user.Attributes, Subscriptions: make([]wire.SubscriptionInfo, len(user.Subscriptions)), Ended: make([]wire.EndedSubscription, len(user.Ended))}
	if answer.Attributes == nil {
		answer.Attributes = map[string]any{}
	}
	for i, sub := range user.Subscriptions {
		answer.Subscriptions[i] = sub.Info()
	}
	for i, tomb := range user.Ended {
		answer.Ended[i] = wire.EndedSubscription{
			ID: tomb.ID.String(), Channels: nonNil(tomb.Channels), Reason: string(tomb.Reason), EndedAt: push.FormatTime(tomb.EndedAt)}
	}
	return answer
}

// setUser sets a user's attributes: whoever sends may say of whom a message speaks.
func (a *api) setUser(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, ok := userID(r)
	if !ok {
		return &push.Error{Code: wire.InvalidField, Field: "id", Detail: "is not one that a user can have."}
	}
	body, err := readBody(w, r, wire.MaxBody)
	if err != nil {
		return err
	}
	var request wire.UserRequest
	if err := decode(body, &request, true); err != nil {
		return err
	}
	attributes, err := push.ParseAttributes(request)
	if err != nil {
		return err
	}
	if err := a.Store.SetAttributes(r.Context(), site.ID, id, attributes); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) forgetUser(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	if id, ok := userID(r); ok {
		if err := a.Store.ForgetUser(r.Context(), site.ID, id); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endSubscription ends a subscription of which the caller knows the id, and not the
// endpoint.
func (a *api) endSubscription(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	if id, ok := push.ParseID(mux.Vars(r)["id"]); ok {
		if err := a.Store.EndSubscription(r.Context(), site.ID, id); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

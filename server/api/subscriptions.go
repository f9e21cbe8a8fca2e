package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (a *api) subscribe(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var request wire.SubscribeRequest
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	checked, err := push.ParseSubscribe(request, a.Services)
	if err != nil {
		return err
	}
	if request.UserToken != "" {
		if checked.User, err = site.ParseUserToken(request.UserToken, a.Now()); err != nil {
			return err
		}
	}
	sub, created, err := a.Store.PutSubscription(r.Context(), site.ID, checked)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return writeJSON(w, status, wire.SubscribeResponse{ID: sub.ID.String(), Channels: nonNil(sub.Channels)})
}

// nonNil is names as JSON says them: where there are none, [] and not null.
func nonNil(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r, wire.MaxBody)
	if err != nil {
		return err
	}
	return decode(body, v, false)
}

// check answers whether the server has a subscription as the browser has it:
// 204, or 200 where its worker has something to close; 404 where it is to be posted
// again; 410 where it is of no use any more.
func (a *api) check(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var request wire.CheckRequest
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	if _, err := push.CheckEndpoint("endpoint", request.Endpoint, a.Services); err != nil {
		return err
	}
	key, err := a.vapidKey(r.Context(), site, request.ApplicationServerKey)
	if err != nil {
		return err
	}
	if key == nil {
		return &push.Error{Code: wire.EndpointGone, Field: "applicationServerKey", Detail: "is not a key of this site: subscribe anew."}
	}
	sub, err := a.Store.SubscriptionByEndpoint(r.Context(), site.ID, request.Endpoint)
	if err != nil {
		return err
	}
	if key.Replaced {
		return &push.Error{Code: wire.EndpointGone, Field: "applicationServerKey", Detail: "was replaced by another key of this site: subscribe anew."}
	}
	if sub.Key != key.ID || request.Channels != nil && !sameNames(*request.Channels, sub.Channels) {
		return &push.Error{Code: wire.SubscriptionUnknown, Field: "endpoint", Detail: "is known with another key or other channels: post the subscription again."}
	}
	if f := sub.Failing; f != nil && f.IsKeyMismatch(sub.Service) {
		return push.ErrKeyMismatch()
	}
	if sub.IsSeenAnew(a.Now()) {
		if err := a.Store.TouchSubscription(r.Context(), site.ID, request.Endpoint); err != nil {
			return err
		}
	}
	if sub.Closings > 0 {
		return writeJSON(w, http.StatusOK, wire.CheckResponse{Closings: sub.Closings})
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// subscriptionOf is that of an endpoint as its browser says it.
func (a *api) subscriptionOf(ctx context.Context, site *push.Site, endpoint string) (push.Subscription, error) {
	if _, err := push.CheckEndpoint("endpoint", endpoint, a.Services); err != nil {
		return push.Subscription{}, err
	}
	return a.Store.SubscriptionByEndpoint(ctx, site.ID, endpoint)
}

func sameNames(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func (a *api) remove(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var request wire.RemoveRequest
	if err := readJSON(w, r, &request); err != nil {
		return err
	}
	if request.Endpoint == "" {
		return &push.Error{Code: wire.InvalidField, Field: "endpoint", Detail: "is missing"}
	}
	if err := a.Store.RemoveSubscription(r.Context(), site.ID, request.Endpoint); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) listSubscriptions(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	cursor, limit, err := page(r)
	if err != nil {
		return err
	}
	subs, next, err := a.list(r, site, cursor, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, SubscriptionList(subs, next))
}

// list reads a page of all, or with ?failing=30d of those that only fail since then.
func (a *api) list(r *http.Request, site *push.Site, cursor string, limit int) ([]push.Subscription, string, error) {
	text := r.URL.Query().Get("failing")
	if text == "" {
		return a.Store.ListSubscriptions(r.Context(), site.ID, cursor, limit)
	}
	age, err := push.ParseAge("failing", text)
	if err != nil {
		return nil, "", err
	}
	return a.Store.ListFailing(r.Context(), site.ID, a.Now().Add(-age), cursor, limit)
}

// SubscriptionList is the form in which a page of subscriptions is shown.
func SubscriptionList(subs []push.Subscription, next string) wire.SubscriptionList {
	list := wire.SubscriptionList{Data: make([]wire.SubscriptionInfo, len(subs)), Next: nextCursor(next)}
	for i, sub := range subs {
		list.Data[i] = sub.Info()
	}
	return list
}

// page reads the query of a list.
func page(r *http.Request) (cursor string, limit int, err error) {
	query := r.URL.Query()
	limit = 100
	if text := query.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 1000 {
			return "", 0, &push.Error{Code: wire.InvalidField, Field: "limit", Detail: "is not a number between 1 and 1000."}
		}
	}
	return query.Get("cursor"), limit, nil
}

func nextCursor(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

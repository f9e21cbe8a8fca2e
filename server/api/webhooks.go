package api

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (a *api) createWebhook(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	body, err := readBody(w, r, wire.MaxBody)
	if err != nil {
		return err
	}
	var request wire.WebhookRequest
	if err := decode(body, &request, true); err != nil {
		return err
	}
	made := push.Webhook{URL: request.URL, Secret: push.NewWebhookSecret()}
	if made.Types, err = push.ParseWebhookTypes("types", request.Types); err != nil {
		return err
	}
	if _, err := a.WebhookHosts.CheckURL("url", request.URL); err != nil {
		return err
	}
	if made, err = a.Store.AddWebhook(r.Context(), site.ID, made); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, withSecret(made))
}

// withSecret shows a webhook whose secret is new, this once.
func withSecret(w push.Webhook) wire.WebhookInfo {
	info := w.Info()
	info.Secret = w.Secret.String()
	return info
}

func (a *api) listWebhooks(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	webhooks, err := a.Store.ListWebhooks(r.Context(), site.ID)
	if err != nil {
		return err
	}
	list := wire.WebhookList{Data: make([]wire.WebhookInfo, len(webhooks))}
	for i := range webhooks {
		list.Data[i] = webhooks[i].Info()
	}
	return writeJSON(w, http.StatusOK, list)
}

func (a *api) listWebhookFailures(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	cursor, limit, err := page(r)
	if err != nil {
		return err
	}
	id, ok := push.ParseID(mux.Vars(r)["id"])
	if !ok {
		return push.ErrWebhookUnknown()
	}
	events, next, err := a.Store.ListGivenUp(r.Context(), site.ID, id, cursor, limit)
	if err != nil {
		return err
	}
	list := wire.WebhookFailureList{Data: make([]wire.WebhookFailure, len(events)), Next: nextCursor(next)}
	for i := range events {
		list.Data[i] = events[i].Info()
	}
	return writeJSON(w, http.StatusOK, list)
}

func (a *api) deleteWebhook(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	if id, ok := push.ParseID(mux.Vars(r)["id"]); ok {
		if _, err := a.Store.DeleteWebhook(r.Context(), site.ID, id); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) rotateWebhook(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, ok := push.ParseID(mux.Vars(r)["id"])
	if !ok {
		return push.ErrWebhookUnknown()
	}
	rotated, err := a.Store.RotateWebhook(r.Context(), site.ID, id, push.NewWebhookSecret())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, withSecret(rotated))
}

func (a *api) enableWebhook(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, ok := push.ParseID(mux.Vars(r)["id"])
	if !ok {
		return push.ErrWebhookUnknown()
	}
	if _, err := a.Store.EnableWebhook(r.Context(), site.ID, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

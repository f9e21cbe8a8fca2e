package api

import (
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

func (a *api) sendMessage(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	key, err := push.ParseIdempotencyKey(r.Header.Values("Idempotency-Key"))
	if err != nil {
		return err
	}
	if mediaType(r) == mediaLines {
		return a.sendLines(w, r, site, key)
	}
	body, err := readBody(w, r, wire.MaxMessageBody)
	if err != nil {
		return err
	}
	status, counted, err := a.accept(r.Context(), site, body, key)
	if err != nil {
		return err
	}
	if counted != nil {
		return writeJSON(w, http.StatusOK, counted)
	}
	answer := status.Response()
	w.Header().Set("Location", wire.PathMessages+"/"+answer.ID)
	return writeJSON(w, http.StatusAccepted, answer)
}

// accept accepts a message of a site, and has it sent. Of a dry run it returns what it
// counted.
func (a *api) accept(ctx context.Context, site *push.Site, body []byte, key string) (status push.MessageStatus, counted *wire.DryRunResponse, err error) {
	var request wire.MessageRequest
	if err := decode(body, &request, true); err != nil {
		return status, nil, err
	}
	m, warnings, err := site.ParseMessage(request, a.Now())
	if err != nil {
		return status, nil, err
	}
	if request.DryRun {
		targeted, err := a.Store.CountAudience(ctx, site.ID, m.Audience)
		return status, &wire.DryRunResponse{Targeted: targeted, Warnings: warnings}, err
	}
	status, batches, err := a.Store.CreateMessage(ctx, site.ID, m, push.CreateOptions{
		Lease: true, IdempotencyKey: key, RequestHash: sha256.Sum256(body), Warnings: warnings})
	if err != nil {
		return status, nil, err
	}
	a.dispatch(batches)
	return status, nil, nil
}

// dispatch has a message sent that was accepted, of which batches are leased already.
func (a *api) dispatch(batches []push.Batch) {
	if len(batches) > 0 {
		a.Dispatcher.Hand(batches)
	} else {
		a.Dispatcher.Wake()
	}
}

// messageID is that of the path.
func messageID(r *http.Request) (push.ID, error) {
	id, ok := push.ParseID(mux.Vars(r)["id"])
	if !ok {
		return id, &push.Error{Code: wire.MessageUnknown, Detail: "This is not a message's id."}
	}
	return id, nil
}

func (a *api) cancelMessage(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	status, err := a.Store.CancelMessage(r.Context(), site.ID, id)
	if err != nil {
		return err
	}
	if status.State == wire.MessageCancelled {
		a.Dispatcher.Cancel(id)
	}
	return writeJSON(w, http.StatusOK, status.Response())
}

func (a *api) getMessage(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	status, err := a.Store.MessageStatus(r.Context(), site.ID, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, status.Response())
}

func (a *api) listMessages(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	cursor, limit, err := page(r)
	if err != nil {
		return err
	}
	messages, next, err := a.Store.ListMessages(r.Context(), site.ID, cursor, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, MessageList(messages, next))
}

// MessageList is the form in which a page of messages is shown.
func MessageList(messages []push.MessageStatus, next string) wire.MessageList {
	list := wire.MessageList{Data: make([]wire.MessageResponse, len(messages)), Next: nextCursor(next)}
	for i, status := range messages {
		list.Data[i] = status.Response()
	}
	return list
}

func (a *api) events(w http.ResponseWriter, r *http.Request, site *push.Site) error {
	var reports []wire.EventReport
	var events []push.Event
	err := readJSON(w, r, &reports)
	if err == nil {
		events, err = site.Tokens.ParseEvents(reports)
	}
	if len(events) == 0 {
		// Who knows a delivery's token is one whom a message has reached, and all who
		// share an address may be reached in the same second.
		if refused := a.takeCall(w, r, site); refused != nil {
			return refused
		}
	}
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if err := a.Store.RecordEvents(r.Context(), site.ID, events); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

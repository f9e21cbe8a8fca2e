package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// PathReady is where the server says that it does its work.
const PathReady = "/readyz"

const (
	// pathHealth is where it says that it is alive.
	pathHealth = "/healthz"
	// readyLimit is how long the store may take to answer.
	readyLimit = 3 * time.Second
)

func health(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

var (
	errEnding  = errors.New("the server is about to end")
	errNoPulse = errors.New("the dispatcher does not run, or the database has not taken its beat lately")
)

// ready says whether requests are to be sent here: the store gives what is asked of it
// and takes the dispatcher's beat, and the server does not end.
func (a *api) ready(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-a.Ending:
		return notReady("This server is about to end: use another one.", errEnding)
	default:
	}
	if !a.Dispatcher.IsAlive() {
		return notReady("This server does not send at the moment.", errNoPulse)
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	if _, err := a.Store.ListSites(ctx); err != nil {
		return notReady("The database does not answer at the moment.", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, "ok")
	return nil
}

func notReady(detail string, cause error) error {
	return &push.Error{Code: wire.Unavailable, Detail: detail, Cause: cause}
}

package api

import (
	"net/http"
	"time"
)

// mistakesRate is of a client, or of all who share its address: a server that has lost
// its database answers 404 to the check of each of them.
var mistakesRate = PublicRate{PerSecond: 20, Burst: 100}

const (
	// holdFor is how long an answer is held that refuses a client which has earned
	// too many of them.
	holdFor = time.Second
	// maxHeld bounds how many answers are held: each is a connection and some 20 KB.
	// Further ones are given at once, and their connections closed.
	maxHeld = 1000
)

// mistaken takes one of the mistakes that a client may make (400, 401, 404 and so on),
// and holds the answer where there were too many. So a client that only wants to keep the
// processor busy has to open a connection for each mistake a second, and nobody else
// waits. What it asks rightly, and what it asks with an API key, is answered at once.
func (a *api) mistaken(w http.ResponseWriter, r *http.Request, status int) {
	if a.mistakes == nil || status < 400 || status >= 500 {
		return
	}
	client := a.clientAddress(r)
	if a.mistakes.take(network(client), a.Now()) <= 0 || a.hasKey(r, nil) {
		return
	}
	select {
	case a.held <- struct{}{}:
		defer func() { <-a.held }()
	default:
		w.Header().Set("Connection", "close")
		return
	}
	timer := time.NewTimer(holdFor)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-a.Ending:
	}
}

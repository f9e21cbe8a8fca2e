package api

import (
	"net/http"
	httppprof "net/http/pprof"
	"runtime/pprof"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

const (
	pathProfiles = "/debug/pprof/"
	// longestProfile is in seconds: an answer has a minute.
	longestProfile = 50
)

// profile takes one of Go's profiles, one at a time. There is no cmdline among them,
// which may hold keys and passwords.
func (a *api) profile(w http.ResponseWriter, r *http.Request, _ *push.Site) error {
	if text := r.URL.Query().Get("seconds"); text != "" {
		if seconds, err := strconv.Atoi(text); err != nil || seconds < 1 || seconds > longestProfile {
			return &push.Error{Code: wire.InvalidField, Field: "seconds", Detail: "is not a number between 1 and " + strconv.Itoa(longestProfile) + "."}
		}
	}
	var take http.Handler
	switch name := mux.Vars(r)["profile"]; {
	case name == "profile":
		take = http.HandlerFunc(httppprof.Profile)
	case name == "trace":
		take = http.HandlerFunc(httppprof.Trace)
	case pprof.Lookup(name) != nil:
		take = httppprof.Handler(name)
	default:
		return errNothingHere
	}
	if !a.profiling.TryLock() {
		return &push.Error{Code: wire.Unavailable, Detail: "Another profile is being taken. Try again."}
	}
	defer a.profiling.Unlock()
	take.ServeHTTP(w, r)
	return nil
}

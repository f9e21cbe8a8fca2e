package emulator

import (
	"net/http"
	"slices"
	"time"
)

// The kinds of faults that meet pushes.
const (
	faultStatus     = "status"      // an answer in place of the true one
	faultDelay      = "delay"       // the answer comes late
	faultLostAnswer = "lost-answer" // the push is taken, the connection closed without an answer
	faultClock      = "clock"       // the VAPID token is that of an application server whose clock is wrong
)

const (
	// maxFaults bounds the memory that faults for single subscriptions can take.
	maxFaults = 1000
	// maxDelay is in milliseconds.
	maxDelay = 60_000
	// maxAhead is in seconds: a year.
	maxAhead = 365 * 24 * 60 * 60
)

// Fault is one that meets the next pushes: the body of POST /api/faults, and an
// item of the answer of GET.
type Fault struct {
	// Kind is status (the default), delay, lost-answer or clock.
	Kind string `json:"kind"`
	// Subscription is the id of the one that it meets; empty: any.
	Subscription string `json:"subscription,omitempty"`
	// Status is what a fault of this kind answers, 400 to 599.
	Status int `json:"status,omitempty"`
	// RetryAfter is the answer's, in seconds; 0: none.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Delay is how long the answer takes, in milliseconds, up to a minute. The push
	// itself is taken at once.
	Delay int `json:"delay,omitempty"`
	// Ahead is how far the application server's clock is before the push service's,
	// in seconds, up to a year; negative: behind it.
	Ahead int `json:"ahead,omitempty"`
	// Count is how many pushes it still meets.
	Count int `json:"count"`
}

// check fills in what was left out and says what is wrong; empty: nothing.
func (f *Fault) check() string {
	if f.Kind == "" {
		f.Kind = faultStatus
	}
	if f.Kind == faultStatus && f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	switch {
	case !slices.Contains([]string{faultStatus, faultDelay, faultLostAnswer, faultClock}, f.Kind):
		return "kind must be status, delay, lost-answer or clock."
	case f.Kind == faultStatus && (f.Status < 400 || f.Status > 599), f.RetryAfter < 0, f.Count < 0:
		return "status must be 400 to 599, retryAfter and count 0 or more."
	case f.Kind != faultStatus && (f.Status != 0 || f.RetryAfter != 0):
		return "status and retryAfter belong to the kind status."
	case f.Kind != faultDelay && f.Delay != 0:
		return "delay belongs to the kind delay."
	case f.Kind == faultDelay && f.Count > 0 && (f.Delay < 1 || f.Delay > maxDelay):
		return "delay must be 1 to 60000 milliseconds."
	case f.Kind != faultClock && f.Ahead != 0:
		return "ahead belongs to the kind clock."
	case f.Kind == faultClock && f.Count > 0 && (f.Ahead == 0 || max(f.Ahead, -f.Ahead) > maxAhead):
		return "ahead must be 1 to 31536000 seconds, or as many below 0."
	}
	return ""
}

// meet takes the fault of a kind that is armed for s, before one for any; false
// if there is none. The lock is held.
func (e *Emulator) meet(kind string, s *subscription) (Fault, bool) {
	find := func(id string) int {
		return slices.IndexFunc(e.faults, func(f Fault) bool { return f.Kind == kind && f.Subscription == id })
	}
	i := -1
	if s != nil {
		i = find(s.id)
	}
	if i < 0 {
		i = find("")
	}
	if i < 0 {
		return Fault{}, false
	}
	f := e.faults[i]
	if e.faults[i].Count--; e.faults[i].Count == 0 {
		e.faults = slices.Delete(e.faults, i, i+1)
	}
	e.log.count()
	return f, true
}

// judgingTime is when the token of a push is judged: now, or what the clock of
// the push service shows beside that of an application server whose clock is
// wrong. The lock is held.
func (e *Emulator) judgingTime(p *push) time.Time {
	f, ok := e.meet(faultClock, p.subscription)
	if ok {
		p.record.Faults = append(p.record.Faults, faultClock)
	}
	return e.now().Add(time.Duration(-f.Ahead) * time.Second)
}

// lateness is what injected faults do to the way of an answer.
type lateness struct {
	delay time.Duration
	lost  bool
}

// meetLateness takes the faults that leave the answer as it is, and puts them
// into the log. The lock is held.
func (e *Emulator) meetLateness(p *push) (l lateness) {
	if f, ok := e.meet(faultDelay, p.subscription); ok {
		l.delay = time.Duration(f.Delay) * time.Millisecond
		p.record.Faults = append(p.record.Faults, faultDelay)
	}
	if slices.Contains(p.record.Faults, faultStatus) {
		return l // one for the next push, then, whose answer is the true one
	}
	if _, l.lost = e.meet(faultLostAnswer, p.subscription); l.lost {
		p.record.Faults = append(p.record.Faults, faultLostAnswer)
		p.record.Status = 0
	}
	return l
}

// wait is before the answer.
func (l lateness) wait(e *Emulator, r *http.Request) {
	if l.delay > 0 {
		timer := time.NewTimer(l.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		case <-e.done:
		}
	}
	if l.lost {
		// net/http's way to close a connection without an answer.
		panic(http.ErrAbortHandler)
	}
}

// setFaults is POST /api/faults, for example {"status": 503, "retryAfter": 2,
// "count": 3}: the next 3 pushes are answered so. It takes the place of an
// earlier one of the same kind for the same subscription; a count of 0 ends it.
func (e *Emulator) setFaults(w http.ResponseWriter, r *http.Request) {
	body := Fault{Count: 1}
	if !decode(w, r, &body) {
		return
	}
	if wrong := body.check(); wrong != "" {
		problem(w, http.StatusBadRequest, "invalid-body", wrong)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if body.Subscription != "" && e.find(body.Subscription) == nil {
		noSubscription(w)
		return
	}
	rest := slices.DeleteFunc(slices.Clone(e.faults), func(f Fault) bool {
		return f.Kind == body.Kind && f.Subscription == body.Subscription
	})
	if body.Count > 0 {
		if len(rest) >= maxFaults {
			problem(w, http.StatusConflict, "too-many-faults", "1000 faults are armed: DELETE /api/faults ends them.")
			return
		}
		rest = append(rest, body)
	}
	e.faults = rest
	e.log.count()
	w.WriteHeader(http.StatusNoContent)
}

func (e *Emulator) listFaults(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	list := append([]Fault{}, e.faults...)
	e.mu.Unlock()
	answer(w, map[string]any{"data": list, "next": nil})
}

func (e *Emulator) clearFaults(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	e.faults = nil
	e.log.count()
	e.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

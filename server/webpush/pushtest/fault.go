package pushtest

import (
	"net/http"
	"strconv"
	"time"
)

// A Fault is what pushes meet in place of an answer, or before it.
type Fault struct {
	// Status is answered instead of the true one, 400 to 599; 0: the true one is.
	Status int
	// RetryAfter is the answer's, rounded down to seconds; 0: none.
	RetryAfter time.Duration
	// Body is the answer's.
	Body string
	// Delay is how long the answer takes besides.
	Delay time.Duration
	// LoseAnswer takes the push and breaks off the stream without an answer.
	LoseAnswer bool
	// Count is how many pushes it meets; 0: all until [Service.Mend].
	Count int
	// Every is of how many pushes it meets one; 0 and 1: each.
	Every int
	// Match says which pushes it may meet, by subscription; nil: all.
	Match func(subscription int) bool

	seen int
}

// Fail arms a fault, before those that are armed already.
func (s *Service) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append([]Fault{f}, s.faults...)
}

// Mend disarms all faults.
func (s *Service) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// meet takes the fault that a push meets.
func (s *Service) meet(subscription int) (met Fault, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.Match != nil && !f.Match(subscription) {
			continue
		}
		if f.seen++; f.Every > 1 && f.seen%f.Every != 0 {
			continue
		}
		met = *f
		if f.Count == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		} else if f.Count > 1 {
			f.Count--
		}
		return met, true
	}
	return Fault{}, false
}

func (f Fault) write(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	w.WriteHeader(f.Status)
	w.Write([]byte(f.Body))
}

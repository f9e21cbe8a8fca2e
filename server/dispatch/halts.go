package dispatch

import (
	"sync"
	"time"
)

const (
	// haltAfter is how many refusals in a row halt a push service.
	haltAfter = 20
	// trialEvery is how often a halted one is tried.
	trialEvery = time.Minute
)

// A halts knows the push services that refuse this server: not single messages,
// but whoever it says that it is (401, 403). Trying on would only cost the
// messages. It is safe for concurrent use.
type halts struct {
	mu       sync.Mutex
	refusals map[string]int       // in a row
	trialAt  map[string]time.Time // of those that are halted
}

func newHalts() *halts {
	return &halts{refusals: make(map[string]int), trialAt: make(map[string]time.Time)}
}

// refused notes a refusal; halted is true where it is the one that halts the push
// service.
func (h *halts) refused(service string, now time.Time) (halted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refusals[service]++
	_, already := h.trialAt[service]
	if h.refusals[service] < haltAfter || already {
		return false
	}
	h.trialAt[service] = now.Add(trialEvery)
	return true
}

// answered notes an answer that says nothing of this server: refusals before and
// after it are not in a row. One that is halted stays so.
func (h *halts) answered(service string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, halted := h.trialAt[service]; !halted {
		delete(h.refusals, service)
	}
}

// accepted notes a message that was taken; resumed is true where the push service
// was halted.
func (h *halts) accepted(service string) (resumed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.refusals, service)
	_, resumed = h.trialAt[service]
	delete(h.trialAt, service)
	return resumed
}

func (h *halts) isHalted(service string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, halted := h.trialAt[service]
	return halted
}

// mayTry says whether a halted push service's trial is due, and that it is now
// made.
func (h *halts) mayTry(service string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, halted := h.trialAt[service]
	if !halted || at.After(now) {
		return false
	}
	h.trialAt[service] = now.Add(trialEvery)
	return true
}

// untried takes mayTry back: there was nothing to try with.
func (h *halts) untried(service string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, halted := h.trialAt[service]; halted {
		h.trialAt[service] = now
	}
}

// waiting returns the halted push services whose trial is not due yet, and how
// long it is until the first is.
func (h *halts) waiting(now time.Time) (services []string, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait = longestSleep
	for service, at := range h.trialAt {
		if left := at.Sub(now); left > 0 {
			services = append(services, service)
			wait = min(wait, left)
		}
	}
	return services, wait
}

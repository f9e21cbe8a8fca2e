package dispatch

import (
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

const (
	// haltAfter is how many refusals in a row halt a push service.
	haltAfter = 20
	// trialEvery is how often a halted one is tried.
	trialEvery = time.Minute
)

// A halts knows the push services that refuse a site: not single messages, but whoever
// it says that it is (401, 403). Trying on would only cost the messages. What another
// site sends there, which has keys of its own, goes on. It is safe for concurrent use.
type halts struct {
	mu       sync.Mutex
	refusals map[push.Lane]int       // in a row
	trialAt  map[push.Lane]time.Time // of those that are halted
}

func newHalts() *halts {
	return &halts{refusals: make(map[push.Lane]int), trialAt: make(map[push.Lane]time.Time)}
}

// refused notes a refusal; halted is true where it is the one that halts the lane.
func (h *halts) refused(lane push.Lane, now time.Time) (halted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refusals[lane]++
	_, already := h.trialAt[lane]
	if h.refusals[lane] < haltAfter || already {
		return false
	}
	h.trialAt[lane] = now.Add(trialEvery)
	return true
}

// answered notes an answer that says nothing of this server: refusals before and
// after it are not in a row. One that is halted stays so.
func (h *halts) answered(lane push.Lane) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, halted := h.trialAt[lane]; !halted {
		delete(h.refusals, lane)
	}
}

// accepted notes a message that was taken; resumed is true where the lane was halted.
func (h *halts) accepted(lane push.Lane) (resumed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.refusals, lane)
	_, resumed = h.trialAt[lane]
	delete(h.trialAt, lane)
	return resumed
}

func (h *halts) isHalted(lane push.Lane) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, halted := h.trialAt[lane]
	return halted
}

// mayTry says whether a halted lane's trial is due, and that it is now made.
func (h *halts) mayTry(lane push.Lane, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, halted := h.trialAt[lane]
	if !halted || at.After(now) {
		return false
	}
	h.trialAt[lane] = now.Add(trialEvery)
	return true
}

// untried takes mayTry back: there was nothing to try with.
func (h *halts) untried(lane push.Lane, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, halted := h.trialAt[lane]; halted {
		h.trialAt[lane] = now
	}
}

// waiting returns the halted lanes whose trial is not due yet, and how long it is until
// the first is.
func (h *halts) waiting(now time.Time) (lanes []push.Lane, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait = longestSleep
	for lane, at := range h.trialAt {
		if left := at.Sub(now); left > 0 {
			lanes = append(lanes, lane)
			wait = min(wait, left)
		}
	}
	return lanes, wait
}

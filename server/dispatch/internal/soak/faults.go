package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/webpush/pushtest"
)

const (
	// faultTime is how long a fault lasts, calmTime how long it is until the next,
	// both at most.
	faultTime = 15 * time.Second
	calmTime  = 10 * time.Second
	// nearCut is how long before or after a cut an answer may have been lost.
	nearCut = time.Second
	// cutEvery is how often connections are cut.
	cutEvery = 2 * time.Second
)

// A trouble is what a push service does for a time.
type trouble struct {
	name  string
	fault pushtest.Fault
	cuts  bool
}

var troubles = []trouble{
	{name: "503", fault: pushtest.Fault{Status: 503}},
	{name: "503 for every third", fault: pushtest.Fault{Status: 503, Every: 3}},
	{name: "429", fault: pushtest.Fault{Status: 429, RetryAfter: 2 * time.Second}},
	{name: "429 for every fifth", fault: pushtest.Fault{Status: 429, RetryAfter: time.Second, Every: 5}},
	{name: "slow", fault: pushtest.Fault{Delay: 400 * time.Millisecond}},
	{name: "lost answers", fault: pushtest.Fault{LoseAnswer: true, Every: 7}},
	{name: "cut connections", fault: pushtest.Fault{Status: 500, Every: 50}, cuts: true},
	{name: refusing, fault: pushtest.Fault{Status: 403, Body: "no"}},
}

// refusing is the trouble that halts a push service.
const refusing = "403"

// faults know what was broken when.
type faults struct {
	mu   sync.Mutex
	now  string
	cuts []time.Time
	// refusals counts the times that a push service refused us, ended those that
	// are over.
	refusals, ended int
}

// breakServices breaks one push service after another until ctx is done.
func (s *soak) breakServices(ctx context.Context) {
	for n := 0; rig.Sleep(ctx, rand.N(calmTime)) == nil; n++ {
		t, i := troubles[n%len(troubles)], rand.IntN(services)
		s.faults.begin(t, serviceName(i))
		s.services[i].Fail(t.fault)
		until := time.Now().Add(faultTime/3 + rand.N(faultTime*2/3))
		for time.Now().Before(until) && ctx.Err() == nil {
			if t.cuts {
				s.faults.noteCut()
				s.services[i].Cut()
			}
			rig.Sleep(ctx, min(cutEvery, time.Until(until)))
		}
		s.services[i].Mend()
		s.faults.end()
	}
}

// mend mends all.
func (s *soak) mend() {
	for _, service := range s.services {
		service.Mend()
	}
}

func (f *faults) begin(t trouble, service string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = service + ": " + t.name
	if t.name == refusing {
		f.refusals++
	}
}

func (f *faults) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = "none"
	f.ended = f.refusals
}

func (f *faults) refusalsEnded() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

func (f *faults) refusalsSoFar() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refusals
}

func (f *faults) noteCut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cuts = append(f.cuts, time.Now())
}

func (f *faults) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// wasCut says whether an answer at a time may have been lost by a cut.
func (f *faults) wasCut(at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.cuts) - 1; i >= 0 && f.cuts[i].After(at.Add(-nearCut)); i-- {
		if f.cuts[i].Before(at.Add(nearCut)) {
			return true
		}
	}
	return false
}

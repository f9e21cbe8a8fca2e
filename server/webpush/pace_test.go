package webpush

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// hold acquires room for n requests, one grant after the other.
func hold(t *testing.T, p *pace, n int) []grant {
	t.Helper()
	var grants []grant
	for len(grants) < n {
		g, err := p.acquire(t.Context(), n-len(grants), false)
		if err != nil {
			t.Fatal(err)
		}
		for range g.n {
			grants = append(grants, g)
		}
	}
	return grants
}

// round sends as many requests as the pace allows, and answers all of them after
// a time.
func round(t *testing.T, p *pace, took time.Duration, w word) int {
	t.Helper()
	n := int(p.limit)
	grants := hold(t, p, n)
	time.Sleep(took) // of the bubble's clock
	for _, g := range grants {
		p.release(g, w, 0)
	}
	return n
}

func TestAPaceGrowsWhileThePushServiceKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		rounds := 0
		for round(t, p, 100*time.Millisecond, wordWorks) < 1200 {
			if rounds++; rounds > 10 {
				t.Fatalf("after %d rounds %v are under way at once", rounds, p.limit)
			}
		}
		for range 100 {
			round(t, p, 100*time.Millisecond, wordWorks)
		}
		if p.limit > mostInFlight {
			t.Errorf("the limit is %v, want at most %d", p.limit, mostInFlight)
		}
	})
}

func TestAPaceStaysWithinItsLargestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5
		p := newBoundedPace(time.Now, most)
		for _, w := range []word{wordWorks, wordThrottles, wordWorks} {
			for range 50 {
				if n := round(t, p, 100*time.Millisecond, w); n > most {
					t.Fatalf("%d are under way at once, want at most %d", n, most)
				}
			}
		}
	})
}

func TestAPaceDoesNotGrowWhereItIsNotWhatBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		for range 100 {
			g := hold(t, p, 1)[0]
			time.Sleep(time.Millisecond)
			p.release(g, wordWorks, 0)
		}
		if p.limit != firstInFlight {
			t.Errorf("the limit is %v, want %d", p.limit, firstInFlight)
		}
	})
}

func TestAPaceSettlesWhereAnswersBecomeSlower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// One that answers 5,000 a second, 20 ms at the quickest: more than 100 at
		// once only wait.
		p := newPace(time.Now)
		n := 0
		for range 200 {
			n = round(t, p, max(20*time.Millisecond, time.Duration(p.limit)*time.Second/5000), wordWorks)
		}
		if n < 100 || n > 400 {
			t.Errorf("%d are under way at once, want 100 to 400", n)
		}
	})
}

func TestAPaceShrinksWhereAPushServiceThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		first := round(t, p, time.Millisecond, wordThrottles)
		if n := int(p.limit); n >= first || n < first/2 {
			t.Errorf("after %d throttled answers of one moment %d are allowed: that is once too many", first, n)
		}
		for range 50 {
			round(t, p, time.Millisecond, wordThrottles)
		}
		if p.limit != leastInFlight {
			t.Errorf("the limit is %v, want %d", p.limit, leastInFlight)
		}
		for range 50 {
			round(t, p, time.Millisecond, wordWorks)
		}
		if p.limit <= leastInFlight {
			t.Error("it never grows again")
		}
	})
}

// Apple answers 429 for a single browser that has had too many.
func TestASingleBrowserThatIsThrottledDoesNotSlowTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		for range 20 {
			grants := hold(t, p, int(p.limit))
			time.Sleep(time.Millisecond)
			for i, g := range grants {
				w := wordWorks
				if i == len(grants)/2 {
					w = wordThrottles
				}
				p.release(g, w, 0)
			}
		}
		if p.limit < firstInFlight {
			t.Errorf("the limit is %v", p.limit)
		}
	})
}

func TestABrokenPaceLeavesThePushServiceAloneAndThenTriesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		last := time.Duration(0)
		for try := range 12 {
			if try == 0 {
				for _, g := range hold(t, p, breakAfter) {
					p.release(g, wordFails, 0)
				}
			} else {
				g, err := p.acquire(t.Context(), 50, false)
				if err != nil || g.n != 1 {
					t.Fatalf("try %d: got room for %d (%v), want one", try, g.n, err)
				}
				if _, err := p.acquire(t.Context(), 1, true); err == nil {
					t.Fatal("a second one may try beside")
				}
				p.release(g, wordFails, 0)
			}
			var broken *brokenError
			if _, err := p.acquire(t.Context(), 1, true); !errors.As(err, &broken) {
				t.Fatalf("try %d: got %v, want a brokenError", try, err)
			}
			if broken.wait < last && last < longestBreak || broken.wait < firstBreak || broken.wait > longestBreak*5/4 {
				t.Errorf("try %d: the break is %v after %v", try, broken.wait, last)
			}
			last = broken.wait
			time.Sleep(broken.wait)
		}
		g, err := p.acquire(t.Context(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		p.release(g, wordWorks, 0)
		for range 5 {
			round(t, p, time.Millisecond, wordWorks)
		}
		if p.limit <= leastInFlight {
			t.Errorf("it works again, and the limit is %v", p.limit)
		}
	})
}

func TestATrialThatWasGivenUpIsFollowedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		for _, g := range hold(t, p, breakAfter) {
			p.release(g, wordFails, 0)
		}
		time.Sleep(2 * firstBreak)
		g, err := p.acquire(t.Context(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		p.release(g, wordNothing, 0)
		if g, err = p.acquire(t.Context(), 1, false); err != nil || !g.trial {
			t.Fatalf("got %+v, %v", g, err)
		}
	})
}

func TestFailuresThatAreNotInARowBreakNothing(t *testing.T) {
	p := newPace(time.Now)
	for i := range 10 * breakAfter {
		w := wordFails
		if i%breakAfter == 0 {
			w = wordWorks
		}
		p.release(hold(t, p, 1)[0], w, 0)
	}
}

func TestAnUrgentRequestHasRoomWhereABatchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		grants := hold(t, p, firstInFlight)
		batch := make(chan grant)
		go func() {
			g, _ := p.acquire(t.Context(), 64, false)
			batch <- g
		}()
		synctest.Wait()
		if g, err := p.acquire(t.Context(), 1, true); err != nil || g.n != 1 {
			t.Fatalf("got %+v, %v", g, err)
		}
		// A batch is not broken up for the room of one request.
		for _, g := range grants[:16] {
			p.release(g, wordNothing, 0)
		}
		synctest.Wait()
		select {
		case g := <-batch:
			t.Fatalf("the batch got room for %d", g.n)
		default:
		}
		p.release(grants[16], wordNothing, 0)
		if g := <-batch; g.n != firstInFlight/4 {
			t.Errorf("the batch got room for %d, want %d", g.n, firstInFlight/4)
		}
	})
}

func TestOneThatWaitsIsToldOfABreakAndOfItsContextsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		grants := hold(t, p, firstInFlight)
		ctx, cancel := context.WithCancel(t.Context())
		ends := make(chan error)
		for _, ctx := range []context.Context{ctx, t.Context()} {
			go func() {
				_, err := p.acquire(ctx, 1, false)
				ends <- err
			}()
		}
		synctest.Wait()
		cancel()
		if err := <-ends; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		for _, g := range grants[:breakAfter] {
			p.release(g, wordFails, 0)
		}
		// The first of them made the room that the other waited for.
		if err := <-ends; err != nil && !errors.As(err, new(*brokenError)) {
			t.Errorf("got %v", err)
		}
		for _, g := range grants[breakAfter:] {
			p.release(g, wordFails, 0)
		}
		if want := 1; p.inFlight > want {
			t.Errorf("%d are under way, want %d", p.inFlight, want)
		}
	})
}

// The bound may shrink below what a batch waits for.
func TestABatchThatWaitsGoesOnThoughTheBoundHasShrunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		grants := hold(t, p, firstInFlight)
		batch := make(chan grant)
		go func() {
			g, _ := p.acquire(t.Context(), MaxBatch, false)
			batch <- g
		}()
		synctest.Wait()
		for i := range 5 {
			time.Sleep(time.Second)
			g, err := p.acquire(t.Context(), 1, true)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
			p.release(g, wordThrottles, 0)
			for _, g := range grants[12*i : 12*i+12] {
				p.release(g, wordNothing, 0)
			}
		}
		for _, g := range grants[60:] {
			p.release(g, wordNothing, 0)
		}
		if g := <-batch; g.n < 1 {
			t.Errorf("got %+v", g)
		}
	})
}

func TestAnUrgentRequestThatWaitsGoesBeforeTheBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		hold(t, p, firstInFlight)
		var urgent []grant
		for range urgentInFlight {
			g, err := p.acquire(t.Context(), 1, true)
			if err != nil {
				t.Fatal(err)
			}
			urgent = append(urgent, g)
		}
		wait := func(ctx context.Context, isUrgent bool) <-chan error {
			ends := make(chan error, 1)
			go func() {
				_, err := p.acquire(ctx, 1, isUrgent)
				ends <- err
			}()
			synctest.Wait()
			return ends
		}
		ctx, cancel := context.WithCancel(t.Context())
		batch, one := wait(ctx, false), wait(t.Context(), true)
		p.release(urgent[0], wordNothing, 0)
		if err := <-one; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		select {
		case <-batch:
			t.Error("the batch has room")
		default:
		}
		cancel()
		<-batch
	})
}

func TestAPushServiceThatAsksToBeLeftAloneIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now)
		ask := func(n int) {
			grants := hold(t, p, n)
			time.Sleep(time.Millisecond)
			for _, g := range grants {
				p.release(g, wordThrottles, 30*time.Second)
			}
		}
		// A few may be about single browsers.
		ask(throttledEnough - 1)
		if _, err := p.acquire(t.Context(), 1, false); err != nil {
			t.Fatal(err)
		}
		ask(1)
		for range 3 {
			var broken *brokenError
			if _, err := p.acquire(t.Context(), 1, true); !errors.As(err, &broken) || broken.wait < 30*time.Second || broken.wait > 38*time.Second {
				t.Fatalf("got %v", err)
			}
			time.Sleep(broken.wait)
			g, err := p.acquire(t.Context(), 10, false)
			if err != nil || g.n != 1 {
				t.Fatalf("the trial is of %d, %v", g.n, err)
			}
			p.release(g, wordThrottles, 30*time.Second)
		}
		time.Sleep(longestBreak)
		g, err := p.acquire(t.Context(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		p.release(g, wordWorks, 0)
		hold(t, p, leastInFlight-1) // and the one that was given above
	})
}

package webpush

import (
	"net/http"
	"sync"
	"testing"
)

func TestBackgroundRunsOnThreadsOfItsOwnUntilItIsClosed(t *testing.T) {
	b := newBackground(2)
	var both sync.WaitGroup
	both.Add(2)
	var callers sync.WaitGroup
	for range 2 {
		// Each waits for the other, so that both threads are at work.
		callers.Go(func() {
			b.do(func() { both.Done(); both.Wait() })
		})
	}
	callers.Wait()
	b.close()
	b.close()
	ran := false
	b.do(func() { ran = true })
	if !ran {
		t.Error("after the end the work was not done by the caller")
	}
}

func TestBackgroundWithoutThreadsIsTheCaller(t *testing.T) {
	b := newBackground(0)
	defer b.close()
	ran := false
	b.do(func() { ran = true })
	if !ran {
		t.Error("the work was not done")
	}
}

func TestOneMessageDoesNotWaitForTheThreadsOfBulk(t *testing.T) {
	c, s := newService(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	c.background = newBackground(1)
	m := Message{Subscription: s, Key: newKey(t)}
	began, finish := make(chan struct{}), make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		c.background.do(func() { close(began); <-finish })
	})
	<-began
	inBulk := make(chan Result, 1)
	both.Go(func() {
		c.SendBatch(t.Context(), []Message{m}, func(_ int, r Result) { inBulk <- r })
	})
	if r := c.Send(t.Context(), m); r.Outcome != Accepted {
		t.Errorf("got %+v", r)
	}
	if len(inBulk) > 0 {
		t.Error("what is sent in bulk did not wait")
	}
	close(finish)
	if r := <-inBulk; r.Outcome != Accepted {
		t.Errorf("in bulk: got %+v", r)
	}
	both.Wait()
}

package transport

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		w := workers{make(chan func()), closed}
		var waiting atomic.Int32
		release := make(chan bool)
		job := func() {
			waiting.Add(1)
			<-release
			waiting.Add(-1)
		}
		w.do(job)
		synctest.Wait()
		w.do(job)
		synctest.Wait()
		if n := waiting.Load(); n != 2 {
			t.Errorf("%d run at once, of 2", n)
		}
		release <- true
		release <- true
		synctest.Wait()
		w.do(func() {}) // by one of the two
		<-time.After(2 * workerIdle)
		w.do(func() {}) // by a new one, which the bubble waits for
		synctest.Wait()
		close(closed)
	})
}

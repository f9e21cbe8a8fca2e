package dispatch_test

import (
	"context"
	"testing"

	"github.com/pushkit/pushkit/server/push"
)

// old is a queue that has as much to sweep as it says, and tells of each time.
type old struct {
	push.Queue
	sizes chan int
	swept chan int
}

func (q old) Sweep(context.Context) (int, error) {
	n := <-q.sizes
	q.swept <- n
	return n, nil
}

// What is old is swept from the start on, as long as there may be more.
func TestWhatIsOldIsSwept(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	q := old{s.Store, make(chan int, 3), make(chan int, 3)}
	for _, n := range []int{push.SweepSize, push.SweepSize, 3} {
		q.sizes <- n
	}
	s.dispatch(t, q)
	for range 3 {
		<-q.swept
	}
}

package transport

import "time"

// workerIdle is how long a goroutine waits for more to do.
const workerIdle = 10 * time.Second

// workers run functions in goroutines that have run others before: growing a
// stack anew for each request takes a tenth of net/http's time.
type workers struct {
	functions chan func()
	closed    <-chan struct{}
}

func (w workers) do(f func()) {
	select {
	case w.functions <- f:
	default:
		go w.work(f)
	}
}

func (w workers) work(f func()) {
	idle := time.NewTimer(workerIdle)
	defer idle.Stop()
	for {
		f()
		idle.Reset(workerIdle)
		select {
		case f = <-w.functions:
		case <-idle.C:
			return
		case <-w.closed:
			return
		}
	}
}

package webpush

import (
	"runtime"
	"sync"
)

// A background runs work on threads of a low priority, so that on a machine whose
// cores are all busy with it whatever else the process does is done first. Without
// threads of its own it runs on the caller's.
type background struct {
	work  chan func()
	ended chan struct{}
	end   sync.Once
}

func newBackground(threads int) *background {
	b := &background{work: make(chan func()), ended: make(chan struct{})}
	if threads == 0 {
		b.close()
	}
	for range threads {
		go b.run()
	}
	return b
}

// run ends with its thread, since the priority can only be lowered.
func (b *background) run() {
	runtime.LockOSThread()
	lowerPriority()
	for {
		select {
		case work := <-b.work:
			work()
		case <-b.ended:
			return
		}
	}
}

// do returns when work is done.
func (b *background) do(work func()) {
	done := make(chan struct{})
	select {
	case b.work <- func() { defer close(done); work() }:
		<-done
	case <-b.ended:
		work()
	}
}

func (b *background) close() { b.end.Do(func() { close(b.ended) }) }

package client

import (
	"context"
	"sync"
	"time"

	"github.com/pushkit/pushkit/wasm/dom"
)

// limited is what context.WithTimeout makes, as far as a [dom.Context] goes.
type limited struct {
	done chan struct{}

	mu  sync.Mutex
	err error
}

// within returns ctx bounded to so many milliseconds. cancel must be called
// once the work is done.
func within(ctx dom.Context, milliseconds int) (bounded dom.Context, cancel func()) {
	l := &limited{done: make(chan struct{})}
	timer := time.AfterFunc(time.Duration(milliseconds)*time.Millisecond, func() { l.end(context.DeadlineExceeded) })
	if ended := ctx.Done(); ended != nil {
		go func() {
			select {
			case <-ended:
				l.end(ctx.Err())
			case <-l.done:
			}
		}()
	}
	return l, func() {
		timer.Stop()
		l.end(context.Canceled)
	}
}

func (l *limited) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.done)
	}
}

func (l *limited) Done() <-chan struct{} { return l.done }

func (l *limited) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

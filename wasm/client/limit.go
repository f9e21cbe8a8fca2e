package client

import (
	"context"
	"sync"
	"time"
)

// limited is what context.WithTimeout makes. That one leads the linker to much
// that the WebAssembly needs for nothing else, a seventh of what it may be
// larger than the smallest one.
type limited struct {
	// deadline is in nanoseconds since 1970.
	deadline int64
	done     chan struct{}
	value    func(key any) any

	mu  sync.Mutex
	err error
}

// within returns ctx bounded to so many milliseconds. cancel must be called
// once the work is done.
func within(ctx context.Context, milliseconds int) (bounded context.Context, cancel context.CancelFunc) {
	duration := time.Duration(milliseconds) * time.Millisecond
	l := &limited{
		deadline: time.Now().Add(duration).UnixNano(),
		done:     make(chan struct{}),
		value:    ctx.Value,
	}
	timer := time.AfterFunc(duration, func() { l.end(context.DeadlineExceeded) })
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

func (l *limited) Deadline() (deadline time.Time, ok bool) { return time.Unix(0, l.deadline), true }

func (l *limited) Done() <-chan struct{} { return l.done }

func (l *limited) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *limited) Value(key any) any { return l.value(key) }

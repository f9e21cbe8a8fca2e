package api

import (
	"sync/atomic"
	"time"
)

// rememberedFor is how long what was read is taken to be so: another process may
// change it.
const rememberedFor = 2 * time.Second

// isFresh says whether what was read at a time is taken to be so now.
func isFresh(at, now time.Time) bool {
	// Less than nothing where the clock was set back.
	age := now.Sub(at)
	return age >= 0 && age < rememberedFor
}

// remembered is what is read from the store once in a while. Nobody waits for another's
// reading, which a store that hangs would make as long as all of them together.
type remembered[T any] struct {
	last atomic.Pointer[reading[T]]
}

type reading[T any] struct {
	value T
	at    time.Time
}

// get returns what was read, and reads it where that was too long ago.
func (m *remembered[T]) get(now time.Time, read func() (T, error)) (T, error) {
	if last := m.last.Load(); last != nil && isFresh(last.at, now) {
		return last.value, nil
	}
	return m.anew(now, read)
}

// anew reads it in any case.
func (m *remembered[T]) anew(now time.Time, read func() (T, error)) (T, error) {
	value, err := read()
	if err == nil {
		m.last.Store(&reading[T]{value, now})
	}
	return value, err
}

package dom

// A Context ends a call that waits. Every [context.Context] is one: pass that.
//
// The bindings ask for this half of it, because a program that calls one method
// with a context.Context links, by way of its Deadline, the printing of dates
// and time zones: 20 kB of the client's WebAssembly in brotli, a quarter of what
// it may be larger than the smallest one.
type Context interface {
	// Done is closed when the call shall end; nil means never.
	Done() <-chan struct{}
	// Err says why, once Done is closed.
	Err() error
}

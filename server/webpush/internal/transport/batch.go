package transport

import "context"

// A batch is what one Post was given.
type batch struct {
	ctx      context.Context
	requests []Request
	done     func(i int, r Response, err error)
	// exchanges has one for each request.
	exchanges []exchange
	// left is how many of them are not over.
	left int
	// stop ends the watch on ctx.
	stop func() bool
}

// An exchange is a request and its way to an answer. The pool's lock guards it.
type exchange struct {
	batch *batch
	i     int
	state exchangeState
	// again says that it was refused once: there is no third try.
	again bool
	// next and previous are its neighbours in the list that it is in.
	next, previous *exchange

	stream   stream
	response Response
	err      error
}

type exchangeState uint8

const (
	waiting  exchangeState = iota // for a stream
	open                          // on a stream
	answered                      // on a stream, and the answer's status is known
	over
)

func (x *exchange) request() *Request { return &x.batch.requests[x.i] }

// An exchangeList is a list of exchanges, each of which is in one at most.
type exchangeList struct {
	first, last *exchange
	len         int
}

func (l *exchangeList) push(x *exchange) {
	x.previous, x.next = l.last, nil
	if l.last != nil {
		l.last.next = x
	} else {
		l.first = x
	}
	l.last = x
	l.len++
}

// pushFirst is for an exchange that has waited before.
func (l *exchangeList) pushFirst(x *exchange) {
	x.previous, x.next = nil, l.first
	if l.first != nil {
		l.first.previous = x
	} else {
		l.last = x
	}
	l.first = x
	l.len++
}

func (l *exchangeList) remove(x *exchange) {
	if x.previous != nil {
		x.previous.next = x.next
	} else {
		l.first = x.next
	}
	if x.next != nil {
		x.next.previous = x.previous
	} else {
		l.last = x.previous
	}
	x.previous, x.next = nil, nil
	l.len--
}

// take empties the list and returns what was in it.
func (l *exchangeList) take() *exchange {
	first := l.first
	*l = exchangeList{}
	return first
}

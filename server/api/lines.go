package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/pushkit/pushkit/server/ndjson"
	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/wire"
)

// mediaLines is the type of a body of several messages, one a line.
const mediaLines = "application/x-ndjson"

// linesAtOnce is how many lines are worked on together, so that their commits are.
const linesAtOnce = 32

// sendLines accepts a message a line, and answers each with a line, in their order and
// while more come. A line that is bad, or that the store does not take, stops no other.
// Each line has an Idempotency-Key of its own, made of the request's and its number, so
// that a request whose answer was lost can be repeated whole.
func (a *api) sendLines(w http.ResponseWriter, r *http.Request, site *push.Site, key string) error {
	stream := http.NewResponseController(w)
	// HTTP/1 would read the body to its end before the first answer; where it is not
	// supported, HTTP/2, there is no need.
	stream.EnableFullDuplex()
	answers := make(chan chan wire.MessageLine, linesAtOnce)
	go func() {
		defer close(answers)
		a.readLines(r, site, key, answers)
	}()
	first, some := <-answers
	if !some {
		return &push.Error{Code: wire.InvalidJSON, Detail: "The body has no lines."}
	}
	w.Header().Set("Content-Type", mediaLines)
	encoder := json.NewEncoder(w)
	for answer := first; some; answer, some = <-answers {
		// Whoever is not there any more to hear it may have sent the lines nevertheless.
		encoder.Encode(<-answer)
		stream.Flush()
	}
	return nil
}

// readLines gives answers one for each line, in their order.
func (a *api) readLines(r *http.Request, site *push.Site, key string, answers chan<- chan wire.MessageLine) {
	// The answer is being written: this reader must not touch it.
	body := http.MaxBytesReader(nil, r.Body, wire.MaxMessageLines*(wire.MaxMessageBody+1))
	lines := ndjson.NewReader(body, wire.MaxMessageBody+1)
	var line ndjson.Line
	for n := 0; ; n++ {
		next, err := lines.Next()
		if err == io.EOF {
			return
		}
		answer := make(chan wire.MessageLine, 1)
		answers <- answer
		switch {
		case err != nil:
			line.Number++
			answer <- a.badLine(r, line, &push.Error{Code: wire.InvalidJSON, Detail: "The body could not be read to its end.", Cause: err})
			return
		case n == wire.MaxMessageLines:
			answer <- a.badLine(r, next, &push.Error{Code: wire.BodyTooLarge, Detail: fmt.Sprintf("The body has more than %d messages: what follows is not sent.", wire.MaxMessageLines)})
			return
		}
		line = next
		go func() { answer <- a.sendLine(r, site, next, key) }()
	}
}

func (a *api) sendLine(r *http.Request, site *push.Site, line ndjson.Line, key string) (answer wire.MessageLine) {
	// Only in the goroutine of a request does net/http keep a panic from ending all.
	defer func() {
		if p := recover(); p != nil {
			answer = a.badLine(r, line, fmt.Errorf("panic: %v", p))
		}
	}()
	if line.TooLong {
		return a.badLine(r, line, &push.Error{Code: wire.BodyTooLarge, Detail: fmt.Sprintf("The line has more than %d bytes.", wire.MaxMessageBody)})
	}
	if key != "" {
		// No key that a header can have.
		key = fmt.Sprintf("%s\n%d", key, line.Number)
	}
	status, counted, err := a.accept(r.Context(), site, line.Text, key)
	switch {
	case err != nil:
		return a.badLine(r, line, err)
	case counted != nil:
		return wire.MessageLine{Line: line.Number, Targeted: &counted.Targeted, Warnings: counted.Warnings}
	}
	return wire.MessageLine{Line: line.Number, ID: status.ID.String(), State: status.State, Warnings: status.Warnings}
}

func (a *api) badLine(r *http.Request, line ndjson.Line, err error) wire.MessageLine {
	problem := a.problem(r, err)
	return wire.MessageLine{Line: line.Number, Problem: &problem}
}

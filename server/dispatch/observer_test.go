package dispatch_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/dispatch"
	"github.com/pushkit/pushkit/server/webpush"
)

// told are what an observer was told, in turn.
type told struct {
	attempts chan webpush.Outcome
	delays   chan time.Duration
	halts    chan bool
}

func (o told) Attempted(_ string, outcome webpush.Outcome, sinceDue time.Duration) {
	o.attempts <- outcome
	o.delays <- sinceDue
}

func (o told) Halted(_ string, halted bool) { o.halts <- halted }

func TestEachAttemptIsToldOnce(t *testing.T) {
	s := newServer(t)
	s.subscribe(t, "/one")
	first := true
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusCreated
		if first {
			status, first = http.StatusServiceUnavailable, false
		}
		w.WriteHeader(status)
	})
	o := told{make(chan webpush.Outcome, 10), make(chan time.Duration, 10), make(chan bool, 10)}
	d := dispatch.New(s.Store, s.Store, webpush.NewClient(webpush.Options{Services: s.services}), slog.New(slog.DiscardHandler))
	d.Observe(o)
	if d.IsAlive() {
		t.Error("it is alive before it runs")
	}
	r := s.run(t, d)
	began := time.Now()
	s.send(t, r, began, `{"audience": {"all": true}}`)
	for _, want := range []webpush.Outcome{webpush.Unavailable, webpush.Accepted} {
		if got := <-o.attempts; got != want {
			t.Errorf("told of %s, want %s", got, want)
		}
	}
	// The first wait is a second at most, and the delay is all of it.
	early, all := <-o.delays, <-o.delays
	if early > all || all > time.Since(began)+time.Second {
		t.Errorf("the delays are %v and %v", early, all)
	}
	if !d.IsAlive() {
		t.Error("it sends and is not alive")
	}
	r.stop()
	<-r.ended
	if d.IsAlive() || len(o.attempts)+len(o.halts) > 0 {
		t.Errorf("at the end it is alive: %v, and %d attempts and %d halts were told besides", d.IsAlive(), len(o.attempts), len(o.halts))
	}
}

package emulator

import (
	"testing"

	"github.com/google/uuid"
)

// testConnection is a connection that only remembers that it was cut.
type testConnection struct{ reason string }

func (c *testConnection) wake()             {}
func (c *testConnection) cut(reason string) { c.reason = reason }

func TestSubscriptionsAreBounded(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &testConnection{}
	b := e.attach("", c)
	register := func() *subscription { return e.register(b, c, uuid.NewString(), nil, "http://127.0.0.1") }
	first := register()
	for range maxSubscriptions - 1 {
		if register() == nil {
			t.Fatal("refused too early")
		}
	}
	if register() != nil {
		t.Error("there is no bound")
	}
	for range maxEnded {
		s := first
		if s.end != nil {
			s = register()
		}
		e.unregister(b, s.channelID, 200)
	}
	if e.byToken[first.token] == nil {
		t.Error("an ended subscription was forgotten too early")
	}
	e.unregister(b, register().channelID, 200)
	if e.byToken[first.token] != nil || len(e.ended) != maxEnded {
		t.Error("ended subscriptions have no bound")
	}
}

func TestBrowserThatNeverRegisteredLeavesNothing(t *testing.T) {
	s := serve(t, Options{})
	b := connect(t, s, "")
	b.leave(s)
	if again := connect(t, s, b.uaid); again.uaid == b.uaid {
		t.Error("its uaid was kept")
	}
}

func TestConnectionThatWasCutCanDoNothing(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, second := &testConnection{}, &testConnection{}
	b := e.attach("", first)
	if e.attach(b.uaid, second) != b || first.reason == "" {
		t.Fatal("the first connection was not cut")
	}
	if e.register(b, first, uuid.NewString(), nil, "http://127.0.0.1") != nil {
		t.Error("it registered")
	}
	if _, ok := e.next(b, first); ok {
		t.Error("it got a message")
	}
	e.detach(b, first)
	if b.conn != second {
		t.Error("its end took the other's place")
	}
}

package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

func TestALeaseIsTrustedWhileTheBeatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pulse{first: make(chan struct{})}
		if p.holds(p.now()) {
			t.Error("a lease holds before the first beat")
		}
		for range 5 {
			if p.came(time.Now()) || !p.holds(0) {
				t.Fatal("a beat that came in time is held for late")
			}
			time.Sleep(push.BeatEvery)
		}
		time.Sleep(push.LeaseTime)
		if p.holds(0) {
			t.Error("a lease holds though no beat has come")
		}
		if !p.came(time.Now()) {
			t.Error("the beat that came again does not say that leases may be lost")
		}
		// What was leased before is given up, whatever comes now.
		if p.holds(0) || !p.holds(p.now()) || p.now() != 1 {
			t.Errorf("epoch %d: the old one holds: %v, the new one: %v", p.now(), p.holds(0), p.holds(1))
		}
		// A beat counts from when it was asked for.
		p.came(time.Now().Add(-push.LeaseTime))
		if p.holds(1) {
			t.Error("a beat that took longer than a lease lasts is trusted")
		}
	})
}

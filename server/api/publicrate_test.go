package api

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

func TestParsePublicRate(t *testing.T) {
	for text, want := range map[string]PublicRate{"0": {}, "20:1000": {20, 1000}, "0.5:1": {0.5, 1}} {
		if got, err := ParsePublicRate(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "20", "20:", ":20", "0:5", "-1:5", "20:0", "20:-1", "NaN:5", "Inf:5", "20:1.5", "20:10:5", "x:y"} {
		if got, err := ParsePublicRate(text); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
}

// FuzzParsePublicRate: what is taken is a limit that lets somebody in, or none.
func FuzzParsePublicRate(f *testing.F) {
	for _, text := range []string{"0", "20:1000", "1e300:1", "NaN:1", "0x1p-2:3", "1:99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParsePublicRate(text)
		if err != nil {
			return
		}
		l, err := newLimiter[netip.Prefix](r)
		if err != nil {
			t.Fatal(err)
		}
		if (l == nil) != (text == "0") {
			t.Fatalf("%q is %v", text, r)
		}
		if l != nil && l.take(netip.Prefix{}, time.Unix(0, 0)) != 0 {
			t.Fatalf("%q lets nobody in", text)
		}
	})
}

// A client gets a call back for each time that its rate allows, and one who is refused
// does not wait the longer for it.
func TestALimitIsForEachNetwork(t *testing.T) {
	l, err := newLimiter[netip.Prefix](PublicRate{PerSecond: 2, Burst: 3})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	take := func(text string) time.Duration { return l.take(network(netip.MustParseAddr(text)), now) }
	for range 3 {
		for _, client := range []string{"1.2.3.4", "1.2.3.5", "2001:db8::1", "2001:db8:0:1::1"} {
			if wait := take(client); wait > 0 {
				t.Errorf("%s has to wait %v", client, wait)
			}
		}
	}
	for range 5 {
		for _, client := range []string{"1.2.3.4", "2001:db8::ffff:1"} {
			if wait := take(client); wait != 500*time.Millisecond {
				t.Errorf("%s has to wait %v", client, wait)
			}
		}
	}
	now = now.Add(500 * time.Millisecond)
	if wait := take("1.2.3.4"); wait > 0 {
		t.Errorf("after the wait: %v", wait)
	}
	if take("1.2.3.4") == 0 {
		t.Error("a second call is let in")
	}
}

func TestAMillionCallsFromOneAddressAreRefused(t *testing.T) {
	const burst = 1000
	l, err := newLimiter[netip.Prefix](PublicRate{PerSecond: 20, Burst: burst})
	if err != nil {
		t.Fatal(err)
	}
	client, now, taken := network(netip.MustParseAddr("1.2.3.4")), time.Now(), 0
	for range 1_000_000 {
		now = now.Add(50 * time.Microsecond)
		if l.take(client, now) == 0 {
			taken++
		}
	}
	// They take 50 seconds.
	if taken < burst+50*20-1 || taken > burst+50*20+1 || l.buckets.Len() != 1 {
		t.Errorf("%d are let in, %d clients are remembered", taken, l.buckets.Len())
	}
}

// However many networks call, a bounded number is remembered.
func TestTheLimitsMemoryIsBounded(t *testing.T) {
	l, err := newLimiter[netip.Prefix](PublicRate{PerSecond: 1, Burst: 1})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range uint64(3 * maxClients) {
		var raw [16]byte
		binary.BigEndian.PutUint64(raw[:], i)
		l.take(network(netip.AddrFrom16(raw)), now)
	}
	if n := l.buckets.Len(); n > maxClients {
		t.Errorf("%d clients are remembered", n)
	}
}

package sqlite

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// That a browser was seen is written later than it was noted, and takes back nothing
// that was written meanwhile.
func TestWhatWasNotedBeforeDoesNotGoBack(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/a"
	s, err := Open(t.Context(), sqlitetest.Path(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := time.Now().UnixMilli() - 60_000
	if _, _, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), endpoint, "")); err != nil {
		t.Fatal(err)
	}
	s.seen.put(seenKey{1, push.HashEndpoint(endpoint)}, before)
	s.seen.write()
	if sub, err := s.SubscriptionByEndpoint(t.Context(), 1, endpoint); err != nil || sub.LastSeenAt.UnixMilli() <= before {
		t.Errorf("seen at %v, %v", sub.LastSeenAt, err)
	}
}

// Most calls of browsers tell nothing new. They are answered without a write, and that
// the browser was seen is written afterwards.
func TestWhoTellsNothingNewIsAnsweredWithoutAWrite(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/a"
	var now atomic.Int64
	now.Store(1_800_000_000_000)
	s, err := Open(t.Context(), sqlitetest.Path(t), Options{Now: func() time.Time { return time.UnixMilli(now.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(members string) {
		t.Helper()
		sub, created, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), endpoint, members))
		if err != nil || !created && sub.LastSeenAt.UnixMilli() != now.Load() {
			t.Errorf("%s: seen at %v, %v", members, sub.LastSeenAt, err)
		}
	}
	put(`"channels": ["b", "a"], "locale": "de"`)
	s.seen.close() // what is noted stays so
	conn, err := s.reading.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	version := func() (v int64) {
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	put("")
	if len(s.seen.at) != 0 {
		t.Error("who was seen a moment ago is noted again")
	}
	before := version()
	now.Add(push.SeenEvery.Milliseconds())
	for _, members := range []string{"", `"channels": ["a", "b"]`, `"addChannels": ["a"], "locale": "de"`} {
		if put(members); version() != before {
			t.Errorf("%s is written", members)
		}
	}
	if err := s.TouchSubscription(t.Context(), 1, endpoint); err != nil || version() != before {
		t.Errorf("a touch is written, %v", err)
	}
	s.seen.write()
	awaitSeen(t, s, endpoint, now.Load())
	for _, members := range []string{`"channels": ["a"]`, `"locale": "fr"`} {
		before = version()
		if put(members); version() == before {
			t.Errorf("%s is not written", members)
		}
	}
}

// awaitSeen waits until it is stored when a browser was seen.
func awaitSeen(t *testing.T, s *Store, endpoint string, at int64) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		sub, err := s.SubscriptionByEndpoint(t.Context(), 1, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if sub.LastSeenAt.UnixMilli() == at {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("seen at %v, and 30 s later it is not written", sub.LastSeenAt)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

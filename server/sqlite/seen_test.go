package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

// That a browser was seen is written later than it was noted, and takes back nothing
// that was written meanwhile.
func TestWhatWasNotedBeforeDoesNotGoBack(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/a"
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{})
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

// What cannot be written is kept, and written once the disk has room, though nobody
// comes by.
func TestWhoWasSeenWhileTheDiskWasFullIsWrittenLater(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/a"
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), endpoint, "")); err != nil {
		t.Fatal(err)
	}
	only := func(on bool) {
		t.Helper()
		if _, err := s.writing.Exec(fmt.Sprint("PRAGMA query_only = ", on)); err != nil {
			t.Fatal(err)
		}
	}
	only(true)
	later := time.Now().UnixMilli() + 60_000
	s.seen.put(seenKey{1, push.HashEndpoint(endpoint)}, later)
	s.seen.write()
	only(false)
	awaitSeen(t, s, endpoint, later)
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

// Most calls of browsers tell nothing new. While somebody else writes, they are
// answered all the same, and that the browser was seen is written afterwards.
func TestWhoTellsNothingNewDoesNotWaitForTheWriter(t *testing.T) {
	const endpoint = "https://fcm.googleapis.com/a"
	var now atomic.Int64
	now.Store(1_800_000_000_000)
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{Now: func() time.Time { return time.UnixMilli(now.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(members string) {
		t.Helper()
		if _, _, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), endpoint, members)); err != nil {
			t.Fatal(err)
		}
	}
	put(`"channels": ["b", "a"], "locale": "de"`)
	taken, release := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- s.writer.do(t.Context(), func(context.Context, *db.Queries) error {
			close(taken)
			<-release
			return nil
		})
	}()
	<-taken
	now.Add(time.Hour.Milliseconds())
	put("")
	put(`"channels": ["a", "b"]`)
	put(`"addChannels": ["a"], "locale": "de"`)
	if err := s.TouchSubscription(t.Context(), 1, endpoint); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	awaitSeen(t, s, endpoint, now.Load())
}

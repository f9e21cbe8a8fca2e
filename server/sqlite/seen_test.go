package sqlite

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite/db"
)

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
	deadline := time.After(10 * time.Second)
	for {
		sub, err := s.SubscriptionByEndpoint(t.Context(), 1, endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if sub.LastSeenAt.UnixMilli() == now.Load() {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("seen at %v, and 10 s later it is not written", sub.LastSeenAt)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/wire"
)

// A full disk is no fault of the caller's, and passes.
func TestAFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "pushkit.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	limit := func(pages int) {
		t.Helper()
		if _, err := s.writing.Exec(fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
			t.Fatal(err)
		}
	}
	put := func(i int) error {
		_, _, err := s.PutSubscription(t.Context(), 1, pushtest.Subscribe(t, pushtest.Services(t), fmt.Sprint("https://fcm.googleapis.com/", i), ""))
		return err
	}
	limit(1) // no more than there are
	stored := 0
	for err = put(0); err == nil && stored < 1000; err = put(stored) {
		stored++
	}
	if push.CodeOf(err) != wire.Unavailable {
		t.Fatalf("after %d subscriptions: got %v, want unavailable", stored, err)
	}
	if page, _, err := s.ListSubscriptions(t.Context(), 1, "", 1000); err != nil || len(page) != stored {
		t.Errorf("%d of %d can be read, %v", len(page), stored, err)
	}
	limit(1 << 30)
	if err := put(stored); err != nil {
		t.Error(err)
	}
}

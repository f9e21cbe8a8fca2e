package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
	"github.com/pushkit/pushkit/server/wire"
)

// A full disk is no fault of the caller's, and passes.
func TestAFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	s, err := Open(t.Context(), sqlitetest.Path(t), Options{})
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

func TestADatabaseThatAnotherProgramLocksIsUnavailableUntilItIsFree(t *testing.T) {
	path := sqlitetest.Path(t)
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.writing.Exec("PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.writing.Begin() // at once, by _txlock
	if err != nil {
		t.Fatal(err)
	}
	r := pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", "")
	if _, _, err := s.PutSubscription(t.Context(), 1, r); push.CodeOf(err) != wire.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, created, err := s.PutSubscription(t.Context(), 1, r); err != nil || !created {
		t.Errorf("afterwards: %v, %v", created, err)
	}
}

// The folder is away, as that of a disk that was unplugged: no connection can be
// made for a read.
func TestReadsOfAFileThatIsAwayAreUnavailableToo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	s, err := Open(t.Context(), filepath.Join(folder, "pushkit.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Rename(folder, folder+" away"); err != nil {
		t.Fatal(err)
	}
	reads := map[string]func() error{
		"Site":         func() error { _, err := s.Site(t.Context(), push.DefaultSite); return err },
		"Setting":      func() error { _, err := s.Setting(t.Context(), "x"); return err },
		"VAPIDKeys":    func() error { _, err := s.VAPIDKeys(t.Context(), 1); return err },
		"APIKeyByHash": func() error { _, _, err := s.APIKeyByHash(t.Context(), push.APIKeyHash{}); return err },
		"ListAPIKeys":  func() error { _, err := s.ListAPIKeys(t.Context(), 1); return err },
		"SubscriptionByEndpoint": func() error {
			_, err := s.SubscriptionByEndpoint(t.Context(), 1, "https://x")
			return ignoreCode(err, wire.SubscriptionUnknown)
		},
		"ListSubscriptions": func() error { _, _, err := s.ListSubscriptions(t.Context(), 1, "", 10); return err },
		"MessageStatus": func() error {
			_, err := s.MessageStatus(t.Context(), 1, push.ID{})
			return ignoreCode(err, wire.MessageUnknown)
		},
		"ListMessages": func() error { _, _, err := s.ListMessages(t.Context(), 1, "", 10); return err },
	}
	for name, read := range reads {
		if err := read(); push.CodeOf(err) != wire.Unavailable {
			t.Errorf("%s: got %v, want unavailable", name, err)
		}
	}
	if err := os.Rename(folder+" away", folder); err != nil {
		t.Fatal(err)
	}
	for name, read := range reads {
		if err := read(); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}

func ignoreCode(err error, code wire.Code) error {
	if push.CodeOf(err) == code {
		return nil
	}
	return err
}

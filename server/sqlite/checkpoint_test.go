package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
	"github.com/pushkit/pushkit/server/push/pushtest"
	"github.com/pushkit/pushkit/server/sqlite/sqlitetest"
)

// The file alone, without the log beside it, soon has what was written.
func TestTheLogIsCopiedThoughNobodyWritesAnyMore(t *testing.T) {
	path := sqlitetest.Path(t)
	s := open(t, path, nil)
	site, err := s.Site(t.Context(), push.DefaultSite)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.PutSubscription(t.Context(), site.ID, pushtest.Subscribe(t, pushtest.Services(t), "https://fcm.googleapis.com/a", "")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		alone := filepath.Join(t.TempDir(), "alone.db")
		if err := os.WriteFile(alone, content, 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := raw(t, alone).QueryRow("SELECT count(*) FROM subscriptions").Scan(&n); err == nil && n == 1 {
			return
		} else if time.Now().After(end) {
			t.Fatalf("the file has %d subscriptions, %v", n, err)
		}
	}
}

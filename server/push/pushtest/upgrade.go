package pushtest

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/push"
)

// oldKey is an API key of before there were scopes.
const oldKey = "the key of before"

// Wait gives a fresh store one subscription, a message to it that failed, a batch
// for it that waits, a message to all that is scheduled for a time, and an API key
// for everything, for a test that takes the schema back to an older one.
func Wait(t *testing.T, s push.Store) (scheduled time.Time) {
	t.Helper()
	w := &store{Store: s, clock: NewClock(), services: Services(t)}
	var err error
	if w.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	w.addKey(t, "", oldKey, push.ScopeAdmin)
	w.put(t, someEndpoint, "")
	w.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	w.finish(t, w.claim(t), push.DeliveryFailed)
	w.create(t, `{"audience": {"all": true}}`, push.CreateOptions{})
	w.expand(t)
	scheduled = w.clock.Now().Add(time.Hour).Truncate(time.Second)
	w.create(t, `{"audience": {"all": true}, "sendAt": "`+scheduled.UTC().Format(time.RFC3339)+`"}`, push.CreateOptions{})
	return scheduled
}

// WantWaiting expects of the store, opened anew at the time that Wait returned or
// later, what Wait has left.
func WantWaiting(t *testing.T, s push.Store, scheduled time.Time) {
	t.Helper()
	w := &store{Store: s, clock: NewClock()}
	var err error
	if w.site, err = s.Site(t.Context(), push.DefaultSite); err != nil {
		t.Fatal(err)
	}
	messages, _, err := s.ListMessages(t.Context(), w.site.ID, "", 10)
	if err != nil || len(messages) != 3 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if failed := w.deliveries(t, messages[2].ID, push.DeliveryFailed, 10); len(failed) != 1 {
		t.Errorf("%d deliveries of the oldest message failed, want 1", len(failed))
	}
	if key := w.key(t, oldKey); key == nil || !key.Scopes.Allow(push.ScopeAdmin) {
		t.Errorf("the API key became %+v", key)
	}
	deliveries := w.claim(t)
	if len(deliveries) != 2 {
		t.Fatalf("%d deliveries, want 2", len(deliveries))
	}
	for _, d := range deliveries {
		if !d.TTLFrom.Equal(d.Message.DueAt) {
			t.Errorf("the TTL counts from %s, want %s", d.TTLFrom, d.Message.DueAt)
		}
	}
	if !deliveries[0].TTLFrom.Equal(scheduled) && !deliveries[1].TTLFrom.Equal(scheduled) {
		t.Errorf("neither is due at %s", scheduled)
	}
}

// NewestMigration is the number of the last one in a folder.
func NewestMigration(t *testing.T, folder string) int64 {
	t.Helper()
	files := migrations(t, folder)
	number, _, _ := strings.Cut(files[len(files)-1], "_")
	newest, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return newest
}

func migrations(t *testing.T, folder string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(folder), "*.sql") // sorted
	if err != nil || len(names) == 0 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	return names
}

// MigrationsStay expects the migrations in a folder to be as sums, a file that
// sha256sum has written, has them: databases that people have were made by them, so
// that a change needs a migration of its own.
func MigrationsStay(t *testing.T, folder, sums string) {
	t.Helper()
	file, err := os.Open(sums)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	listed := make(map[string]string)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if sum, name, ok := strings.Cut(lines.Text(), "  "); ok {
			listed[name] = sum
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, name := range migrations(t, folder) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		switch sum := fmt.Sprintf("%x", sha256.Sum256(text)); listed[name] {
		case sum:
		case "":
			t.Errorf("%s is new: add its line to %s\n%s  %s", name, sums, sum, name)
		default:
			t.Errorf("%s was changed: there are databases that were made by it as it was", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s is gone: there are databases that were made by it", name)
	}
}

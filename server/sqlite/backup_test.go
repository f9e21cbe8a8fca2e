package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

func TestADamagedCopyIsNoBackup(t *testing.T) {
	folder := t.TempDir()
	path, to := filepath.Join(folder, "pushkit.db"), filepath.Join(folder, "copy.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := Backup(t.Context(), path, to); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The second page is that of a table.
	if _, err := file.WriteAt(make([]byte, 4096), 4096); err != nil {
		t.Fatal(err)
	}
	if check(t.Context(), to) == nil {
		t.Error("it is held for good")
	}
}

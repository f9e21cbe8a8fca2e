package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pushkit/pushkit/server/internal/rig"
	"github.com/pushkit/pushkit/server/postgres"
	"github.com/pushkit/pushkit/server/sqlite"
)

// fill adds the push service's first n subscriptions to a fresh database by pushkit
// subscriptions import, on all cores, and returns how long that took.
func (b *bench) fill(ctx context.Context, database *rig.Database, s stage, n int) (took time.Duration, err error) {
	if err := createDatabase(ctx, database); err != nil {
		return 0, err
	}
	name := filepath.Join(b.folder, "subscriptions.ndjson")
	file, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer os.Remove(name)
	defer file.Close()
	buffer := bufio.NewWriter(file)
	if err := s.service.WriteSubscriptions(buffer, n); err != nil {
		return 0, err
	}
	if err := buffer.Flush(); err != nil {
		return 0, err
	}
	command := []string{b.program, "subscriptions", "import", "--database", database.URL, "--push-services", s.service.Rule(), name}
	if cores := runtime.NumCPU(); cores > 1 {
		command = append([]string{"taskset", "-c", fmt.Sprintf("0-%d", cores-1)}, command...)
	}
	began := time.Now()
	output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("import: %w: %s", err, output)
	}
	return time.Since(began), nil
}

// createDatabase makes the tables, which the first start of a server makes.
func createDatabase(ctx context.Context, database *rig.Database) (err error) {
	var store io.Closer
	if path, ok := strings.CutPrefix(database.URL, "sqlite://"); ok {
		store, err = sqlite.Open(ctx, path, sqlite.Options{})
	} else {
		store, err = postgres.Open(ctx, database.URL, postgres.Options{})
	}
	if err != nil {
		return err
	}
	return store.Close()
}

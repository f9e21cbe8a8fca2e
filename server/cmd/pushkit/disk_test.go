package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushkit/pushkit/server/wire"
)

// disk is a file system of its own, of so many bytes.
func disk(t *testing.T, size int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		t.Skip("a file system of the test's own cannot be mounted here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// A full disk is answered 503, what was accepted stays, and it goes on by itself.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	folder := disk(t, 2<<20)
	s := serve(t, folder, "--api-key", testKey)
	post := func(n int) *http.Response {
		t.Helper()
		response, err := http.Post(s.url+wire.PathSubscriptions, "application/json", strings.NewReader(subscriptionLine(fmt.Sprint(n, strings.Repeat("x", 1500)))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	ballast := filepath.Join(folder, "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	file.Close()
	stored := 0
	response := post(stored)
	for ; response.StatusCode == http.StatusCreated && stored < 2000; response = post(stored) {
		stored++
	}
	var problem wire.Problem
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusServiceUnavailable || problem.Code != wire.Unavailable || response.Header.Get("Retry-After") == "" {
		t.Fatalf("after %d: %v %+v", stored, response, problem)
	}
	if status, list := get(t, s.url+wire.PathSubscriptions+"?limit=1000"); strings.Count(list, `"id"`) != stored {
		t.Errorf("of %d can be read: %d %s", stored, status, list)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return post(stored).StatusCode/100 == 2 })
}

func TestAReadOnlyDiskIsOneClearLine(t *testing.T) {
	t.Parallel()
	folder := disk(t, 4<<20)
	setOrigin(t, folder)
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("it cannot be made read-only here: ", err)
	}
	for _, arguments := range []string{"serve --addr 127.0.0.1:0", "subscriptions list", "send --title x --all", "backup copy.db"} {
		stdout, stderr, status := run(t, folder, strings.Fields(arguments)...)
		if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "read-only") {
			t.Errorf("pushkit %s: %d %q %q", arguments, status, stdout, stderr)
		}
	}
}

// A database that another program holds for a while keeps what was accepted, and
// callers are told.
func TestALockedDatabaseIsAnswered503(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := serve(t, folder, "--api-key", testKey)
	database := openRaw(t, filepath.Join(folder, "data", "pushkit.db"))
	conn, err := database.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	post := func() int {
		response, err := http.Post(s.url+wire.PathSubscriptions, "application/json", strings.NewReader(subscriptionLine("a")))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		return response.StatusCode
	}
	began := time.Now()
	if status := post(); status != http.StatusServiceUnavailable {
		t.Errorf("got %d after %v", status, time.Since(began))
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return post()/100 == 2 })
}

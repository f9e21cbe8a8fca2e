package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal is a pseudo-terminal of 80 columns: what is written to the terminal can
// be read from the person's side of it.
func openTerminal(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		person.Close()
		terminal.Close()
	})
	return person, terminal
}

// Also before the first delivery is made.
func TestAPersonSeesThatSomethingIsBeingSent(t *testing.T) {
	t.Parallel()
	service := newPushService(t, func(w http.ResponseWriter, _ string, _ int) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	folder := t.TempDir()
	service.subscribe(t, folder, "/a")
	setOrigin(t, folder)
	person, terminal := openTerminal(t)
	c := command(t, folder, "send", "--title", "x", "--all", "--push-services", service.URL)
	c.Stderr = terminal
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	var seen strings.Builder
	for b := make([]byte, 1000); !strings.Contains(seen.String(), "sending"); {
		n, err := person.Read(b)
		if seen.Write(b[:n]); err != nil {
			break
		}
	}
	if !strings.Contains(seen.String(), "sending") {
		t.Errorf("the terminal shows %q", seen.String())
	}
	c.Process.Kill()
	go io.Copy(io.Discard, person)
	c.Wait()
}

// Command desktop is the desktop of the browser tests: it shows notifications, for which it answers
// org.freedesktop.Notifications on the bus of DBUS_SESSION_BUS_ADDRESS, and clicks or dismisses them as it is told.
//
// It tells the harness what is shown as JSON, one Event a line, on its standard output, and reads commands, one a line,
// from its standard input: {"click": 1, "action": "default"} and {"dismiss": 1}. It ends with its input.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

func main() {
	if err := run(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "desktop:", err)
		os.Exit(1)
	}
}

func run(address string, in io.Reader, out io.Writer) error {
	if address == "" {
		return errors.New("DBUS_SESSION_BUS_ADDRESS is not set")
	}
	var mu sync.Mutex
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	tell := func(event Event) {
		mu.Lock()
		defer mu.Unlock()
		// The harness that would read the error is the one that has gone.
		_ = lines.Encode(event)
	}
	desktop, err := Serve(address, tell)
	if err != nil {
		return err
	}
	defer desktop.Close()
	tell(Event{Event: "ready"})

	commands := bufio.NewScanner(in)
	for commands.Scan() {
		if err := obey(desktop, commands.Bytes()); err != nil {
			tell(Event{Event: "error", Error: err.Error()})
		}
	}
	return commands.Err()
}

func obey(desktop *Desktop, line []byte) error {
	var command struct {
		Click   uint32 `json:"click"`
		Action  string `json:"action"`
		Dismiss uint32 `json:"dismiss"`
	}
	if err := json.Unmarshal(line, &command); err != nil {
		return fmt.Errorf("not a command: %w", err)
	}
	switch {
	case command.Click != 0:
		return desktop.Click(command.Click, command.Action)
	case command.Dismiss != 0:
		return desktop.Dismiss(command.Dismiss)
	default:
		return fmt.Errorf("not a command: %s", line)
	}
}

package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// HasDisplay tells whether a browser can open a window here.
func HasDisplay() bool {
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// runBrowser starts a browser and waits for its end. When ctx ends, the browser
// is asked to quit, which is no error, and killed if it has not after ten seconds.
func runBrowser(ctx context.Context, name, path string, args ...string) error {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return cmd.Process.Kill() // Windows knows no signals
		}
		return nil
	}
	cmd.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such program", path)
	case err != nil:
		return fmt.Errorf("%s ended with %w: %s", name, err, lastLines(output.Bytes(), 3))
	}
	return nil
}

// findProgram returns the path of the first of the programs that is there.
func findProgram(names ...string) (string, bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// removeProfile deletes a profile. Processes of a browser that outlive it for a
// moment may still write there.
func removeProfile(profile string) (err error) {
	for range 20 {
		if err = os.RemoveAll(profile); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the profile was left behind: %w", err)
}

func lastLines(text []byte, n int) []byte {
	text = bytes.TrimSpace(text)
	lines := bytes.Split(text, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

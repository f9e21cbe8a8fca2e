package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// ErrNoChromium is returned where neither Chromium nor Chrome is installed.
var ErrNoChromium = errors.New("no Chromium is installed: install it (Debian: apt install chromium), or name it with --chromium PATH")

// ChromiumFlags are what a Chromium needs on its command line to use the
// emulator at origin (http://127.0.0.1:8090) instead of Google's services. It has
// no preferences for that, and must have a profile of its own (--user-data-dir),
// without which it does not take the last of them. Empty: [Options.MCSAddr] is.
func (e *Emulator) ChromiumFlags(origin string) []string {
	if e.mcsAddr == "" {
		return []string{}
	}
	return []string{
		"--gcm-checkin-url=" + origin + "/checkin",
		"--gcm-registration-url=" + origin + "/c2dm/register3",
		"--gcm-mcs-endpoint=https://" + e.mcsAddr,
		"--ignore-certificate-errors-spki-list=" + e.identity.publicKeyHash,
	}
}

// quietFlags keep a fresh profile from greeting its user and from loading what
// is no part of a test.
var quietFlags = []string{
	"--no-first-run",
	"--no-default-browser-check",
	"--disable-search-engine-choice-screen",
	"--disable-component-update",
	"--disable-sync",
	"--password-store=basic",
}

// Chromium starts an installed Chromium or Chrome whose push service is the
// emulator.
type Chromium struct {
	// Path is the program; empty: what [FindChromium] finds.
	Path string
	// Profile is a folder to keep the profile in; it is made if it is not there.
	// Empty: a fresh one, deleted at the end.
	Profile string
	// Flags are those of the emulator, [BrowserState].Chromium.
	Flags []string
	// URL is the page to open.
	URL string
	// Headless starts it without a window. Nobody can answer a prompt then, so a
	// new profile has notifications allowed for the page's origin.
	Headless bool
	// Allow allows them with a window too.
	Allow bool
}

// Run starts Chromium and waits for its end. When ctx ends, Chromium is asked to
// quit, which is no error, and killed if it has not after ten seconds.
func (c Chromium) Run(ctx context.Context) (err error) {
	if c.Path == "" {
		if c.Path, err = FindChromium(); err != nil {
			return err
		}
	}
	profile, err := filepath.Abs(c.Profile)
	if err != nil {
		return fmt.Errorf("the profile's folder: %w", err)
	}
	if c.Profile == "" {
		if profile, err = os.MkdirTemp("", "pushkit-chromium-"); err != nil {
			return fmt.Errorf("a folder for the profile: %w", err)
		}
		defer func() { err = errors.Join(err, removeProfile(profile)) }()
	}
	args := append([]string{"--user-data-dir=" + profile}, quietFlags...)
	args = append(args, c.Flags...)
	if c.Headless {
		args = append(args, "--headless")
	}
	if c.Headless || c.Allow {
		if err := allowNotifications(profile, c.URL); err != nil {
			return err
		}
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		// Chromium does not start as root with its sandbox.
		args = append(args, "--no-sandbox")
	}
	return runBrowser(ctx, "chromium", c.Path, append(args, c.URL)...)
}

// FindChromium returns the path of an installed Chromium or Chrome, or
// [ErrNoChromium].
func FindChromium() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	switch runtime.GOOS {
	case "darwin":
		names = append(names, "/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
	case "windows":
		names = append(names, filepath.Join(os.Getenv("ProgramFiles"), "Google", "Chrome", "Application", "chrome.exe"))
	}
	if path, ok := findProgram(names...); ok {
		return path, nil
	}
	return "", ErrNoChromium
}

// allowNotifications lets the page's origin show notifications, in a profile
// that has not been used yet.
func allowNotifications(profile, page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return fmt.Errorf("the page's URL: %w", err)
	}
	type object = map[string]any
	text, err := json.Marshal(object{"profile": object{"content_settings": object{"exceptions": object{
		"notifications": object{u.Scheme + "://" + u.Host + ",*": object{"setting": 1}},
	}}}})
	if err != nil {
		return fmt.Errorf("the profile's preferences: %w", err)
	}
	path := filepath.Join(profile, "Default", "Preferences")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the profile's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = file.Write(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("the profile's preferences: %w", err)
	}
	return nil
}

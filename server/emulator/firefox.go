package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// ErrNoFirefox is returned where no Firefox is installed.
var ErrNoFirefox = errors.New("no Firefox is installed: install it (Debian: apt install firefox-esr), or name it with --firefox PATH")

// userJSMark is the first line of a user.js of ours, which may be written over.
const userJSMark = "// Written by pushkit emulator firefox."

// FirefoxPreferences are what a Firefox needs to use the push service at
// websocketURL (ws://127.0.0.1:8090/) instead of Mozilla's: for about:config, or
// for user.js in its profile. The values are strings, booleans and integers.
func FirefoxPreferences(websocketURL string) map[string]any {
	return map[string]any{
		"dom.push.serverURL": websocketURL,
		// Firefox takes wss: only, unless told that this is a test.
		"dom.push.testing.allowInsecureServerURL": true,
		// A remote agent (WebDriver) turns push off unless this is named.
		"dom.push.connection.enabled": true,
		// Milliseconds. Firefox tries to reconnect at intervals that double from
		// the first of these to the second; the defaults are 5 seconds and 30 minutes.
		"dom.push.retryBaseInterval": 200,
		"dom.push.pingInterval":      2000,
	}
}

// quietPreferences keep a fresh profile from greeting its user, asking for
// consent and calling home.
var quietPreferences = map[string]any{
	"app.normandy.enabled":                             false,
	"app.shield.optoutstudies.enabled":                 false,
	"browser.aboutwelcome.enabled":                     false,
	"browser.discovery.enabled":                        false,
	"browser.shell.checkDefaultBrowser":                false,
	"browser.startup.homepage_override.mstone":         "ignore",
	"browser.startup.page":                             0,
	"browser.tabs.warnOnClose":                         false,
	"datareporting.healthreport.uploadEnabled":         false,
	"datareporting.policy.dataSubmissionEnabled":       false,
	"datareporting.policy.dataSubmissionPolicyEnabled": false,
	"network.captive-portal-service.enabled":           false,
	"network.connectivity-service.enabled":             false,
	"termsofuse.bypassNotification":                    true,
	"toolkit.telemetry.reportingpolicy.firstRun":       false,
	"trailhead.firstrun.didSeeAboutWelcome":            true,
}

// Firefox starts an installed Firefox whose push service is the emulator.
type Firefox struct {
	// Path is the program; empty: what [FindFirefox] finds.
	Path string
	// Profile is a folder to keep the profile in; it is made if it is not there.
	// Empty: a fresh one, deleted at the end.
	Profile string
	// Websocket is the emulator's websocket URL.
	Websocket string
	// URL is the page to open.
	URL string
	// Headless starts it without a window. Nobody can answer a prompt then, so that
	// notifications are allowed, as with Allow.
	Headless bool
	// Allow lets every site show notifications without asking.
	Allow bool
}

// Run starts Firefox and waits for its end. When ctx ends, Firefox is asked to
// quit, which is no error, and killed if it has not after ten seconds.
func (f Firefox) Run(ctx context.Context) (err error) {
	if f.Path == "" {
		if f.Path, err = FindFirefox(); err != nil {
			return err
		}
	}
	// A relative path would be taken as one of Firefox's own folder.
	profile, err := filepath.Abs(f.Profile)
	if err != nil {
		return fmt.Errorf("the profile's folder: %w", err)
	}
	if f.Profile == "" {
		if profile, err = os.MkdirTemp("", "pushkit-firefox-"); err != nil {
			return fmt.Errorf("a folder for the profile: %w", err)
		}
		defer func() { err = errors.Join(err, removeProfile(profile)) }()
	}
	if err := f.writeUserJS(profile); err != nil {
		return err
	}
	args := []string{"--no-remote", "--profile", profile}
	if f.Headless {
		args = append(args, "--headless")
	}
	return runBrowser(ctx, "firefox", f.Path, append(args, f.URL)...)
}

// FindFirefox returns the path of an installed Firefox, or [ErrNoFirefox].
func FindFirefox() (string, error) {
	candidates := []string{"firefox", "firefox-esr"}
	switch runtime.GOOS {
	case "darwin":
		candidates = append(candidates, "/Applications/Firefox.app/Contents/MacOS/firefox")
	case "windows":
		candidates = append(candidates, filepath.Join(os.Getenv("ProgramFiles"), "Mozilla Firefox", "firefox.exe"))
	}
	if path, ok := findProgram(candidates...); ok {
		return path, nil
	}
	return "", ErrNoFirefox
}

// permissionAllow is nsIPermissionManager's ALLOW_ACTION; asking is 0.
const permissionAllow = 1

func (f *Firefox) writeUserJS(profile string) error {
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return fmt.Errorf("the profile's folder: %w", err)
	}
	path := filepath.Join(profile, "user.js")
	switch old, err := os.ReadFile(path); {
	case err == nil && !bytes.HasPrefix(old, []byte(userJSMark)):
		return fmt.Errorf("%s is not pushkit's: give --profile another folder, so that it is not written over", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the profile's preferences: %w", err)
	}
	preferences := maps.Clone(quietPreferences)
	maps.Copy(preferences, FirefoxPreferences(f.Websocket))
	// Said either way: a profile that is kept remembers what was said before.
	preferences["permissions.default.desktop-notification"] = 0
	if f.Allow || f.Headless {
		preferences["permissions.default.desktop-notification"] = permissionAllow
	}
	// Where there is no window there may be no desktop, without which Firefox's alerts by
	// it fail.
	preferences["alerts.useSystemBackend"] = !f.Headless
	var b bytes.Buffer
	fmt.Fprintln(&b, userJSMark)
	for _, name := range slices.Sorted(maps.Keys(preferences)) {
		value, err := json.Marshal(preferences[name])
		if err != nil {
			return fmt.Errorf("the preference %s: %w", name, err)
		}
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", name, value)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("the profile's preferences: %w", err)
	}
	return nil
}
